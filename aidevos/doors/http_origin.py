"""Guards against what a web page of somebody else makes a browser on this machine do."""

import ipaddress
from urllib.parse import urlsplit

from aidevos.doors.http_message import Request


def same_origin(request: Request) -> bool:
    """Whether a browser says that the page that asks is ours. Who says nothing is no browser."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or origin == request.origin


def names_this_machine(request: Request) -> bool:
    """Whether Host is a loopback name: another one was pointed here to pass as same origin."""
    try:
        host = urlsplit(request.origin).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
