"""``dates``: dates in words and as ISO 8601.

Sequence to sequence: ``source`` is ``"the third of March 1994"``, written in one of a dozen ways of which none can mean
two days, ``target`` is ``1994-03-03``. Days from 1900 to 2099; every source stands in the file once.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

COLUMNS = ("source", "target")
COUNT = 20_000
FIRST, DAYS = date(1900, 1, 1), 73_049
"""To the end of 2099."""

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth", "twenty-first", "twenty-second", "twenty-third", "twenty-fourth", "twenty-fifth", "twenty-sixth",
    "twenty-seventh", "twenty-eighth", "twenty-ninth", "thirtieth", "thirty-first",
)  # fmt: skip

FORMS = (
    "{day} {month} {year}", "{month} {day}, {year}", "{weekday}, {day} {month} {year}", "{day} {short}. {year}",
    "the {ordinal} of {month} {year}", "{weekday} the {ordinal} of {month}, {year}", "{short}. {day}, {year}",
    "{day}{ending} of {month} {year}", "{month} {day}{ending} {year}", "{weekday} {day} {short}. {year}",
    "{year}, {month} {day}", "in {year}, on the {ordinal} of {month}",
)  # fmt: skip
MAX_COUNT = DAYS * len(FORMS)


def records(count: int, draw: random.Random) -> Iterator[tuple[str, str]]:
    for number in draw.sample(range(MAX_COUNT), count):
        day, form = divmod(number, len(FORMS))
        moment = FIRST + timedelta(days=day)
        yield FORMS[form].format(**_words(moment)), moment.isoformat()


def _words(day: date) -> dict[str, Any]:
    month = _MONTHS[day.month - 1]
    return {
        "day": day.day, "month": month, "short": month[:3], "year": day.year, "weekday": _WEEKDAYS[day.weekday()],
        "ordinal": _ORDINALS[day.day - 1], "ending": _ending(day.day),
    }  # fmt: skip


def _ending(day: int) -> str:
    return "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def optimum() -> dict[str, Any]:
    """See :func:`rnncore.data.synthetic.optimum`."""
    words = "Every source means one day: every target can be written."
    return {"metric": "exact_match", "value": 1.0, "loss": 0.0, "words": words}
