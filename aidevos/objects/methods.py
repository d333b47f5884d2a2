"""Decorators of an object's methods, and reading their arguments from JSON.

A wrong argument is told by name, in words for people: that is what doors and forms show.
"""

import functools
import inspect
import operator
import re
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, ParamSpec, TypeVar

import msgspec

from aidevos.core.errors import AidevosError, InvalidArgumentError
from aidevos.objects.bugs import DefinitionError
from aidevos.objects.schema import wire_name

P = ParamSpec("P")
R = TypeVar("R")
Kind = Literal["command", "query", "apply"]

MARK = "__aidevos_method__"
_AT = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_NAMED = re.compile(r"(?P<what>missing required|contains unknown) field `(?P<name>[^`]*)`")


def command(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a method that decides: it reads, refuses by raising an AidevosError, and emits.

    Called by another object of its group in the same turn, a refusal that comes after events
    were emitted refuses the whole turn, even if the caller catches it.
    """

    @functools.wraps(function)
    def within_turn(*args: P.args, **kwargs: P.kwargs) -> R:
        turn = typing.cast(Any, args[0])._running()
        before = turn.emitted
        try:
            return function(*args, **kwargs)
        except AidevosError as error:
            if turn.emitted != before:
                turn.refusal = error
            raise

    setattr(within_turn, MARK, "command")
    return within_turn


def query(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a method that only reads."""
    setattr(function, MARK, "query")
    return function


def apply(function: Callable[P, R]) -> Callable[P, R]:
    """Mark the method that folds one event class into the state: pure, never refusing."""
    setattr(function, MARK, "apply")
    return function


def inner(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the author's own function behind a decorator."""
    own: Callable[..., Any] = inspect.unwrap(function)
    return own


@dataclass(frozen=True, slots=True)
class Signature:
    """Names and types of a method, `self` left out, checked."""

    parameters: tuple[inspect.Parameter, ...]
    hints: dict[str, Any]


def read_signature(where: str, function: Callable[..., Any], names: dict[str, Any]) -> Signature:
    """Return the signature of `function`; `names` are those of its class. DefinitionError."""
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise DefinitionError(
            f"{where} must be a plain def: a turn runs to its end without waiting, and what it "
            "needs of its group it reads with self.group"
        )
    try:
        hints = typing.get_type_hints(function, localns=names, include_extras=True)
    except NameError as error:
        raise DefinitionError(f"{where}: {error}; define it above the class or in it") from error
    parameters = tuple(inspect.signature(function).parameters.values())[1:]
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise DefinitionError(f"{where}: *{parameter.name} has no schema; name each argument")
        if parameter.name not in hints:
            raise DefinitionError(f"{where}: argument {parameter.name} has no annotation")
    if "return" not in hints:
        raise DefinitionError(f"{where} has no return annotation; write -> None if it gives none")
    return Signature(parameters, hints)


class Method:
    """One command or query: reads its arguments, calls it, writes its reply."""

    def __init__(
        self, where: str, kind: Kind, function: Callable[..., Any], names: dict[str, Any]
    ) -> None:
        """Raises DefinitionError that names `where`."""
        self.kind = kind
        self.where = where
        self.doc = inspect.getdoc(function) or ""
        self.function = inner(function)
        signature = read_signature(where, self.function, names)
        self.returns = signature.hints["return"]
        try:
            self.arguments: type[msgspec.Struct] = _arguments(where, signature)
            self.decode: Callable[[bytes], Any] = msgspec.json.Decoder(self.arguments).decode
            """Reads arguments; what it raises (one of WRONG_PAYLOAD), `wrong` explains."""
            msgspec.json.Decoder(self.returns)
        except TypeError as error:
            raise DefinitionError(f"{where} cannot be called with JSON: {error}") from error
        self.call = _caller(self.function, signature)
        """Calls the method of an instance with what `decode` returned."""

    def wrong(self, error: Exception) -> InvalidArgumentError:
        """Return what is wrong with a payload that `decode` did not take; names the field."""
        if isinstance(error, msgspec.ValidationError):
            return _wrong_argument(str(error), self.arguments.__struct_encode_fields__)
        if isinstance(error, RecursionError):
            return InvalidArgumentError("the payload is nested too deep", field="payload")
        return InvalidArgumentError(f"the payload is not JSON: {error}", field="payload")


WRONG_PAYLOAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def _caller(function: Callable[..., Any], signature: Signature) -> Callable[[object, Any], Any]:
    """Return what calls `function` with decoded arguments, in as few steps as its shape allows."""
    parameters = signature.parameters
    if any(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters):
        return lambda instance, given: function(instance, **msgspec.structs.asdict(given))
    if not parameters:
        return lambda instance, given: function(instance)
    if len(parameters) == 1:
        only = operator.attrgetter(parameters[0].name)
        return lambda instance, given: function(instance, only(given))
    return lambda instance, given: function(instance, *msgspec.structs.astuple(given))


def _arguments(where: str, signature: Signature) -> type[msgspec.Struct]:
    fields: list[Any] = []
    for parameter in signature.parameters:
        hint = signature.hints[parameter.name]
        required = parameter.default is parameter.empty
        fields.append(
            (parameter.name, hint) if required else (parameter.name, hint, parameter.default)
        )
    return msgspec.defstruct(
        where.rpartition(".")[2],
        fields,
        kw_only=True,
        forbid_unknown_fields=True,
        rename=wire_name,
    )


def _wrong_argument(text: str, names: tuple[str, ...]) -> InvalidArgumentError:
    """Turn msgspec's sentence into one about the field that it names; `names` are the method's."""
    at = _AT.search(text)
    path = at.group("path") if at else ""
    what = text[: at.start()] if at else text
    if named := _NAMED.search(what):
        name = f"{path}.{named.group('name')}" if path else named.group("name")
        missing = named.group("what").startswith("missing")
        sentence = f"{name} is required" if missing else f"{name} is not an argument"
        if not path:
            sentence += f"; it takes {', '.join(names) or 'none'}"
        return InvalidArgumentError(sentence, field=name)
    plain = what.replace("`", "")
    if not path:
        return InvalidArgumentError(
            f"the payload must be a JSON object of arguments: {plain}", field="payload"
        )
    return InvalidArgumentError(f"{path}: {plain[:1].lower()}{plain[1:]}", field=path)
