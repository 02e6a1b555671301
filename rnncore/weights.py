"""Weights that a training starts from, in place of drawn ones: which recipe they fit. Torch-free.

What a recipe leaves open is as it was in the training that the weights come from; what it says otherwise cannot be had.
The learning (rates, ends, dropout, samples …) and the data are free. Numbers are scaled anew, to the data at hand;
words, characters, labels and tags are those that the weights know.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from rnncore import catalog
from rnncore.defaults import Facts
from rnncore.errors import RecipeError, RequestError, RnncoreError
from rnncore.recipe import FieldSpec, Recipe, fields

WEIGHTS, NETWORK, TOKENIZER, RECIPE = "model.safetensors", "network.json", "tokenizer.json", "recipe.json"
NEEDED = (WEIGHTS, NETWORK, RECIPE)

_FREE_OF_NETWORK = ("dropout", "init")
_OF_TASK = (
    "tokens", "target_tokens", "vocabulary_size", "pooling", "crf", "attention", "strategy", "horizon", "lookback",
    "quantiles", "season",
)  # fmt: skip


@dataclass(frozen=True)
class Weights:
    """A model's folder, or a checkpoint's, as something to start from."""

    folder: Path

    @classmethod
    def of(cls, folder: str | Path) -> Weights:
        """Raises RequestError where the folder holds no model."""
        found = cls(Path(folder))
        if missing := [name for name in NEEDED if not (found.folder / name).is_file()]:
            hint = "Give the folder of a model or of a checkpoint."
            raise RequestError(f"weights: {folder}: {', '.join(missing)} is missing", hint=hint)
        try:
            found.recipe, found.description  # noqa: B018 - read once, and refused here rather than later
        except (OSError, ValueError, RnncoreError) as error:
            raise RequestError(f"weights: {folder} is not a whole model: {error}") from None
        return found

    @cached_property
    def recipe(self) -> Recipe:
        """The filled-in recipe of the training that they come from."""
        return Recipe.load(self.folder / RECIPE)

    @cached_property
    def description(self) -> dict[str, Any]:
        """``network.json``"""
        return json.loads((self.folder / NETWORK).read_bytes())

    @property
    def files(self) -> list[Path]:
        """All that a training needs of the folder. Not every task has a tokenizer."""
        tokenizer = self.folder / TOKENIZER
        return [*(self.folder / name for name in NEEDED), *([tokenizer] if tokenizer.is_file() else [])]

    def adopted(self, given: Recipe) -> Recipe:
        """``given`` with what it leaves open of the network's shape as the weights have it.

        Raises RecipeError at every field that says otherwise.
        """
        if given.task.kind != self.recipe.task.kind:
            label = catalog.TASKS[self.recipe.task.kind].label.lower()
            raise RecipeError.at("task.kind", f"the weights learned another task: {label}")
        wrong, taken = [], {"task": {}, "network": {}}
        for spec in fields():
            known, asked = _value(self.recipe, spec), _value(given, spec)
            if known is None or not _decides(spec, self.recipe):
                continue
            if asked is None:
                taken[spec.table][spec.name] = known
            elif asked != known:
                wrong.append((spec.path, f"the weights have {_said(known)}, not {_said(asked)}; leave it out"))
        if wrong:
            raise RecipeError(wrong)
        return given.replacing(**taken)

    @property
    def decided(self) -> list[str]:
        """The fields of a recipe that they decide, dotted."""
        known = (spec for spec in fields() if _decides(spec, self.recipe))
        return [spec.path for spec in known if _value(self.recipe, spec) is not None]

    def refuse_columns(self, filled: Recipe) -> None:
        """Raises RecipeError where the columns of a recipe cannot be read by the network."""
        ours, theirs = self.recipe.task, filled.task
        if ours.text_column and not theirs.text_column:
            raise RecipeError.at("task.text_column", "the weights read a text; name a column of texts")
        if not ours.text_column and ours.value_columns and theirs.text_column:
            raise RecipeError.at("task.value_columns", "the weights read numbers; name columns of numbers")
        for name in ("value_columns", "known_columns"):
            known, asked = getattr(ours, name) or [], getattr(theirs, name) or []
            if len(known) != len(asked):
                known_names = f" ({', '.join(known)})" if known else ""
                message = f"the weights read {len(known)} of them{known_names}, the recipe names {len(asked)}"
                raise RecipeError.at(f"task.{name}", message)
        if (ours.condition_columns or []) != (theirs.condition_columns or []):
            known = ", ".join(ours.condition_columns or []) or "nothing"
            raise RecipeError.at("task.condition_columns", f"the weights write for {known}; name the same columns")

    def facts(self, facts: Facts) -> Facts:
        """What is known of the data, with the vocabulary and the answers that the weights know."""
        body = self.description
        read = body.get("source") or body.get("input") or body
        changes = {"vocabulary_size": read.get("vocabulary_size")} if facts.vocabulary_size else {}
        known = body.get("labels") or body.get("tags")
        if known and facts.outputs:
            changes["outputs"] = len(known)
        if "target" in body or "conditions" in body:
            changes["outputs"] = body.get("target", body)["vocabulary_size"]
        if "letters" in body:
            changes["letters"] = body["letters"]
        if "conditions" in body:
            kinds = [item for item in body["conditions"] if item["kind"] == "label"]
            changes["labels"] = tuple(len(item["labels"]) for item in kinds)
        return replace(facts, **changes)


def _decides(spec: FieldSpec, recipe: Recipe) -> bool:
    """Whether a field decides what the weights mean."""
    if not spec.serves(recipe.task.kind) or (spec.name == "nonlinearity" and recipe.network.cell != "rnn"):
        return False
    return spec.name not in _FREE_OF_NETWORK if spec.table == "network" else spec.name in _OF_TASK


def _value(recipe: Recipe, spec: FieldSpec) -> Any:
    return getattr(getattr(recipe, spec.table), spec.name)


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_said, value))
    if value is None or isinstance(value, bool):
        return {True: "yes", False: "no", None: "none"}[value]
    return value if isinstance(value, str) else f"{value:g}"
