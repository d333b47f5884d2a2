"""Random fields, and values that are valid for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aidevos_agents.spec.model import Field, Value
from hypothesis import strategies as st

from aidevos_testing import words

Draw = Callable[[st.SearchStrategy[Any]], Any]
_CLASSES = ("digits", "letters", "capital letters", "small letters", "dashes", "spaces")
_SAMPLES = {
    "digits": "0123456789", "letters": "abcXYZ", "capital letters": "ABC",
    "small letters": "abc", "dashes": "-", "spaces": " ",
}  # fmt: skip
KINDS = (
    "text", "text", "yes_no", "whole", "whole", "number", "money", "choice", "list", "time",
    "date", "link",
)  # fmt: skip
SCALE = {"number": 1, "money": 2, "whole": 0}


def field(draw: Draw, name: str, *, unique: bool = True) -> Field:
    """Return a random field that is given, or kept by itself."""
    kind = draw(st.sampled_from(KINDS))
    made: Field = _MAKERS[kind](draw, name)
    if made.source != "given":
        return made
    return _common(draw, made, unique=unique)


def value(draw: Draw, of: Field) -> Value | tuple[Value, ...]:
    """Return a valid value, as scenarios hold it; raises KeyError for references."""
    return _VALUES[of.kind](draw, of)  # type: ignore[no-any-return]


def number_text(units: int, places: int) -> str:
    """Return `units` of the last place as decimal text: 425 with 2 places is 4.25."""
    if not places:
        return str(units)
    sign = "-" if units < 0 else ""
    digits = f"{abs(units):0{places + 1}d}"
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def _common(draw: Draw, made: Field, *, unique: bool) -> Field:
    changes: dict[str, Any] = {"required": draw(st.booleans())}
    if made.kind in ("text", "whole", "link") and unique and draw(st.integers(0, 4)) == 0:
        changes["unique"] = True
        changes["ignoring_case"] = made.kind == "text" and draw(st.booleans())
    elif made.kind not in ("list", "link") and draw(st.integers(0, 2)) == 0:
        changes["default"] = value(draw, made)
    return _replace(made, **changes)


def _replace(made: Field, **changes: Any) -> Field:
    from msgspec.structs import replace  # noqa: PLC0415 (the only use)

    return replace(made, **changes)


def _text(draw: Draw, name: str) -> Field:
    shortest = draw(st.sampled_from((None, None, 1, 2, 5)))
    longest = draw(st.sampled_from((None, 5, 20, 200)))
    chosen = draw(st.lists(st.sampled_from(_CLASSES), max_size=2, unique=True))
    return Field(
        name=name, kind="text", shortest=shortest, longest=longest, characters=tuple(chosen)
    )


def _yes_no(_: Draw, name: str) -> Field:
    return Field(name=name, kind="yes_no")


def _bounds(draw: Draw, places: int) -> dict[str, str]:
    low = draw(st.none() | st.integers(-50, 50))
    high = draw(st.none() | st.integers((low or 0) + 5, (low or 0) + 1_000))
    bounds = {}
    if low is not None:
        bounds["minimum"] = number_text(low, places)
    if high is not None:
        bounds["maximum"] = number_text(high, places)
    return bounds


def _whole(draw: Draw, name: str) -> Field:
    return Field(name=name, kind="whole", **_bounds(draw, 0))  # type: ignore[arg-type]


def _number(draw: Draw, name: str) -> Field:
    places = draw(st.sampled_from((None, 1, 3)))
    bounds = {key: str(int(float(text))) for key, text in _bounds(draw, 0).items()}
    return Field(name=name, kind="number", decimals=places, **bounds)  # type: ignore[arg-type]


def _money(draw: Draw, name: str) -> Field:
    currency = draw(st.sampled_from(("", "EUR", "USD")))
    bounds = _bounds(draw, 2)
    return Field(name=name, kind="money", currency=currency, **bounds)  # type: ignore[arg-type]


def _choice(draw: Draw, name: str) -> Field:
    chosen = draw(
        st.lists(
            st.sampled_from(words.CHOICES) | words.made_up(),
            min_size=1,
            max_size=4,
            unique_by=str.casefold,
        )
    )
    return Field(name=name, kind="choice", choices=tuple(chosen))


def _list(draw: Draw, name: str) -> Field:
    fewest = draw(st.sampled_from((None, None, 1)))
    most = draw(st.sampled_from((None, 3, 10)))
    longest = draw(st.sampled_from((None, 30)))
    shortest = draw(st.sampled_from((None, 1)))
    return Field(
        name=name,
        kind="list",
        fewest_items=fewest,
        most_items=most,
        shortest=shortest,
        longest=longest,
        distinct=draw(st.booleans()),
    )


def _time(draw: Draw, name: str) -> Field:
    source = draw(st.sampled_from(("given", "created", "changed")))
    return Field(name=name, kind="time", source=source)


def _date(_: Draw, name: str) -> Field:
    return Field(name=name, kind="date")


def _link(draw: Draw, name: str) -> Field:
    return Field(name=name, kind="link", source=draw(st.sampled_from(("given", "address"))))


_MAKERS: dict[str, Callable[[Draw, str], Field]] = {
    "text": _text,
    "yes_no": _yes_no,
    "whole": _whole,
    "number": _number,
    "money": _money,
    "choice": _choice,
    "list": _list,
    "time": _time,
    "date": _date,
    "link": _link,
}


def _text_value(draw: Draw, of: Field) -> str:
    shortest, longest = of.shortest or 0, min(of.longest or 12, 12)
    if not of.characters:
        return str(draw(words.texts(shortest, longest)))
    alphabet = "".join(_SAMPLES[name] for name in of.characters)
    return str(draw(st.text(alphabet, min_size=shortest, max_size=max(shortest, longest))))


def _within(draw: Draw, of: Field, places: int) -> int:
    scale = 10**places
    low = round(float(of.minimum) * scale) if of.minimum is not None else None
    high = round(float(of.maximum) * scale) if of.maximum is not None else None
    if low is None:
        low = -20 if high is None else high - 20
    return int(draw(st.integers(low, high if high is not None else low + 100)))


def _number_value(draw: Draw, of: Field) -> str:
    places = min(of.decimals or 0, 1)
    text = number_text(_within(draw, of, places), places)
    return text.removesuffix(".0") if "." in text else text


def _money_value(draw: Draw, of: Field) -> str:
    return number_text(_within(draw, of, 2), 2)


def _list_value(draw: Draw, of: Field) -> tuple[str, ...]:
    item = words.texts(of.shortest or 0, min(of.longest or 6, 6))
    fewest, most = of.fewest_items or 0, min(of.most_items or 3, 3)
    return tuple(draw(st.lists(item, min_size=fewest, max_size=most, unique=True)))


_VALUES: dict[str, Callable[[Draw, Field], Any]] = {
    "text": _text_value,
    "yes_no": lambda draw, _: draw(st.booleans()),
    "whole": lambda draw, of: _within(draw, of, 0),
    "number": _number_value,
    "money": _money_value,
    "choice": lambda draw, of: draw(st.sampled_from(of.choices)),
    "list": _list_value,
    "time": lambda draw, _: f"2026-0{draw(st.integers(1, 9))}-01T10:00:00.000Z",
    "date": lambda draw, _: f"2026-0{draw(st.integers(1, 9))}-15",
    "link": lambda draw, _: f"https://example.org/{draw(st.integers(0, 99))}",
}
