"""Which columns a recipe's task reads: those that it names, checked, and the others by their roles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnncore import catalog
from rnncore.data.roles import NUMBERS, Column
from rnncore.errors import RecipeError
from rnncore.recipe import Task

_TEXTS = ("text", "category", "tokens")


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
