"""Tells an unexpected exception in one line: what, and where in the code it came from."""

import traceback
from pathlib import Path


def told(error: BaseException) -> str:
    """Return `KeyError: 'x' (model.py:120)`: enough to find it, nothing of the values around it."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"
