"""Who may call what: checked in the host for every door. Deny by default.

A principal is a text: `operator` and `system` (may everything), `agent:<role>:<id>`, or
`anonymous` (loopback only). Its roles are itself, what stands before each colon, and `anyone`.
"""

from dataclasses import dataclass
from functools import lru_cache

from aidevos.core.errors import PermissionDeniedError

ANYONE = "anyone"
ANY = "*"
READ = "read"
"""The method that stands for reading state, lists and events."""
TRUSTED = frozenset(("operator", "system"))


@lru_cache(1_024)
def roles_of(principal: str) -> frozenset[str]:
    """Return the roles under which grants are looked up."""
    parts = principal.split(":")
    return frozenset((ANYONE, *(":".join(parts[: count + 1]) for count in range(len(parts)))))


@dataclass(frozen=True, slots=True)
class ServicePolicy:
    """Grants of one service: (role, type, method), with `*` for any type or method."""

    grants: frozenset[tuple[str, str, str]]

    def check(self, principal: str, type_name: str, method: str) -> None:
        """Raise PermissionDeniedError unless a grant allows it."""
        if not self.allows(principal, type_name, method):
            raise PermissionDeniedError(
                f"{principal} may not call {type_name}.{method}: no grant of its service allows it"
            )

    def allows(self, principal: str, type_name: str, method: str) -> bool:
        """Whether a grant allows it."""
        return principal in TRUSTED or _granted(self.grants, principal, type_name, method)


@lru_cache(4_096)
def _granted(
    grants: frozenset[tuple[str, str, str]], principal: str, type_name: str, method: str
) -> bool:
    return any(
        (role, *wanted) in grants
        for role in roles_of(principal)
        for wanted in ((type_name, method), (type_name, ANY), (ANY, ANY))
    )


OPEN = ServicePolicy(frozenset({(ANYONE, ANY, ANY)}))
"""For a developer's own types under `aidevos dev`."""
