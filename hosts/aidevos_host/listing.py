"""One page of a list, from the shards' sorted names: what it costs depends on the page alone."""

from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from itertools import islice

from aidevos.core import codec
from aidevos.core.entry import ObjectEntry
from aidevos.core.errors import InvalidArgumentError
from aidevos.core.ids import ObjectId
from aidevos.core.index import ShardIndex
from aidevos.core.objects_index import ObjectsIndex
from aidevos.doors.port import ListQuery, ObjectPage, ObjectView

PAGE_MAX = 1_000

Pairs = Iterator[tuple[ObjectId, ObjectEntry]]


def list_page(
    indexes: Iterable[ShardIndex], query: ListQuery, may_read: Callable[[str], bool]
) -> ObjectPage:
    """Return one page in the order (type, key); `may_read` tells whether a type may be seen."""
    size = min(query.page_size or PAGE_MAX, PAGE_MAX)
    after = _decode_token(query.page_token)
    found = merge(*(_matching(index.objects, query, after) for index in indexes))
    seen = (pair for pair in found if may_read(pair[0].type))
    page = [view_of(*pair) for pair in islice(seen, size + 1)]
    token = _encode_token(page[size - 1].object) if len(page) > size else ""
    return ObjectPage(objects=tuple(page[:size]), next_page_token=token)


def view_of(object: ObjectId, entry: ObjectEntry) -> ObjectView:
    """Return what the index knows of an object."""
    return ObjectView(
        object=object,
        version=entry.version,
        created_ms=entry.created_ms,
        updated_ms=entry.updated_ms,
        index=entry.index,
    )


def _matching(objects: ObjectsIndex, query: ListQuery, after: tuple[str, str]) -> Pairs:
    """Yield the shard's objects that match, in order, beginning behind `after`."""
    types = [query.type] if query.type else objects.types(query.tenant)
    for type_name in types:
        if type_name < after[0]:
            continue
        behind = after[1] if type_name == after[0] else ""
        for object, entry in objects.scan(query.tenant, type_name, query.key_prefix, behind):
            if _matches(query, entry):
                yield object, entry


def _matches(query: ListQuery, entry: ObjectEntry) -> bool:
    if entry.deleted:
        return False
    return all(entry.index.get(name) == value for name, value in query.where.items())


def _encode_token(object: ObjectId) -> str:
    return codec.encode((object.type, object.key)).hex()


def _decode_token(token: str) -> tuple[str, str]:
    if not token:
        return ("", "")
    try:
        return codec.decode(bytes.fromhex(token), tuple[str, str])
    except ValueError:
        raise InvalidArgumentError(
            "page_token is not one that a list gave", field="page_token"
        ) from None
