"""What a training will take, said before it starts."""

from __future__ import annotations

import json
import math

import pytest

from rnncore import cost
from rnncore.data import store, streams, tokens
from rnncore.defaults import Facts
from rnncore.plan import facts_of, plan, steps_per_epoch
from rnncore.recipe import Recipe

FACTS = Facts(tokens=1_115_394, vocabulary_size=65, characters=1_115_394)
MACHINE = {"flops": 1e11, "step_overhead": 1e-5, "fixed": 1e-3, "device": "cpu"}


def recipe(**tables) -> Recipe:
    return Recipe.parse({"task": {"kind": "language_model"}, **tables})


def test_it_is_what_the_contract_prints():
    body = plan(recipe(), FACTS).to_dict()
    assert {"parameters", "training_bytes", "steps_per_epoch", "steps", "seconds"} <= body.keys()
    assert Recipe.parse(body["recipe"]) == plan(recipe(), FACTS).recipe
    json.dumps(body)


def test_a_measured_machine_answers_in_its_own_time():
    training = {"max_steps": 100, "evaluate_every": 1000}
    guessed, slow, fast = (
        plan(recipe(training=training), FACTS, machine)
        for machine in (None, MACHINE, {**MACHINE, "flops": 2e11, "step_overhead": 5e-6, "fixed": 5e-4})
    )
    assert (guessed.calibrated, slow.calibrated) == (False, True)
    assert slow.seconds == pytest.approx(2 * fast.seconds)


def test_the_nearest_end_counts():
    network = {"hidden_size": 320, "embedding_size": 128, "num_layers": 2}
    for training, steps in [
        ({"max_steps": 100, "max_epochs": 50.0}, 100),
        ({"max_steps": 10**6, "max_epochs": 0.5}, 82),
        ({"max_steps": 10**6, "max_minutes": 0.001}, 1),
    ]:
        training = {"batch_size": 48, **training}
        assert plan(recipe(network=network, training=training), FACTS, MACHINE).steps == steps


def test_minutes_are_kept():
    found = plan(recipe(training={"max_minutes": 10.0, "evaluate_every": 10**6}), FACTS, MACHINE)
    assert found.seconds == pytest.approx(600, rel=0.01)


@pytest.mark.parametrize("characters", [10, 11, 163, 164, 1000])
@pytest.mark.parametrize("training", [{}, {"batch_size": 7, "sequence_length": 5, "test_fraction": 0.15}])
def test_steps_of_an_epoch_are_those_of_the_streams(tmp_path, characters, training):
    (tmp_path / "text").write_text(("abcdefg" * characters)[:characters])
    found = plan(recipe(training=training), facts_of(recipe(), tmp_path / "text")[1])
    filled = found.recipe.training
    encoded = store.encode(tmp_path / "text", tokens.build("char", ["abcdefg"]), tmp_path / "store")
    part = streams.split(encoded, filled.validation_fraction, filled.test_fraction).train
    real = streams.Streams(part, filled.batch_size, filled.sequence_length)
    assert found.steps_per_epoch == steps_per_epoch(found.recipe, characters) == real.chunks_per_epoch


@pytest.mark.parametrize("kind", ["char", "byte", "word", "bpe"])
def test_facts_are_those_of_the_encoded_text(tmp_path, kind):
    text = "the cat sat on the mät.\n" * 40
    (tmp_path / "text").write_text(text)
    _, found = facts_of(recipe(task={"kind": "language_model", "tokens": kind}), tmp_path / "text")
    tokenizer = tokens.build(kind, [text])
    assert found == Facts(len(tokenizer.encode(text)), tokenizer.vocabulary_size, len(text))


def test_memory_grows_with_the_chunk_and_the_network():
    def memory(**changes):
        training = {"batch_size": 32, "sequence_length": 64, **changes.pop("training", {})}
        found = plan(recipe(training=training, network={"hidden_size": 128, **changes}), FACTS)
        return found.training_bytes - cost.PROCESS_BYTES

    assert memory(training={"sequence_length": 128}) > 1.5 * memory()
    assert memory(hidden_size=512) > 3 * memory()
    sgd = memory(training={"optimizer": "sgd"})
    parameters = plan(recipe(network={"hidden_size": 128}), FACTS).parameters
    assert memory() - sgd == 4 * parameters


def test_work_is_six_operations_a_weight():
    network = plan(recipe(network={"bias": False}), FACTS).recipe.network
    read = cost.parameters(network, 65) - 65 * network.embedding_size - 65  # a token is looked up, not multiplied
    assert math.isclose(cost.token_flops(network, 65), 6 * read)
