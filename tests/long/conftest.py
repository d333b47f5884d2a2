"""Lets the long tests use the helpers of the short ones."""

import sys
from pathlib import Path

for folder in ("gates", "kill"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))
