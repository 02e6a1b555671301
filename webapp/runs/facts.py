"""What is known of a dataset version before a run starts, as the engine's defaults and plans want it."""

from __future__ import annotations

from typing import Any

from rnncore.defaults import Facts
from rnncore.defaults.language_model import VOCABULARY
from rnncore.recipe import Recipe
from webapp.datasets.models import Status, Version
from webapp.problems import Conflict

# Measured on English; the tokenizer itself is made by the trainer. Words grow in number as Heaps' law says.
CHARACTERS_PER_TOKEN = {"word": 3.6, "bpe": 2.8}
HEAPS = (0.76, 0.73)
RARE_CHARACTER_BYTES = 3  # of those beyond the counted ones: nearly all lie between U+0800 and U+FFFF


def facts_of(version: Version, recipe: Recipe) -> Facts:
    """Raises Conflict when the version was not read yet, or could not be."""
    if version.status != Status.READY:
        still = version.status == Status.PROCESSING
        raise Conflict(f"{version.dataset.name} {'is still being read' if still else 'could not be read'}.")
    statistics = version.inspection["statistics"]
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
