"""The version of the distribution; `pyproject.toml` and `aidevos --version` read it here."""

VERSION = "0.1.0"
