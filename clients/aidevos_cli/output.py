"""Tables for people, one JSON object a line for machines, YAML for those who ask."""

import json
from collections.abc import Iterable, Sequence

Row = dict[str, object]


def emit_rows(fmt: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Print `rows`: a table of `columns`, or every field as JSON lines or YAML documents."""
    if fmt == "table":
        _table(columns, list(rows))
        return
    for row in rows:
        emit_item(fmt, row)


def emit_item(fmt: str, item: Row) -> None:
    """Print one thing: aligned `name value` lines, a JSON line, or a YAML document."""
    if fmt == "json":
        print(json.dumps(item, ensure_ascii=False), flush=True)
    elif fmt == "yaml":
        print("---\n" + _yaml(item), flush=True)
    else:
        width = max((len(name) for name in item), default=0)
        for name, value in item.items():
            print(f"{name:<{width}}  {_text(value)}")


def _table(columns: Sequence[str], rows: list[Row]) -> None:
    cells = [[_text(row.get(column)) for column in columns] for row in rows]
    heads = [column.upper().replace("_", " ") for column in columns]
    widths = [max(len(line[i]) for line in [heads, *cells]) for i in range(len(columns))]
    for line in [heads, *cells]:
        print(
            "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        )


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _yaml(item: Row) -> str:
    """JSON values are YAML values (YAML 1.2 is a superset), so each field is one line."""
    return "\n".join(
        f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in item.items()
    )
