"""Reads a spec from disk, or says why it cannot be one: line, what is wrong, what to do."""

from pathlib import Path

SPEC_BYTES_MAX = 700_000
WRITE_ONE = "write a product spec in Markdown; examples/todo.md is one"


class SpecRefusedError(Exception):
    """The spec is refused; `line` is 0 if there is no line to name."""

    def __init__(self, line: int, what: str, do: str) -> None:
        """Say where, what is wrong and what to do."""
        super().__init__(what)
        self.line, self.what, self.do = line, what, do


def read_spec(path: Path) -> str:
    """Return the spec's text. Raises SpecRefusedError."""
    try:
        with path.open("rb") as file:
            raw = file.read(SPEC_BYTES_MAX + 1)
    except FileNotFoundError:
        raise SpecRefusedError(0, f"{path} is not there", WRITE_ONE) from None
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        raise SpecRefusedError(0, f"{path} cannot be read: {why}", WRITE_ONE) from None
    if len(raw) > SPEC_BYTES_MAX:
        raise SpecRefusedError(
            0,
            f"{path} is larger than {SPEC_BYTES_MAX:,} bytes",
            "describe one app in each spec, in words alone",
        )
    return _text(raw)


def _text(raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise SpecRefusedError(line, f"byte {error.start + 1} is not UTF-8", WRITE_ONE) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise SpecRefusedError(line, "it is not text: it has a zero byte", WRITE_ONE)
    if not text.strip():
        raise SpecRefusedError(1, "the spec is empty", WRITE_ONE)
    return text
