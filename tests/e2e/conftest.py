"""Lets the tests of this folder import what those of typed services use."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "typed"))
