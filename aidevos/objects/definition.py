"""What a DurableObject class defines, read and checked once, when the class is created."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from types import CodeType
from typing import Any

import msgspec

from aidevos.core.turn import MethodInfo, Scalar, TypeInfo
from aidevos.objects.bugs import DefinitionError, MisuseError
from aidevos.objects.json_schema import schema
from aidevos.objects.methods import MARK, Method, inner, read_signature
from aidevos.objects.schema import Event, State, Stored

RECEIVE = "receive"
AS_IT_IS = frozenset((str, float, bool, type(None)))
"""Types whose values go into an index as they are, without a second look."""
INDEXED_BITS_MAX = 63
"""Whole numbers in an index are 64-bit integers with a sign, as in the contract."""


@dataclass(frozen=True, slots=True)
class Fold:
    """How one event class is read and folded."""

    stored: Stored
    function: Callable[..., Any]
    name: str
    version: int


class Definition:
    """Methods, state, events and indexed fields of one object type."""

    def __init__(self, cls: type[Any], base: type) -> None:
        """Read `cls`, a subclass of `base` (DurableObject). Raises DefinitionError."""
        self.cls = cls
        self.name = cls.__name__
        self.doc = inspect.getdoc(cls) if cls.__doc__ else ""
        self._members = _members(cls, base)
        self._reserved = frozenset(dir(base))
        self.state = _state(cls)
        self.stored_state = Stored(self.state, self.name)
        self.folds = {fold.stored.kind.__name__: fold for fold in self._folds()}
        self.folds_of: dict[type, Fold] = {f.stored.kind: f for f in self.folds.values()}
        self.methods = {method.where.rpartition(".")[2]: method for method in self._methods()}
        self.indexed: tuple[str, ...] = tuple(getattr(cls, "indexed", ()))
        self._check_events()
        self._check_indexed()

    @cached_property
    def info(self) -> TypeInfo:
        """The exported schema; built on first use."""
        return TypeInfo(
            name=self.name,
            state_version=self.state.schema_version,
            methods=tuple(_method_info(name, method) for name, method in self.methods.items()),
            doc=self.doc or "",
            state=schema(self.state),
            indexed=self.indexed,
        )

    def new(self) -> Any:
        """Return an instance without a state."""
        return object.__new__(self.cls)

    def index_of(self, state: State) -> dict[str, Scalar]:
        """Return the values of the indexed fields as JSON scalars."""
        found: dict[str, Scalar] = {}
        for name in self.indexed:
            value = getattr(state, name)
            kind = value.__class__
            plain = kind is int and value.bit_length() <= INDEXED_BITS_MAX
            found[name] = value if plain or kind in AS_IT_IS else self._scalar(name, value)
        return found

    def _scalar(self, name: str, given: object) -> Scalar:
        value: Scalar = msgspec.to_builtins(given)
        if not isinstance(value, str | int | float | bool | None):
            raise MisuseError(f"{self.name}.{name} is indexed, but {value!r} is not a scalar")
        if isinstance(value, int) and value.bit_length() > INDEXED_BITS_MAX:
            raise MisuseError(
                f"{self.name}.{name} is indexed, so it takes whole numbers of at most "
                f"{INDEXED_BITS_MAX} bits; bound its argument"
            )
        return value

    def _marked(self, kind: str) -> Iterator[tuple[str, Callable[..., Any]]]:
        for name, member in self._members.items():
            if getattr(member, MARK, None) == kind:
                yield name, member

    def _methods(self) -> Iterator[Method]:
        for kind in ("command", "query"):
            for name, function in self._marked(kind):
                self._check_name(name)
                yield Method(f"{self.name}.{name}", kind, function, self._members)
        if RECEIVE in self._members and not hasattr(self._members[RECEIVE], MARK):
            yield Method(f"{self.name}.{RECEIVE}", "command", self._members[RECEIVE], self._members)

    def _check_name(self, name: str) -> None:
        if name.startswith("_"):
            raise DefinitionError(f"{self.name}.{name}: a command or query has a public name")
        if name in self._reserved:
            raise DefinitionError(
                f"{self.name}.{name}: every DurableObject has its own {name}; choose another name"
            )

    def _folds(self) -> Iterator[Fold]:
        for name, function in self._marked("apply"):
            where = f"{self.name}.{name}"
            signature = read_signature(where, inner(function), self._members)
            kinds = [signature.hints[parameter.name] for parameter in signature.parameters]
            if len(kinds) != 1 or not _is_event(kinds[0]):
                raise DefinitionError(
                    f"{where}: @apply takes one argument, annotated with a subclass of Event"
                )
            stored = Stored(kinds[0], self.name)
            yield Fold(stored, inner(function), kinds[0].__name__, kinds[0].schema_version)

    def _check_events(self) -> None:
        """Every event that the class defines, or names in a method, must be folded."""
        folded = {fold.stored.kind for fold in self.folds.values()}
        for where, event in self._events_named():
            if event not in folded:
                raise DefinitionError(
                    f"{where}: event {event.__name__} has no @apply method in {self.name}"
                )
        applied = list(self._marked("apply"))
        if len(applied) != len(self.folds):
            names = ", ".join(name for name, _ in applied)
            raise DefinitionError(
                f"{self.name}: two @apply methods fold events of one name ({names})"
            )

    def _events_named(self) -> Iterator[tuple[str, type[Event]]]:
        for name, member in self._members.items():
            if _is_event(member):
                yield f"{self.name}.{name}", member
            function = inner(member) if callable(member) else None
            code = getattr(function, "__code__", None)
            if code is None:
                continue
            scope = getattr(function, "__globals__", {})
            for used in _names_in(code):
                if _is_event(scope.get(used)):
                    yield f"{self.name}.{name}", scope[used]

    def _check_indexed(self) -> None:
        for name in self.indexed:
            if name not in self.state.__struct_fields__:
                raise DefinitionError(f"{self.name}.indexed: {name} is not a field of its State")


def definitions_of(types: Iterable[type]) -> dict[str, Definition]:
    """Return the definitions by type name; two classes of one name are refused."""
    found: dict[str, Definition] = {}
    for cls in types:
        definition: Definition = cls.definition  # type: ignore[attr-defined]
        if found.setdefault(definition.name, definition) is not definition:
            raise DefinitionError(f"two classes are named {definition.name}")
    return found


def _is_event(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Event)


def _names_in(code: CodeType) -> Iterator[str]:
    """Yield the global names that a function and the functions in it use."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


def _members(cls: type, base: type) -> dict[str, Any]:
    """Return what the class and its bases define below `base`, nearest definition last."""
    found: dict[str, Any] = {}
    for part in reversed(cls.__mro__):
        if issubclass(part, base) and part is not base:
            found.update(vars(part))
    return found


def _state(cls: type) -> type[State]:
    state: Any = getattr(cls, "State", None)
    if not (isinstance(state, type) and issubclass(state, State)):
        raise DefinitionError(f"{cls.__name__}.State must be a subclass of aidevos.State")
    for field in msgspec.structs.fields(state):
        if field.required:
            raise DefinitionError(
                f"{cls.__name__}.State.{field.name} has no default: the state before the first "
                "event is made of defaults"
            )
    return state


def _method_info(name: str, method: Method) -> MethodInfo:
    return MethodInfo(
        name=name,
        kind="query" if method.kind == "query" else "command",
        doc=method.doc,
        params=schema(method.arguments),
        returns=schema(method.returns),
    )
