"""TypedContract: what the typed service of one type or app has promised, for ever.

Versions of the package, each with every number that was ever given in it. The object itself
refuses what would give a number or a name a second meaning, whoever asks.
"""

from collections.abc import Iterator

from aidevos.core.errors import FailedPreconditionError
from aidevos.doors.typed.contract import Contract, Enum, Message
from aidevos.objects import DurableObject, Event, apply, command, schema

MAJORS_KEPT = 16
"""Newest versions of a package that are kept; an older one is refused by name alone."""


class Published(Event):
    """A new version of the package, or a wider form of one that there is."""

    subject: str
    contract: Contract


class TypedContract(DurableObject):
    """One type or app; its key is `<tenant>/type/<name>` or `<tenant>/app/<name>`."""

    class State(schema.State):
        """`package` is the name without version, taken for ever."""

        subject: str = ""
        package: str = ""
        service: str = ""
        majors: tuple[Contract, ...] = ()
        """By major version, oldest first."""
        last_major: int = 0
        revision: int = 0

    state: State
    indexed = ("package", "service", "last_major")

    @command
    def publish(self, subject: str, contract: Contract) -> int:
        """Store `contract` as its major version; return the revision. A repeat changes nothing."""
        state = self.state
        if state.package and state.package != contract.package:
            raise FailedPreconditionError(f"{subject} is the package {state.package} for ever")
        kept = next((c for c in state.majors if c.major == contract.major), None)
        if kept == contract:
            return state.revision
        if kept is None and contract.major != state.last_major + 1:
            raise FailedPreconditionError(f"the next version is v{state.last_major + 1}")
        wrong = list(_broken(kept, contract)) if kept else []
        if wrong:
            raise FailedPreconditionError(f"{subject}: {'; '.join(wrong)}")
        self.emit(Published(subject, contract))
        return self.state.revision

    @apply
    def _published(self, event: Published) -> None:
        state, new = self.state, event.contract
        others = [contract for contract in state.majors if contract.major != new.major]
        majors = sorted((*others, new), key=lambda contract: contract.major)
        state.majors = tuple(majors[-MAJORS_KEPT:])
        state.subject = event.subject
        state.package, state.service = new.package, new.service
        state.last_major = max(state.last_major, new.major)
        state.revision += 1


def _broken(old: Contract, new: Contract) -> Iterator[str]:
    """Yield each number that was given and now would mean something else, or be free again."""
    given = _numbers(new)
    for key, meaning in _numbers(old).items():
        if given.get(key) not in (meaning, (meaning[0], "reserved")):
            name, number = key
            yield f"{name}: number {number} was {meaning[0]} ({meaning[1]})"


def _numbers(contract: Contract) -> dict[tuple[str, int], tuple[str, str]]:
    """Return by message (or enum) and number: the name, and its type or `reserved`."""
    found: dict[tuple[str, int], tuple[str, str]] = {}
    parts: tuple[Message | Enum, ...] = (
        *contract.retired_messages,
        *contract.messages,
        *contract.retired_enums,
        *contract.enums,
    )
    for part in parts:
        found |= {(part.name, gone.number): (gone.name, "reserved") for gone in part.reserved}
        if isinstance(part, Message):
            found |= {(part.name, f.number): (f.name, " ".join(f.wire)) for f in part.fields}
        else:
            found |= {(part.name, v.number): (v.name, str(v.json)) for v in part.values}
    return found
