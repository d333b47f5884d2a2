"""HTML replies: the strict policy under which generated pages are shown, and the door's own pages.

A page's markup was made in the jail and may be anything; the policy lets it load, run and send
nothing but its own styles and forms to its own origin.
"""

import base64
import hashlib
import html
import re
from collections.abc import Iterable

from aidevos.doors.http_message import HTML, Reply

_STYLE = re.compile(rb"<style\b[^>]*>(.*?)</style\s*>", re.DOTALL | re.IGNORECASE)
STYLES_MAX = 8
"""Style elements of one page that are let through."""

_FIXED = (
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-store"),
)
_OWN_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem;"
    "color-scheme:light dark}"
)


def html_reply(markup: str, status: int = 200) -> Reply:
    """Return a page under the policy."""
    body = markup.encode("utf-8", "replace")
    policy = ("content-security-policy", _policy(body))
    return Reply(status=status, body=body, type=HTML, headers=(policy, *_FIXED))


def own_page(title: str, paragraphs: Iterable[str], status: int = 200) -> Reply:
    """Return one of the door's own pages; `paragraphs` are markup."""
    name = html.escape(title)
    return html_reply(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_OWN_STYLE}</style></head><body><main><h1>{name}</h1>"
        f"{''.join(f'<p>{text}</p>' for text in paragraphs)}</main></body></html>",
        status,
    )


def _policy(body: bytes) -> str:
    hashes = [_hash(style) for style in _STYLE.findall(body)[:STYLES_MAX]]
    styles = " ".join(hashes) or "'none'"
    return (
        f"default-src 'none'; style-src {styles}; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


def _hash(style: bytes) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(style).digest()).decode()}'"
