"""The language model's loss over a split: every token, with the state carried on, whatever the batch size."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from rnncore.data import store, streams, synthetic, tokens
from rnncore.data.streams import Lanes, Part
from rnncore.defaults import Facts, fill
from rnncore.recipe import Recipe
from rnncore.tasks import Sources, language_model, open_task
from rnncore.train.precision import Forward

CPU = torch.device("cpu")


@pytest.fixture
def recipe():
    given = Recipe.parse({"task": {"kind": "language_model"}, "network": {"hidden_size": 8, "embedding_size": 4}})
    return fill(given, Facts(4000, 20, 4000))


@pytest.fixture
def text(tmp_path):
    synthetic.write("grammar", tmp_path / "text.txt", 4000, seed=2)
    return tmp_path / "text.txt"


def make(text, tmp_path, recipe, **files):
    task = open_task(recipe, Sources(text, **files), tmp_path / "data", lambda: None)
    task.begin(recipe)
    torch.manual_seed(1)
    return task, task.network().double()


def test_a_split_of_one_lane_is_the_loss_of_reading_it_through(text, tmp_path, recipe):
    task, network = make(text, tmp_path, recipe.replacing(training={"validation_fraction": 0.05}))
    found = task.evaluate(Forward(network.eval(), "plain"), "valid", CPU, lambda: None)
    part = task.parts.valid
    assert len(Lanes(part)) == 1
    ids = torch.from_numpy(part.store.tokens[:].astype("int64"))
    with torch.no_grad():
        scores, _ = network(ids[part.start - 1 - streams.PRIME : -1].unsqueeze(1))
    wanted = F.cross_entropy(scores[streams.PRIME :, 0], ids[part.start :])
    assert found.loss == pytest.approx(wanted.item(), rel=1e-12)


@pytest.mark.parametrize("documents", ["none", "lines"])
def test_the_batch_size_does_not_change_the_loss(text, tmp_path, recipe, documents):
    task, network = make(text, tmp_path, recipe.replacing(task={"documents": documents}))
    whole = Part("valid", task.stores["data"], 100, 4000)
    forward = Forward(network.eval(), "plain")
    losses = [
        language_model.measure_text(forward, Lanes(whole), 20, CPU, batch_size=size).loss for size in (1, 2, 3, 64)
    ]
    assert losses == pytest.approx([losses[0]] * 4, rel=1e-12)


def test_a_huge_vocabulary_narrows_the_batch(monkeypatch, text, tmp_path, recipe):
    task, network = make(text, tmp_path, recipe)
    widths = []

    def forward(inputs, *more):
        widths.append(inputs.numel())
        return network.eval()(inputs, *more)

    whole = Lanes(Part("valid", task.stores["data"], 100, 4000))
    usual = language_model.measure_text(forward, whole, 20, CPU)
    monkeypatch.setattr(language_model, "EVALUATION_SCORES", 20 * 200)
    narrow = language_model.measure_text(forward, whole, 20, CPU)
    assert usual.loss == pytest.approx(narrow.loss, rel=1e-12)
    assert max(widths[-3:]) <= 200 < max(widths)


def test_documents_are_honoured_in_validation(text, tmp_path, recipe):
    losses = {}
    for documents in ("none", "lines"):
        task, network = make(text, tmp_path / documents, recipe.replacing(task={"documents": documents}))
        network.eval()
        forward = Forward(network, "plain")
        losses[documents] = task.evaluate(forward, "valid", CPU, lambda: None).loss
        if documents == "lines":  # by hand: every line is read from zero, beginning with the line end before it
            kept = text.read_text()
            vocabulary = {character: index for index, character in enumerate(sorted(set(kept)))}
            ids = torch.tensor([vocabulary[character] for character in kept])
            total = 0.0
            for at in range(3600, 4000):
                begin = kept.rfind("\n", 0, at)
                with torch.no_grad():
                    scores, _ = network(ids[max(begin, 0) : at].unsqueeze(1))
                total += F.cross_entropy(scores[-1], ids[at : at + 1]).item()
            assert losses[documents] == pytest.approx(total / 400, rel=1e-9)
    assert losses["none"] != losses["lines"]


def test_it_can_be_interrupted(text, tmp_path, recipe):
    task, network = make(text, tmp_path, recipe)

    class Stop(Exception):
        pass

    def tick():
        raise Stop

    with pytest.raises(Stop):
        task.evaluate(Forward(network, "plain"), "valid", CPU, tick)
    with pytest.raises(Stop):
        list(task.samples(network, 0, tick))


@pytest.mark.parametrize("kind", ["char", "byte", "word", "bpe"])
def test_bits_count_characters_whatever_the_tokens(tmp_path, recipe, kind):
    path = tmp_path / "text.txt"
    path.write_text("der Bär über Öl und Bäume\n" * 60)
    task, network = make(path, tmp_path, recipe.replacing(task={"tokens": kind}))
    found = task.evaluate(Forward(network.eval(), "plain"), "valid", CPU, lambda: None)
    part = task.parts.valid
    text = tokens.Tokenizer.decode(task.tokenizer, part.tokens)
    bits = found.loss * len(part) / len(text) / math.log(2)
    assert found.metrics["bits_per_character"] == pytest.approx(bits, rel=0.02)
    assert found.metrics["perplexity"] == pytest.approx(math.exp(found.loss))


def test_samples_come_for_each_prompt_and_temperature_and_are_the_same_again(text, tmp_path, recipe):
    prompts = ["", text.read_text()[:5]]
    recipe = recipe.replacing(sampling={"prompts": prompts, "temperatures": [0.5, 1.0], "length": 12})
    task, network = make(text, tmp_path, recipe)
    first, second = (list(task.samples(network.float(), 3, lambda: None)) for _ in range(2))
    assert first == second
    assert [(sample.prompt, sample.temperature) for sample in first] == [(p, t) for p in prompts for t in (0.5, 1.0)]
    assert all(len(sample.text) == 12 and sample.step == 3 for sample in first)


def test_the_tokenizer_covers_all_texts_and_is_kept(text, tmp_path, recipe):
    other = tmp_path / "valid.txt"
    other.write_text("%%% and more of it, not in the text")
    task, _ = make(text, tmp_path, recipe, valid=other)
    assert "%" in task.tokenizer.decode(range(task.tokenizer.vocabulary_size))
    assert {part.name for part in (task.parts.valid,) if part} == {"valid"}
    assert task.parts.valid.store.characters() == 35
    again = open_task(recipe, Sources(text), tmp_path / "data", lambda: None)
    assert again.tokenizer.vocabulary_size == task.tokenizer.vocabulary_size
    assert store.TokenStore.open(tmp_path / "data/data").vocabulary_size == task.tokenizer.vocabulary_size
