"""With which recipe a run may go on."""

from __future__ import annotations

import pytest

from rnncore.continuing import continued
from rnncore.errors import RecipeError
from rnncore.recipe import Recipe


def recipe(**training) -> Recipe:
    return Recipe.parse({"task": {"kind": "language_model"}, "training": training})


GIVEN = recipe(learning_rate=0.1)
FILLED = recipe(learning_rate=0.1, max_epochs=3.0, patience=5, batch_size=4)


@pytest.mark.parametrize("asked", [GIVEN, FILLED])
def test_the_same_recipe_changes_nothing(asked):
    assert continued(asked, GIVEN, FILLED) == FILLED


def test_the_ends_that_are_stated_take_the_place_of_all():
    longer = continued(recipe(learning_rate=0.1, max_steps=500), GIVEN, FILLED)
    assert (longer.training.max_steps, longer.training.max_epochs) == (500, None)
    assert longer.training.batch_size == 4


def test_patience_may_change_alone():
    longer = continued(recipe(learning_rate=0.1, patience=0), GIVEN, FILLED)
    assert (longer.training.patience, longer.training.max_epochs) == (0, 3.0)


@pytest.mark.parametrize(
    ("training", "fields"),
    [
        ({"learning_rate": 0.2}, ["training.learning_rate"]),
        ({"learning_rate": 0.2, "seed": 3}, ["training.learning_rate", "training.seed"]),
        ({"learning_rate": 0.1, "max_epochs": 2.0}, ["training.max_epochs"]),
    ],
)
def test_what_may_not_change_is_named(training, fields):
    with pytest.raises(RecipeError) as refused:
        continued(recipe(**training), GIVEN, FILLED)
    assert sorted(field for field, _ in refused.value.errors) == fields


def test_one_that_came_to_its_end_may_end_anywhere_after_it():
    long = recipe(max_steps=5000, patience=3)
    assert continued(recipe(max_steps=900, patience=3), long, long, done=800).training.max_steps == 900
    with pytest.raises(RecipeError, match=r"training.max_steps: the run has taken 800 steps already"):
        continued(recipe(max_steps=800, patience=3), long, long, done=800)
    with pytest.raises(RecipeError, match="goes to 5000 already"):
        continued(recipe(max_steps=900, patience=3), long, long)
