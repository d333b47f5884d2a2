"""Who a caller is, as an HTTP door asks it. `runtime/tokens.py` knows."""

from collections.abc import Callable

from aidevos.runtime.tokens import ANONYMOUS

Identify = Callable[[str | None], str]
"""From the Authorization header (None without one) to a principal; raises UnauthenticatedError.

Bound to one listener: without a token a loopback listener gives `anonymous`, others refuse.
"""


def anybody(authorization: str | None) -> str:
    """Take everybody for `anonymous`: for doors inside a process, as tests have them."""
    return ANONYMOUS
