"""Fields of things: what a caller gives is checked by kind, all violations at once.

What generated (and hand-written) object types import beside `aidevos` itself.
"""

from msgspec import UNSET
from msgspec import UnsetType as Unset

from aidevos.objects.fields.base import Day, Field, Json, Moment, Texts, WrongValueError
from aidevos.objects.fields.checks import Checks, Effects
from aidevos.objects.fields.lists import Items
from aidevos.objects.fields.numbers import Money, Number, Whole, money_json, number_json
from aidevos.objects.fields.texts import Choice, Link, Reference, Text, YesNo, text_order
from aidevos.objects.fields.times import Date, Time, date_json, time_json
from aidevos.objects.fields.updates import assign, differs, latest

__all__ = [
    "UNSET",
    "Checks",
    "Choice",
    "Date",
    "Day",
    "Effects",
    "Field",
    "Items",
    "Json",
    "Link",
    "Moment",
    "Money",
    "Number",
    "Reference",
    "Text",
    "Texts",
    "Time",
    "Unset",
    "Whole",
    "WrongValueError",
    "YesNo",
    "assign",
    "date_json",
    "differs",
    "latest",
    "money_json",
    "number_json",
    "text_order",
    "time_json",
]
