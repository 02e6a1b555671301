"""What each column of a table is for, guessed by its name and by what it holds.

A *role* is a recipe's field without ``_column``: text, label, source, target, tag, value, known, condition, time,
group. Everything here works on the survey of the columns (:func:`rnncore.data.columns.survey`), which is JSON: a page
asks without the file.
"""

from __future__ import annotations

from typing import Any

Column = dict[str, Any]
"""One column of a survey."""

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

NUMBERS = ("integer", "number")
LABEL_CHARACTERS = 40
"""A label has so many in the mean, at most."""


def guess(columns: list[Column]) -> dict[str, list[str]]:
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
