"""Runs turns of one service's types on the states that it holds. Never raises for a handler.

The short way (`run`, `_answer`) is for what nearly all turns are: one object, held, some events,
a small reply. It is written out in few steps on purpose: every call of a function counts there.
"""

import time
import traceback
from collections.abc import Callable, Iterable, Sequence

import msgspec

from aidevos.core import codec
from aidevos.core.errors import AidevosError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import Held, TurnResult, TypeInfo
from aidevos.objects import outcome
from aidevos.objects.activations import Activations
from aidevos.objects.bugs import CheatError, MisuseError
from aidevos.objects.checks import MEASURED_EVERY, SMALL, check_sizes, check_state
from aidevos.objects.definition import definitions_of
from aidevos.objects.fold import fold_state
from aidevos.objects.methods import WRONG_PAYLOAD
from aidevos.objects.object import DurableObject
from aidevos.objects.outcome import Ran
from aidevos.objects.shelf import Entry, Shelves
from aidevos.objects.target import NoTarget, Target
from aidevos.objects.turn import Facts, Turn, TurnStoppedError, failed
from aidevos.objects.unit import Unit

Report = Callable[[str, str], None]
"""Told `Type.method` and the traceback of a handler that failed; for the operator alone."""

Guard = tuple[int | None, bool]
"""Expected version (None: any), and whether the object must exist."""

ANY: Guard = (None, False)
_new = object.__new__


class Runner:
    """Types of one service, ready to run turns, and the states that they left."""

    def __init__(
        self,
        types: Iterable[type[DurableObject]],
        report: Report,
        *,
        check_all: bool = False,
        undo: bool = False,
    ) -> None:
        """Take the classes; DefinitionError if two have one name.

        `check_all`: check the state after every turn. `undo`: a turn that its loader stops
        (TurnStoppedError) leaves everything as it was.
        """
        self._definitions = definitions_of(types)
        self._activations = Activations()
        self._shelves = Shelves(self._definitions)
        self._turn = Turn(self._shelves, self._activations.instance)
        self._targets: dict[tuple[str, str, str], Target] = {}
        self._report = report
        self._check_all = check_all
        self._undo = undo
        self._check_ns = 0
        self.types: tuple[TypeInfo, ...] = tuple(d.info for d in self._definitions.values())

    @property
    def turn(self) -> Turn:
        """The turn in flight: its `loader` is set by whoever runs turns."""
        return self._turn

    # ---- what is held ----------------------------------------------------------------------

    def activate(self, object: ObjectId, held: Held) -> None:
        """Hold an object, unless it is held; it is folded when a turn first needs it."""
        self._shelves.put(object, held)

    def answer(self, object: ObjectId, held: Held) -> None:
        """Hold what the host answers to a turn that asked, unless it is held."""
        self._shelves.answer(object, held)

    def drop(self, objects: Sequence[ObjectId]) -> None:
        """Hold these no more."""
        self._shelves.drop(objects)
        try:
            self._activations.drop(objects)
        except Exception:  # Boundary: as in `_run_with_care`; there is no turn to fail.
            self._report("deactivate", traceback.format_exc(limit=-20))

    def state(self, object: ObjectId) -> Held | None:
        """Return what is held as it is stored; None if it is not held, or cannot be stored."""
        shelf = self._shelves.of(object.tenant, object.type)
        try:
            return shelf.stored(object.key) if shelf is not None else None
        except Exception:  # Boundary: as in `fold`. The next turn of the object tells its caller.
            self._report(f"{object.type}.state", traceback.format_exc(limit=-20))
            return None

    def fold(self, object: ObjectId, held: Held) -> Held:
        """Return `held` with its events in the state. Raises UpgradeRequired or HandlerFailed."""
        definition = self._definitions.get(object.type)
        if definition is None:
            raise outcome.no_type(object.type)
        try:
            state = codec.to_json(fold_state(definition, held))
        except AidevosError:
            raise
        except Exception as error:  # Boundary: as in `_run_with_care`.
            self._report(f"{object.type}.fold", traceback.format_exc(limit=-20))
            raise failed(f"folding the events of {object}") from error
        return Held(held.version, state, definition.state.schema_version, (), held.deleted)

    def close(self) -> None:
        """Let every activated object leave memory."""
        self._activations.close()

    # ---- turns -----------------------------------------------------------------------------

    def target(self, tenant: str, type_name: str, method: str) -> Target:
        """Return what is called, for `run`."""
        found = self._targets.get((tenant, type_name, method))
        return found or self._new_target(tenant, type_name, method)

    def _new_target(self, tenant: str, type_name: str, method: str) -> Target:
        shelf = self._shelves.of(tenant, type_name)
        if shelf is None:
            return NoTarget(outcome.no_type(type_name))
        known = shelf.definition.methods
        if method not in known:
            return NoTarget(outcome.no_method(type_name, method, known))
        made = Target(shelf, known[method], check_all=self._check_all, undo=self._undo)
        self._targets[tenant, type_name, method] = made
        return made

    def run(
        self, target: Target, key: str, payload: bytes, facts: Facts, guard: Guard | None = None
    ) -> Ran | TurnResult:
        """Run one turn. `facts` must be a tuple of its own for each turn."""
        entry = target.held.get(key)
        if entry.__class__ is not Entry or guard is not None or not target.left:
            return self._run_with_care(target, key, payload, facts, guard or ANY)
        target.left -= 1
        turn = self._turn
        turn.facts = facts
        turn.target = target
        turn.writing = target.writes
        turn.home.bind(target.shelf, key, entry, _new(target.cls))
        return self._answer(target, payload)

    def _answer(self, target: Target, payload: bytes) -> Ran | TurnResult:
        """Run the handler of the turn that was begun."""
        turn = self._turn
        unit = turn.home
        instance, entry = unit.instance, unit.entry
        try:
            try:
                arguments = target.decode(payload or b"{}")
            except WRONG_PAYLOAD as error:
                raise target.method.wrong(error) from error
            if target.writes and (not entry.version or entry.deleted):
                turn.begin_life(unit)
            value = target.call(instance, arguments)
            if not turn.plain:
                return self._finish(target, value)
            turn.writing = False
            reply = outcome.reply_of(target, value)
            events = unit.events
            if not events:
                unit.release()
                return entry.version, reply, (), outcome.NO_INDEX
            index = target.index_of(instance.state)
            version = entry.version + len(events)
            if len(events) > 1 or len(events[0][2]) > SMALL or not version % MEASURED_EVERY:
                check_sizes(unit, len(reply))
            entry.version = version
            entry.state = instance.state
            unit.release()
            return version, reply, events, index
        except BaseException as error:
            return self._ended(target, error)

    def _finish(self, target: Target, value: object) -> Ran | TurnResult:
        """End a turn that is well and did more than the short way knows."""
        turn = self._turn
        if turn.refusal is not None:
            raise turn.refusal
        turn.writing = False
        reply = outcome.reply_of(target, value)
        units = tuple(turn.units)
        self._check(units)
        changed = [unit for unit in units if unit.events]
        for unit in changed:
            check_sizes(unit, len(reply))
        changes = tuple(unit.change() for unit in changed)
        version, home = turn.home.version, turn.home
        for unit in changed:
            unit.keep()
        self._call_hooks(units)
        turn.end()
        if not changed:
            return version, reply, (), outcome.NO_INDEX
        if changed == [home] and not changes[0].deleted:
            return version, reply, home.events, changes[0].index
        return TurnResult(outcome="ok", version=version, reply=reply, changes=changes)

    def _run_with_care(
        self, target: Target, key: str, payload: bytes, facts: Facts, guard: Guard
    ) -> Ran | TurnResult:
        """Run a turn that is checked, or guarded, or the first after an activation."""
        if isinstance(target, NoTarget):
            return TurnResult(outcome="refused", error=target.error.to_record())
        turn = self._turn
        turn.facts, turn.target, turn.writing = facts, target, target.writes
        checking = target.due()
        begun = time.perf_counter_ns()
        try:
            entry = target.shelf.entry(key)
            if entry is None:
                return outcome.LOST
            turn.home.bind(target.shelf, key, entry, _new(target.cls))
        except BaseException as error:
            return self._unreadable(target, key, error)
        refusal = outcome.refusal(turn.home, guard)
        if refusal is not None:
            return self._ended(target, refusal)
        self._keep_before(checking)
        if target.hooked and (failure := self._wake(target, key, entry)) is not None:
            return failure
        result = self._answer(target, payload)
        if checking:
            whole_ns, check_ns = time.perf_counter_ns() - begun, self._check_ns
            target.checked(whole_ns - check_ns, check_ns)
        return result

    def _keep_before(self, checking: bool) -> None:
        """Keep the called object's state as it is, if it must be known after the turn."""
        turn, begun = self._turn, time.perf_counter_ns()
        turn.checking = checking
        turn.keeping = checking or self._undo or turn.target.restores > 0
        if turn.keeping:
            turn.plain = False
            turn.home.before = codec.to_json(turn.home.entry.state)
        self._check_ns = time.perf_counter_ns() - begun

    def _wake(self, target: Target, key: str, entry: Entry) -> TurnResult | None:
        """Bind the instance that is in memory, or one that is activated now."""
        self._turn.plain = False
        try:
            instance = self._activations.instance(target.shelf, key, entry)
        except BaseException as error:
            return self._ended(target, error)
        self._turn.home.bind(target.shelf, key, entry, instance)
        return None

    def _check(self, units: Iterable[Unit]) -> None:
        if self._turn.checking:
            begun = time.perf_counter_ns()
            for unit in units:
                check_state(unit)
            self._check_ns += time.perf_counter_ns() - begun

    def _call_hooks(self, units: Sequence[Unit]) -> None:
        try:
            self._activations.keep(units)
        except Exception:  # Boundary: the turn is well; that an instance leaves badly is told.
            self._report("deactivate", traceback.format_exc(limit=-20))

    # ---- turns that do not end well --------------------------------------------------------

    def _ended(self, target: Target, error: BaseException) -> TurnResult:
        """Say what a turn came to that was refused, or that failed; called where it is caught."""
        turn = self._turn
        units = tuple(turn.units)
        if isinstance(error, TurnStoppedError):
            self._take_back(units)
            raise error
        if outcome.refuses(error):
            try:
                self._check(units)
                return self._leave(outcome.refused(target.where, error, turn.home), units)
            except MisuseError as wrong:
                error = wrong
        result = outcome.failed_by(target.where, error, self._report)
        cheated = isinstance(error, CheatError)
        return self._leave(result, units, all=target.writes or cheated, cheated=cheated)

    def _leave(
        self,
        result: TurnResult,
        units: Sequence[Unit],
        *,
        all: bool = False,
        cheated: bool = False,
    ) -> TurnResult:
        """Let go of everything, and hold no more what the turn may have changed.

        If turns of its method failed lately, the states from before are known, and held again
        instead; not if it `cheated`: then turns before may have, unseen.
        """
        changed = [unit for unit in units if all or unit.events]
        self._activations.forget(unit.object for unit in units)
        if changed:
            turn = self._turn
            if turn.target.restores and turn.keeping and not cheated and _restored(changed):
                changed = []
            turn.target.failed()
        dropped = tuple(unit.object for unit in changed)
        for unit in changed:
            unit.shelf.void(unit.key, unit.entry.version)
        self._turn.end()
        return msgspec.structs.replace(result, dropped=dropped) if dropped else result

    def _take_back(self, units: Sequence[Unit]) -> None:
        """Let everything be held as it was before the turn."""
        if self._undo:
            _restore([unit for unit in units if unit.events])
        self._turn.end()

    def _unreadable(self, target: Target, key: str, error: BaseException) -> TurnResult:
        """The called object's state cannot be made of what was activated."""
        if isinstance(error, TurnStoppedError):
            raise error
        object = ObjectId(target.shelf.tenant, target.shelf.definition.name, key)
        self._shelves.drop((object,))
        result = outcome.failed_by(target.where, error, self._report)
        return msgspec.structs.replace(result, dropped=(object,))


def _restore(units: Sequence[Unit]) -> None:
    """Let units have the states from before the turn."""
    for unit in units:
        assert unit.before is not None, unit.object
        stored, version = unit.definition.stored_state, unit.definition.state.schema_version
        unit.entry.state = stored.decode(unit.before, version)


def _restored(units: Sequence[Unit]) -> bool:
    """Whether they have them; what cannot be made of JSON again is not held."""
    try:
        _restore(units)
    except Exception:  # Boundary: an author's own types are decoded.
        return False
    return True
