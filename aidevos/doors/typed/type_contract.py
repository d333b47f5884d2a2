"""An object type's exported schema -> its contract: one rpc per command and query. Pure.

Each query `total` has a twin `WatchTotal` that streams its answer, unless the author has a method
of that name.
"""

from aidevos.core.turn import MethodInfo, TypeInfo
from aidevos.doors.typed.contract import KEY, Contract, Field, Message, Rpc
from aidevos.doors.typed.names import Names, camel, package_of
from aidevos.doors.typed.platform import (
    REQUEST_NAMES,
    request_message,
    response_message,
    watch_twins,
)
from aidevos.doors.typed.shapes import Place, Shapes

KEY_DOC = "Key of the object; 1 to 512 bytes of printable characters. Required."


def contract_of_type(info: TypeInfo) -> Contract:
    """Return the contract of a type, without numbers."""
    service = f"{camel(info.name)}Service"
    names = Names(service)
    rpc_names = Names()
    titles = [rpc_names.free(camel(method.name)) for method in info.methods]
    for title in titles:
        names.free(f"{title}Request")
        names.free(f"{title}Response")
    shapes = Shapes(names)
    rpcs: list[Rpc] = []
    messages: list[Message] = []
    for title, method in zip(titles, info.methods, strict=True):
        rpcs.append(_rpc(title, info.name, method))
        messages += _messages(rpcs[-1], method, shapes)
    return Contract(
        package=package_of(info.name),
        service=service,
        rpcs=(*rpcs, *watch_twins(rpcs)),
        messages=(*messages, *shapes.messages),
        enums=tuple(shapes.enums),
        doc=info.doc,
    )


def _rpc(title: str, type_name: str, method: MethodInfo) -> Rpc:
    return Rpc(
        name=title,
        request=f"{title}Request",
        response=f"{title}Response",
        type=type_name,
        method=method.name,
        query=method.kind == "query",
        doc=method.doc,
    )


def _messages(rpc: Rpc, method: MethodInfo, shapes: Shapes) -> tuple[Message, Message]:
    named = _named(method.params)
    own = shapes.fields(rpc.request, method.params, named, ("key", *REQUEST_NAMES))
    key = Field(name="key", type="string", number=KEY, required=True, doc=KEY_DOC)
    result = _result(rpc.response, method, shapes)
    return request_message(rpc, (key,), own), response_message(rpc, result)


def _result(owner: str, method: MethodInfo, shapes: Shapes) -> tuple[Field, ...]:
    """Return the field of the reply; none for a method that gives nothing."""
    node = {name: value for name, value in method.returns.items() if name != "$defs"}
    if node.get("type") == "null":
        return ()
    place = Place(owner, "result", _named(method.returns))
    return (shapes.field(node, place, False),)


def _named(schema: dict[str, object]) -> dict[str, dict[str, object]]:
    found = schema.get("$defs", {})
    return found if isinstance(found, dict) else {}
