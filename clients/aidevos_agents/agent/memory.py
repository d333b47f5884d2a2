"""What an agent remembers: typed, scoped, bounded, and tied to the evidence it rests on.

Small on purpose: the newest notes of each scope stay, the oldest leave. It is part of the agent's
state, so `save_state` keeps it and `load_state` brings it back.
"""

from typing import Any, Literal

import msgspec

NoteKind = Literal["fact", "decision", "failure", "preference"]

NOTES_PER_SCOPE_MAX = 100
SCOPES_MAX = 20
TEXT_CHARS_MAX = 2_000


class Note(msgspec.Struct, frozen=True):
    """One thing to remember. `evidence` are hashes of artifacts or ids of messages."""

    kind: NoteKind
    text: str
    evidence: tuple[str, ...] = ()


class AgentMemory:
    """Notes by scope, for example a run or an app; the newest scope is the one written last."""

    def __init__(self) -> None:
        """Remember nothing."""
        self._scopes: dict[str, list[Note]] = {}

    def remember(
        self, scope: str, kind: NoteKind, text: str, evidence: tuple[str, ...] = ()
    ) -> None:
        """Add a note to a scope; the oldest notes and scopes beyond the bounds are forgotten."""
        notes = self._scopes.pop(scope, [])
        notes.append(Note(kind, text[:TEXT_CHARS_MAX], evidence))
        self._scopes[scope] = notes[-NOTES_PER_SCOPE_MAX:]
        while len(self._scopes) > SCOPES_MAX:
            del self._scopes[next(iter(self._scopes))]

    def recall(self, scope: str, kind: NoteKind | None = None) -> tuple[Note, ...]:
        """Return the scope's notes, oldest first; of one kind if asked for."""
        notes = self._scopes.get(scope, [])
        return tuple(note for note in notes if kind is None or note.kind == kind)

    def dump(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return dict(msgspec.to_builtins(self._scopes))

    def load(self, dumped: dict[str, Any]) -> None:
        """Replace everything with what `dump` gave."""
        self._scopes = msgspec.convert(dumped, dict[str, list[Note]])
