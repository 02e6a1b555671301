"""What is known of a dataset version before a run starts, as the engine's defaults and plans want it."""

from __future__ import annotations

from typing import Any

from rnncore import catalog, facts, fitness
from rnncore.data.resolve import resolve
from rnncore.defaults import Facts
from rnncore.defaults.language_model import VOCABULARY
from rnncore.errors import RecipeError
from rnncore.recipe import Recipe
from webapp.datasets import roles
from webapp.datasets.checks import problems_of
from webapp.datasets.models import Status, Version
from webapp.datasets.tasks import TEXT
from webapp.problems import Conflict

# Measured on English; the tokenizer itself is made by the trainer. Words grow in number as Heaps' law says.
CHARACTERS_PER_TOKEN = {"word": 3.6, "bpe": 2.8}
HEAPS = (0.76, 0.73)
RARE_CHARACTER_BYTES = 3  # of those beyond the counted ones: nearly all lie between U+0800 and U+FFFF


def known(version: Version, recipe: Recipe) -> tuple[Recipe, Facts]:
    """The recipe with the columns that it will read, and what is known of the data.

    Raises RecipeError (at the task that the data cannot serve, a column that is not there …), Conflict when the version
    was not read yet, or could not be.
    """
    refuse_unread(version)
    if recipe.task.kind == TEXT:
        return recipe, _of_text(version, recipe)
    inspection = surveyed(version)
    if not inspection["columns"]:
        label = catalog.TASKS[recipe.task.kind].label
        raise RecipeError.at("task.kind", f"{label} reads records with columns; {version.filename} is a text")
    chosen = facts.chosen(recipe, inspection["columns"])
    fitness.check(chosen, inspection)
    return chosen, facts.facts_of(chosen, inspection)


def refuse_unread(version: Version) -> None:
    """Raises Conflict unless the version was read and can be used."""
    if version.status != Status.READY:
        still = version.status == Status.PROCESSING
        raise Conflict(f"{version.dataset.name} {'is still being read' if still else 'could not be read'}.")


def facts_of(version: Version, recipe: Recipe) -> Facts:
    """The facts alone; raises as :func:`known` does."""
    return known(version, recipe)[1]


def with_columns(version: Version, recipe: Recipe) -> Recipe:
    """The recipe with the columns named that a person confirmed, so that whoever repeats it elsewhere has them too."""
    if not version.dataset.roles or not (survey := roles.columns(version)):
        return recipe
    return recipe.replacing(task=resolve(recipe.task, survey))


def surveyed(version: Version) -> dict[str, Any]:
    """The version's inspection, its columns with the roles that hold, and what is wrong with it for those."""
    return {**version.inspection, "columns": roles.columns(version), "problems": problems_of(version).problems}


def _of_text(version: Version, recipe: Recipe) -> Facts:
    statistics = version.inspection["statistics"]
    if "characters" not in statistics:
        raise RecipeError.at("task.kind", f"a language model reads a text; {version.filename} is a table of records")
    characters = statistics["characters"]
    match recipe.task.tokens or "char":
        case "char":
            return Facts(tokens=characters, vocabulary_size=statistics["vocabulary_size"], characters=characters)
        case "byte":
            return Facts(tokens=_utf8_bytes(statistics), vocabulary_size=256, characters=characters)
        case kind:
            tokens = round(characters / CHARACTERS_PER_TOKEN[kind])
            limit = recipe.task.vocabulary_size or VOCABULARY[kind]
            size = min(limit, round(HEAPS[0] * tokens ** HEAPS[1])) if kind == "word" else limit
            return Facts(tokens=tokens, vocabulary_size=size, characters=characters)


def _utf8_bytes(statistics: dict[str, Any]) -> int:
    counted = statistics["vocabulary"]
    rare = statistics["characters"] - sum(count for _, count in counted)
    return sum(len(char.encode("utf-8", "replace")) * count for char, count in counted) + RARE_CHARACTER_BYTES * rare
