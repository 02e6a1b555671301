"""The recipe: everything that decides a training, and the one text about each of its fields.

A recipe is read from TOML, JSON or a dict and has four tables: ``task``, ``network``, ``training`` and ``sampling``.
Every field may be left out. A field that is left out is ``None`` here and becomes concrete in
:func:`rnncore.defaults.fill`, which knows how much data there is. Label, help, unit, bounds and choices stand beside
the field, once; forms, REST and ``--help`` are views of :func:`fields`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rnncore import catalog
from rnncore.errors import RecipeError
from rnncore.recipe.fields import FieldSpec, specs_of
from rnncore.recipe.readable import readable
from rnncore.recipe.tables import MAX_PROMPT, Network, Sampling, Table, Task, Training

__all__ = ["MAX_PROMPT", "FieldSpec", "Network", "Recipe", "Sampling", "Task", "Training", "fields"]


class Recipe(Table):
    """Task, network, training and sampling. Immutable; fields that were not given are None.

    >>> Recipe.parse({"task": {"kind": "language_model"}, "network": {"hidden_size": "big"}})
    Traceback (most recent call last):
    ...
    rnncore.errors.RecipeError: network.hidden_size: must be a whole number, not 'big'
    """

    task: Task
    network: Network = Network()
    training: Training = Training()
    sampling: Sampling = Sampling()

    @classmethod
    def parse(cls, body: Any) -> Recipe:
        """A recipe from a dict of tables. Raises RecipeError that names every wrong field."""
        if not isinstance(body, Mapping):
            raise RecipeError.at("recipe", "must be an object with the tables task, network, training and sampling")
        try:
            recipe = cls.model_validate(dict(body))
        except ValidationError as error:
            raise RecipeError([readable(item) for item in error.errors()]) from None
        if contradictions := list(_contradictions(recipe)):
            raise RecipeError(contradictions)
        return recipe

    @classmethod
    def load(cls, path: str | Path) -> Recipe:
        """A recipe from a TOML or JSON file. Raises RecipeError; OSError where the file cannot be read."""
        raw = Path(path).read_bytes()
        try:
            text = raw.decode("utf-8-sig")
            body = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
        except (UnicodeDecodeError, json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
            raise RecipeError.at("recipe", f"{Path(path).name} is neither TOML nor JSON: {error}") from None
        return cls.parse(body)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """The fields that are set, by table."""
        return {table: body for table, body in self.model_dump(exclude_none=True).items() if body}

    def to_toml(self) -> str:
        """The recipe as the TOML file that ``rnncore train`` takes."""
        lines: list[str] = []
        for table, body in self.to_dict().items():
            lines += [f"[{table}]", *(f"{name} = {_toml(value)}" for name, value in body.items()), ""]
        return "\n".join(lines)

    def replacing(self, **tables: Mapping[str, Any]) -> Recipe:
        """A copy with some fields replaced, checked again: ``recipe.replacing(training={"max_steps": 10})``."""
        body = self.to_dict()
        for table, values in tables.items():
            body[table] = {**body.get(table, {}), **values}
        return Recipe.parse(body)


_WHOLE = {"language_model": (None, "char", "byte")}
"""Tokens whose vocabulary is that of the text; a language model has characters where nothing is said."""


@cache
def fields() -> tuple[FieldSpec, ...]:
    """Every field of a recipe, in the order in which it is shown."""
    return specs_of(Recipe)


def _contradictions(recipe: Recipe) -> Iterator[tuple[str, str]]:
    task, network, training = recipe.task, recipe.network, recipe.training
    chosen = catalog.TASKS[task.kind]
    for spec in fields():
        if not spec.serves(task.kind) and getattr(getattr(recipe, spec.table), spec.name) is not None:
            having = ", ".join(kind for kind in catalog.TASKS if spec.serves(kind)) or "other tasks"
            yield spec.path, f"is a field of {having}; this task is {task.kind}"
    if network.bidirectional and chosen.generates:
        yield (
            "network.bidirectional",
            f"a {chosen.label.lower()} writes forwards and cannot read what is not written yet",
        )
    if network.bidirectional and task.strategy == "recursive":
        yield "network.bidirectional", "a recursive forecast goes forwards, step by step"
    if network.nonlinearity == "relu" and (network.cell or "lstm") != "rnn":
        yield "network.nonlinearity", f"relu belongs to the cell rnn; this network's cell is {network.cell or 'lstm'}"
    if network.init and network.init not in (inits := catalog.CELLS[network.cell or "lstm"].inits):
        yield "network.init", f"{network.init} does not suit the cell {network.cell}; {' or '.join(inits)} does"
    if network.init == "chrono" and network.bias is False:
        yield "network.init", "chrono sets the biases, and this network has none"
    if (
        network.tied
        and network.embedding_size
        and network.hidden_size
        and network.embedding_size != network.hidden_size
    ):
        yield (
            "network.tied",
            f"tied weights want embedding_size = hidden_size, here {network.embedding_size} and {network.hidden_size}",
        )
    if task.vocabulary_size and task.tokens in _WHOLE.get(task.kind, ("char", "byte")):
        yield (
            "task.vocabulary_size",
            f"limits word and bpe tokens; {task.tokens or 'char'} tokens have the vocabulary of the text",
        )
    if (training.validation_fraction or 0) + (training.test_fraction or 0) >= 0.95:
        yield "training.test_fraction", "validation and test together leave less than 5 % of the data to train on"
    if training.max_steps and training.warmup_steps and training.warmup_steps >= training.max_steps:
        yield (
            "training.warmup_steps",
            f"{training.warmup_steps} steps of warm-up do not end before step {training.max_steps}",
        )


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
