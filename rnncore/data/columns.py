"""What the columns of a table are, and which of them a task reads.

:func:`survey` looks at values and never at the recipe; :func:`roles` guesses what each column is for, by its name and
by what it holds; :func:`resolve` fills in the columns of a recipe. The last two work on the survey alone, which is
JSON: a page asks them without the file.

A *role* is a recipe's field without ``_column``: text, label, source, target, tag, value, known, condition, time,
group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from rnncore import catalog
from rnncore.data import times
from rnncore.data.compact import Numbers, counted, empty
from rnncore.data.table import Table
from rnncore.data.vocabulary import WORD
from rnncore.errors import DataError, RecipeError
from rnncore.recipe import Task

VALUES = 50
"""Different values of a column that are listed with their counts, the most frequent first."""

CLASSES = 1_000
"""Different values beyond which a column is no category."""

LABEL_CHARACTERS = 40
BARS = 24
TRIED = 200
"""Values of a column on which it is tried whether they are dates or lists of numbers."""

SOME = 1_000
"""Values on which it is looked how long those of a label would be."""

ROLES = ("text", "label", "source", "target", "tag", "value", "known", "condition", "time", "group")
MANY = frozenset({"value", "known", "condition"})

_NAMES = {
    "text": {"text", "sentence", "question", "review", "content", "message", "body", "comment", "document", "tune"},
    "label": {"label", "class", "category", "sentiment", "y"},
    "source": {"source", "src", "input", "word", "grapheme", "question"},
    "target": {"target", "tgt", "output", "translation", "pronunciation", "phonemes", "answer"},
    "tag": {"upos", "tag", "tags", "pos", "ner", "ner_tags", "labels"},
    "value": {"value", "ot", "target", "y", "close", "price", "sales", "demand", "load"},
    "group": {"group", "group_id"},
}
"""Names, in small letters, that say what a column is for."""

_TEXTS = ("text", "category", "tokens")
NUMBERS = ("integer", "number")

Column = dict[str, Any]


def survey(table: Table) -> list[Column]:
    """One JSON-able dict a column::

        {"name", "kind": "text" | "category" | "integer" | "number" | "tokens" | "numbers" | "time" | "id",
         "present", "missing", "unique", "constant": bool,
         "lengths": {"characters" | "words" | "items": {"min", "mean", "max", "p95", "histogram": [[up to, count] …]}},
         "values": [[value, count] …], "distinct": {"characters", "words", "pieces", "repeated", "lowered"},
         "min", "max", "role"}

    ``lengths`` are there for text (characters and words) and lists (items), ``values`` for what repeats, ``distinct``
    (how many different ones) for text and lists, ``min`` and ``max`` for numbers and times; else they are empty or
    None.
    """
    found = [_column(name, values, table) for name, values in table.columns.items()]
    guessed = roles(found)
    for column in found:
        column["role"] = next((role for role, names in guessed.items() if column["name"] in names), None)
    return found


def _column(name: str, values: Sequence[Any], table: Table) -> Column:
    there, unique, frequent = counted(values, VALUES)
    some = list(islice(_there(values), SOME))
    kind = _kind(name, values, some, there, unique, table)
    column: Column = {
        "name": name, "kind": kind, "present": there, "missing": len(values) - there, "unique": unique,
        "constant": unique == 1 and there > 1, "lengths": {}, "values": [], "distinct": {}, "min": None, "max": None,
    }  # fmt: skip
    if kind in ("category", "integer", "id") or (kind == "text" and unique < there):
        column["values"] = [[str(value), count] for value, count in frequent if count > 1 or kind != "text"]
    if there and kind in ("text", "category"):
        column |= _measured_texts(values, there)
    elif kind in ("tokens", "numbers"):
        column |= _measured_lists(values, there, kind)
    elif kind in ("integer", "number", "id", "time"):
        column |= {"min": min(_there(values), default=None), "max": max(_there(values), default=None)}
    return column


def _there(values: Iterable[Any]) -> Iterator[Any]:
    return (value for value in values if not empty(value))


def _measured_texts(values: Sequence[Any], there: int) -> Column:
    """Lengths and different parts of a column of texts, one text after the other."""
    characters, words = np.empty(there, np.int64), np.empty(there, np.int64)
    letters: set[str] = set()
    different: set[str] = set()
    pieces: Counter[str] = Counter()
    for place, text in enumerate(map(str, _there(values))):
        parts = text.split()
        characters[place], words[place] = len(text), len(parts)
        letters.update(text)
        different.update(parts)
        pieces.update(WORD.findall(text))
    return {
        "lengths": {"characters": _lengths(characters), "words": _lengths(words)},
        "distinct": {"characters": len(letters), "words": len(different), **_pieces(pieces)},
    }


def _pieces(counts: Counter[str]) -> dict[str, int]:
    """How many different tokens a vocabulary finds, those that occur twice or more, and those that differ in more than
    capitals."""
    repeated = sum(count > 1 for count in counts.values())
    return {"pieces": len(counts), "repeated": repeated, "lowered": len({piece.lower() for piece in counts})}


def _measured_lists(values: Sequence[Any], there: int, kind: str) -> Column:
    """The same of a column of lists."""
    lengths, different = np.empty(there, np.int64), Counter()
    for place, value in enumerate(_there(values)):
        items = _items(value)
        lengths[place] = len(items)
        different.update(map(str, items))
    distinct = {"words": len(different), **_pieces(different)}
    if kind == "tokens":
        distinct["characters"] = len(set().union(*different))
    return {"lengths": {"items": _lengths(lengths)}, "distinct": distinct}


def _kind(name: str, values: Sequence[Any], some: list[Any], there: int, unique: int, table: Table) -> str:
    """What the values of a column are. ``some``: the first of those that are there."""
    if not there:
        return "text"
    if all(isinstance(value, list) for value in _there(values)):
        numeric = all(isinstance(item, int | float) for value in _there(values) for item in value)
        return "numbers" if numeric else "tokens"
    if isinstance(values, Numbers) or all(type(value) in (int, float) for value in _there(values)):
        return _kind_of_number(name, values, there, unique)
    texts = [str(value) for value in some]
    if _are_lists(texts):
        return "numbers"
    if _are_times(texts, table):
        return "time"
    few = unique <= CLASSES and unique <= max(2, 0.5 * there if there < 100 else 0.2 * there)
    if few and np.mean([len(text) for text in texts]) <= LABEL_CHARACTERS:
        return "category"
    return "text"


def _kind_of_number(name: str, values: Sequence[Any], there: int, unique: int) -> str:
    if not all(float(value).is_integer() for value in _there(values)):
        return "number"
    first = int(next(_there(values)))
    rising = unique == there > 20 and all(value == first + place for place, value in enumerate(_there(values)))
    return "id" if rising or (unique == there and name.lower() in ("id", "index")) else "integer"


def numbers_of(value: Any) -> list[float]:
    """A list of numbers, also where it is written as a text: ``"0.1 0.2"`` or ``"[0.1, 0.2]"``. Raises ValueError."""
    if isinstance(value, str):
        return [float(item) for item in value.strip().strip("[]").replace(",", " ").replace(";", " ").split()]
    return [float(item) for item in (value if isinstance(value, list) else [value])]


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else value.strip().strip("[]").replace(",", " ").replace(";", " ").split()


def _are_lists(texts: list[str]) -> bool:
    """Whether texts are lists of numbers: all of those that are tried, and most of them of more than one."""
    some, many = texts[:TRIED], 0
    for text in some:
        try:
            many += len(numbers_of(text)) > 1
        except ValueError:
            return False
    return 2 * many >= len(some)


def _are_times(texts: list[str], table: Table) -> bool:
    """Whether the first value is a date, and most of the next ones are, in whichever form; what is wrong with them, the
    problems of the file say."""
    try:
        times.parse(texts[:1], table.lines[:1], "", table.name)
    except DataError:
        return False
    good = 0
    for text in texts[1:TRIED]:
        try:
            times.parse([text], [1], "", table.name)
            good += 1
        except DataError:
            pass
    return good >= 0.5 * (len(texts[:TRIED]) - 1)


def _lengths(array: np.ndarray) -> dict[str, Any]:
    edges = np.unique(np.linspace(array.min(), array.max(), BARS + 1).astype(int)[1:])
    counts = np.diff(np.searchsorted(np.sort(array), edges, "right"), prepend=0)
    return {
        "min": int(array.min()), "mean": float(array.mean()), "max": int(array.max()),
        "p95": float(np.quantile(array, 0.95)),
        "histogram": [[int(edge), int(count)] for edge, count in zip(edges, counts, strict=True)],
    }  # fmt: skip


def roles(columns: list[Column]) -> dict[str, list[str]]:
    """What the columns seem to be for: names by role. Each column has one role at most."""
    named = {role: [c["name"] for c in columns if c["name"].lower() in names] for role, names in _NAMES.items()}
    of_kind = {kind: [c["name"] for c in columns if c["kind"] in kinds] for kind, kinds in
               {"tokens": ("tokens",), "time": ("time",), "number": NUMBERS, "text": ("text",),
                "category": ("category",), "series": ("numbers",)}.items()}  # fmt: skip
    lists = of_kind["tokens"]
    if len(lists) > 1:
        tags = [name for name in lists if name in named["tag"]] or lists[1:]
        return {"text": [next(name for name in lists if name != tags[0])], "tag": tags[:1]}
    if of_kind["time"] and of_kind["number"]:
        values = [name for name in of_kind["number"] if name in named["value"]] or of_kind["number"]
        return {"time": of_kind["time"][:1], "value": values}
    texts = of_kind["text"] + of_kind["category"] + lists
    tags = [name for name in of_kind["text"] if name in named["tag"]]
    read = [name for name in of_kind["text"] if name in named["text"] and name not in tags]
    if tags and read:
        return {"text": read[:1], "tag": tags[:1]}
    sources = [name for name in texts if name in named["source"]]
    targets = [name for name in texts + of_kind["time"] if name in named["target"] and name not in sources]
    if sources and targets:
        return {"source": sources[:1], "target": targets[:1]}
    many = [column["name"] for column in columns if _like_labels(column)]
    found: dict[str, list[str]] = {"group": [name for name in named["group"] if name not in texts]}
    read = [name for name in texts + of_kind["series"] if name in named["text"]]
    read = read or sorted(of_kind["text"], key=many.__contains__) or lists
    spelled = [name for name in of_kind["series"] if name in named["text"]]  # numbers that are called a text are tokens
    if spelled and not of_kind["text"]:
        found["text"] = spelled[:1]
    elif of_kind["series"] and not of_kind["text"]:
        found["value"] = of_kind["series"]
    elif read or of_kind["category"]:
        found["text"] = (read or of_kind["category"])[:1]
    used = {name for names in found.values() for name in names}
    labels = [name for name in of_kind["category"] + of_kind["number"] if name not in used]
    many = [name for name in many if name not in used]
    labels = [name for name in [*labels, *many] if name in named["label"]] or labels[:1] or many[:1]
    if labels and used:
        found["label"] = labels[:1]
    elif len(of_kind["text"]) > 1:
        return {"source": of_kind["text"][:1], "target": of_kind["text"][1:2]}
    elif not used and of_kind["number"]:
        found["value"] = [name for name in of_kind["number"] if name in named["value"]] or of_kind["number"]
    return {role: names for role, names in found.items() if names}


def _like_labels(column: Column) -> bool:
    """Whether a column of text holds labels, though more than a category has: it is called so, or what stands in it
    is short and comes again and again."""
    if column["kind"] != "text" or not column["lengths"]:
        return False
    short = column["lengths"]["characters"]["mean"] <= LABEL_CHARACTERS
    named = column["name"].lower() in _NAMES["label"]
    return short and (named or 2 * column["unique"] <= column.get("present", 0))


def with_roles(columns: list[Column], said: dict[str, str]) -> list[Column]:
    """The columns with what somebody says that they are for: a role by name, "" for none. A role that only one column
    can have is taken from the one that was guessed to have it; columns that are not there are left alone."""
    said = {column["name"]: said[column["name"]] for column in columns if column["name"] in said}
    taken = {role for role in said.values() if role and role not in MANY}
    return [
        {**column, "role": said.get(column["name"], None if column["role"] in taken else column["role"]) or None}
        for column in columns
    ]


def propose(columns: list[Column]) -> str:
    """The kind of task that the roles suggest."""
    role_of = {column["role"]: column for column in columns if column["role"]}
    if "tag" in role_of:
        return "tagging"
    if "source" in role_of and "target" in role_of:
        return "seq2seq"
    if "label" in role_of:
        label = role_of["label"]
        number = label["kind"] == "number" or (label["kind"] == "integer" and label["unique"] > 20)
        return "regression" if number else "classification"
    if "value" in role_of:
        return "forecasting"
    return "conditional_generation" if len(columns) > 1 else "language_model"


def resolve(task: Task, columns: list[Column]) -> dict[str, Any]:
    """The columns of a recipe's task: what it names, checked, and the others by their roles.

    Raises RecipeError at the field whose column is not there, cannot serve, or cannot be guessed.
    """
    chosen = _Chosen(task, columns)
    match task.kind:
        case "classification" | "regression":
            chosen.read()
            chosen.label()
        case "tagging":
            chosen.one("text", ("tokens", "text"), "the words")
            chosen.one("tag", ("tokens", "text"), "the tags")
        case "seq2seq":
            chosen.one("source", _TEXTS, "the source")
            chosen.one("target", _TEXTS, "the target")
        case "conditional_generation":
            chosen.one("text", _TEXTS, "the text")
            chosen.many("condition", ("category", "integer", "number"), default=("label", "condition"))
        case "forecasting":
            chosen.one("time", ("time",), "the time", wanted=False)
            chosen.many("value", NUMBERS, default=("value",), wanted=True)
            chosen.many("known", NUMBERS, default=("known",))
        case _:
            chosen.one("text", _TEXTS, "the text", wanted=False)
            chosen.one("label", (*_TEXTS, *NUMBERS), "the label", wanted=False)
    chosen.one("group", (), "the group", wanted=False)
    return chosen.fields


class _Chosen:
    """Fills in field after field; no column serves twice unless the recipe says so."""

    def __init__(self, task: Task, columns: list[Column]) -> None:
        self.task, self.columns = task, {column["name"]: column for column in columns}
        self.fields: dict[str, Any] = {}
        self.has = catalog.TASKS[task.kind].fields
        for field in self.has:
            given = getattr(task, field, None) if field.endswith(("_column", "_columns")) else None
            for name in given if isinstance(given, list) else [given] if given else []:
                if name not in self.columns:
                    raise self._wrong(field, f"there is no column {name!r}; the file has {self._names()}")
        own = [field for field in self.has if field.endswith("_column") and field != "group_column"]
        self.used = {name for field in own for name in [getattr(task, field)] if name}
        for field in ("value_columns", "known_columns", "condition_columns"):
            self.used |= set(getattr(task, field) or ()) if field in self.has else set()

    def one(self, role: str, kinds: Sequence[str], words: str, wanted: bool = True) -> None:
        """A field of one column: as given, or with the role, or the first of these kinds."""
        field = f"{role}_column"
        if field not in self.has:
            return
        name = getattr(self.task, field)
        if name is None:
            free = [column for column in self.columns.values() if column["name"] not in self.used]
            fitting = [c for c in free if c["role"] == role] or [c for kind in kinds for c in free if c["kind"] == kind]
            if not fitting:
                if wanted:
                    raise self._wrong(field, f"no column looks like {words}; the file has {self._names()}")
                return
            name = fitting[0]["name"]
        self.fields[field] = name
        self.used.add(name)

    def many(self, role: str, kinds: Sequence[str], default: Sequence[str], wanted: bool = False) -> None:
        """A field of several columns: as given, or those with one of the roles ``default``."""
        field = f"{role}_columns"
        names = getattr(self.task, field)
        if names is None:
            free = [c for c in self.columns.values() if c["name"] not in self.used and c["kind"] in kinds]
            names = [c["name"] for c in free if c["role"] in default]
            if wanted and not names:
                names = [c["name"] for c in free]
        for name in names:
            if self.columns[name]["kind"] not in kinds:
                what = "numbers" if tuple(kinds) == NUMBERS else "labels or numbers"
                raise self._wrong(field, f"{what} are wanted, and {name!r} holds {_held(self.columns[name])}")
        if wanted and not names:
            raise self._wrong(field, f"no column holds numbers; the file has {self._names()}")
        self.fields[field] = names
        self.used |= set(names)

    def read(self) -> None:
        """What is read: a text, or columns of series."""
        spelled = any(column["role"] == "text" for column in self.columns.values())
        if self.task.text_column is None and (self.task.value_columns or not (spelled or self._some(*_TEXTS))):
            self.many("value", ("numbers",), default=("value", None), wanted=True)
        else:
            if self.task.label_column is None and self.task.text_column is None:
                self._keep_label()
            self.one("text", _TEXTS, "the text")

    def _keep_label(self) -> None:
        """Where the only other text is the label, it is not what is read."""
        label = next((c["name"] for c in self.columns.values() if c["role"] == "label"), None)
        if label:
            self.used.add(label)

    def label(self) -> None:
        """Of a regression a number, of a classification anything that repeats."""
        wanted = NUMBERS if self.task.kind == "regression" else ("category", "integer", "text", "number")
        guessed = next((c["name"] for c in self.columns.values() if c["role"] == "label"), None)
        taken = {self.fields.get("text_column"), *self.fields.get("value_columns", [])}
        if (
            self.task.label_column is None
            and guessed
            and guessed not in taken
            and self.columns[guessed]["kind"] in wanted
        ):
            self.used.discard(guessed)
        self.one("label", wanted, "a number to tell" if self.task.kind == "regression" else "a label")
        column = self.columns[self.fields["label_column"]]
        if column["kind"] not in wanted:
            raise self._wrong("label_column", f"numbers are wanted, and {column['name']!r} holds {_held(column)}")

    def _some(self, *kinds: str) -> bool:
        label = self.task.label_column or next((c["name"] for c in self.columns.values() if c["role"] == "label"), None)
        return any(column["kind"] in kinds and column["name"] != label for column in self.columns.values())

    def _names(self) -> str:
        return ", ".join(map(repr, self.columns))

    @staticmethod
    def _wrong(field: str, message: str) -> RecipeError:
        return RecipeError.at(f"task.{field}", message)


def _held(column: Column) -> str:
    return {
        "text": "text", "category": "labels", "tokens": "lists of tokens", "numbers": "lists of numbers",
        "time": "dates", "id": "record numbers", "integer": "whole numbers", "number": "numbers",
    }[column["kind"]]  # fmt: skip
