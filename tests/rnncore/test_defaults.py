"""Values for what a recipe leaves open."""

from __future__ import annotations

import pytest

from rnncore import recipe as recipes
from rnncore.defaults import Facts, fill, fill_task, round_number
from rnncore.errors import RecipeError
from rnncore.recipe import Recipe

SIZES = [2, 50, 3_000, 20_000, 200_000, 1_115_394, 50_000_000, 5_000_000_000]
ENDS = [{}, {"max_minutes": 8.0}, {"max_steps": 60}, {"max_epochs": 0.5}, {"max_steps": 1}]


def filled(tokens: int, vocabulary_size: int | None = 65, **tables) -> Recipe:
    given = Recipe.parse({"task": {"kind": "language_model"}, **tables})
    return fill(given, Facts(tokens=tokens, vocabulary_size=vocabulary_size, characters=tokens))


@pytest.mark.parametrize("training", ENDS, ids=str)
@pytest.mark.parametrize("tokens", SIZES)
def test_every_field_becomes_concrete_but_the_ends_that_were_not_given(tokens, training):
    found = filled(tokens, training=training)
    for field in recipes.fields():
        value = getattr(getattr(found, field.table), field.name)
        if field.serves("language_model") and not field.name.startswith("max_"):
            assert value is not None, field.path
    ends = {name: value for name, value in found.training if name.startswith("max_") and value is not None}
    assert ends == training or (training == {} and ends.keys() == {"max_epochs"})


@pytest.mark.parametrize("tokens", SIZES)
def test_what_was_given_stays(tokens):
    given = {
        "task": {"kind": "language_model", "tokens": "word", "vocabulary_size": 300, "documents": "lines"},
        "network": {"cell": "rnn", "nonlinearity": "relu", "hidden_size": 3, "dropout": 0.0},
        "training": {"batch_size": 7, "max_steps": 9, "warmup_steps": 0, "patience": 0, "validation_fraction": 0.0},
        "sampling": {"every": 0, "prompts": [], "temperatures": [2.0]},
    }
    found = fill(Recipe.parse(given), Facts(tokens, None, tokens)).to_dict()
    for table, values in given.items():
        assert values.items() <= found[table].items()


def test_filling_in_twice_changes_nothing():
    once = filled(1_000_000)
    assert fill(once, Facts(5_000, 20, 5_000)) == once


@pytest.mark.parametrize("training", ENDS[1:3], ids=str)
@pytest.mark.parametrize("tokens", SIZES[2:])
def test_a_run_is_measured_ten_times_or_more(tokens, training):
    """By the guess of its length, where minutes end it."""
    training = {"max_steps": 60} if "max_steps" in training else training
    found = filled(tokens, training=training).training
    from rnncore.plan import plan

    steps = plan(Recipe.parse({"task": {"kind": "language_model"}, "training": training}),
                 Facts(tokens, 65, tokens)).steps  # fmt: skip
    assert 10 <= steps // found.evaluate_every <= 100
    assert found.checkpoint_every == found.evaluate_every


def test_a_short_text_gets_a_small_network_and_much_dropout():
    small, middle, large = filled(20_000), filled(1_115_394), filled(50_000_000)
    assert small.network.hidden_size < middle.network.hidden_size < large.network.hidden_size
    assert small.network.dropout > middle.network.dropout > large.network.dropout


def test_a_text_that_is_read_a_few_times_gets_less_dropout():
    short, long = (filled(1_115_394, training={"max_minutes": minutes}) for minutes in (8.0, 120.0))
    assert short.network.dropout < long.network.dropout


def test_a_long_text_holds_back_no_more_than_validation_needs():
    assert filled(1_115_394).training.validation_fraction == 0.1
    assert filled(50_000_000).training.validation_fraction * 50_000_000 == pytest.approx(250_000, rel=0.05)


@pytest.mark.parametrize("tokens", [3_000, 20_000, 200_000])
def test_an_epoch_of_a_short_text_is_several_steps(tokens):
    training = filled(tokens).training
    assert tokens / (training.batch_size * training.sequence_length) >= 7


def test_tied_weights_agree_on_a_size():
    assert filled(10_000, network={"tied": True, "embedding_size": 40}).network.hidden_size == 40
    assert filled(10_000, network={"tied": True, "hidden_size": 50}).network.embedding_size == 50
    both = filled(10_000, network={"tied": True}).network
    assert both.hidden_size == both.embedding_size


def test_warm_up_ends_before_the_training_does():
    assert filled(10_000, training={"max_steps": 5}).training.warmup_steps < 5


def test_a_contradiction_that_shows_only_once_filled_in_is_named():
    with pytest.raises(RecipeError, match=r"training\.test_fraction"):
        filled(10_000, training={"test_fraction": 0.9})


def test_the_task_alone_can_be_filled_in():
    task = fill_task(Recipe.parse({"task": {"kind": "language_model", "tokens": "bpe"}})).task
    assert (task.documents, task.tokens) == ("none", "bpe") and task.vocabulary_size > 0


@pytest.mark.parametrize(("value", "wanted"), [(0.01, 1), (1, 1), (1.9, 1), (2, 2), (4.9, 3), (10, 10), (14, 10),
                                               (15, 15), (99, 50), (100, 100), (1e6, 10**6)])  # fmt: skip
def test_round_numbers(value, wanted):
    assert round_number(value) == wanted
