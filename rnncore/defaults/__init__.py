"""Values for the fields that a recipe leaves open, by task and by how much data there is. Torch-free.

``task.kind`` alone is a whole recipe. The numbers were found by measuring on two CPU cores; they stand in tables, one
module a way of reading data, so that whoever measures better changes a number there and nothing else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from rnncore import catalog
from rnncore.recipe import Recipe


@dataclass(frozen=True)
class Facts:
    """What the defaults depend on.

    ``tokens``: time steps of all the data. ``vocabulary_size``: how many different tokens are read (None: not known
    yet, or numbers are read). ``characters``: of a language model's text. ``records``, ``longest``: how many sequences,
    and the time steps of the longest. ``outputs``: labels, tags, values or tokens to tell apart at the head.

    What only some networks have: ``channels``, numbers that are read a step; ``letters``, different ones that words are
    spelled with; ``labels``, how many each column of a condition has; ``numbers``, conditions that are numbers.
    """

    tokens: int
    vocabulary_size: int | None
    characters: int = 0
    records: int = 0
    longest: int = 0
    outputs: int = 0
    channels: int = 1
    letters: int = 0
    labels: tuple[int, ...] = ()
    numbers: int = 0


def fill(recipe: Recipe, facts: Facts) -> Recipe:
    """The recipe with every field of its task concrete, except that of the three ends only those given stay (and
    ``max_epochs`` where none is), and that columns are what the task found. What the recipe says is never changed.

    Raises RecipeError where what was given contradicts itself only once it is filled in.
    """
    return _module(recipe).fill(recipe, facts)


def fill_task(recipe: Recipe) -> Recipe:
    """The recipe with those fields filled in that are needed to read the data, and depend on no data."""
    return _module(recipe).fill_task(recipe)


def _module(recipe: Recipe) -> ModuleType:
    return import_module(f"rnncore.defaults.{catalog.TASKS[recipe.task.kind].defaults}")


def round_number(value: float) -> int:
    """The largest of 1, 2, 3, 5, 10, 15, 20, 30, 50, 100 … that is not above ``value``; at least 1.

    >>> [round_number(value) for value in (0.3, 7, 49, 50, 1234)]
    [1, 5, 30, 50, 1000]
    """
    if value < 2:
        return 1
    unit = 10 ** math.floor(math.log10(value))
    steps = (step * unit for step in (1, 1.5, 2, 3, 5))
    return int(max(step for step in steps if step <= value and float(step).is_integer()))
