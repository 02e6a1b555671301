"""The training loop against a hand-rolled one, and what it states."""

from __future__ import annotations

import json
from itertools import islice, pairwise
from time import monotonic

import pytest
import torch
from safetensors.torch import load_file

from rnncore.errors import DataError, Diverged, RecipeError, RequestError
from rnncore.recipe import Recipe
from rnncore.tasks import language_model
from rnncore.train import loop
from tests.rnncore.train import byhand
from tests.rnncore.train.conftest import TEXT, StopAfter, feed, of_kind, run, state, tiny

PARAMETERS = [
    "embedding.weight",
    *(f"rnn.{name}_l{k}" for k in range(2) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")),
    "head.weight", "head.bias",
]  # fmt: skip


@pytest.fixture
def double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def watched(monkeypatch):
    """Losses and gradients of every step, as the loop has them in hand."""
    losses, gradients = [], []
    loss, clip = language_model.Task.loss, loop.clip_grad_norm_

    def watched_loss(self, *arguments):
        result = loss(self, *arguments)
        if result[0].requires_grad:
            losses.append(result[0].item())
        return result

    def watched_clip(parameters, norm):
        parameters = list(parameters)
        gradients.append({name: p.grad.clone() for name, p in zip(PARAMETERS, parameters, strict=True)})
        return clip(parameters, norm)

    monkeypatch.setattr(language_model.Task, "loss", watched_loss)
    monkeypatch.setattr(loop, "clip_grad_norm_", watched_clip)
    return losses, gradients


def plain(steps: int, **task) -> Recipe:
    """A recipe whose training can be written out: gradient descent with momentum, nothing random."""
    training = {
        "max_steps": steps, "optimizer": "sgd", "learning_rate": 0.5, "schedule": "constant", "warmup_steps": 0,
        "weight_decay": 0.0, "clip_norm": 0.0, "batch_size": 4, "sequence_length": 12, "evaluate_every": 10**6,
        "checkpoint_every": 10**6,
    }  # fmt: skip
    return tiny(task=task, network={"dropout": 0.0}, training=training, sampling={"every": 0})


@pytest.mark.parametrize("documents", [None, ","])
def test_losses_and_gradients_are_those_of_a_hand_rolled_loop(double, watched, tmp_path, documents):
    (tmp_path / "text.txt").write_text(TEXT)
    steps = 13  # an epoch is six steps, the last of them short; a third one begins
    run(plain(steps, documents=documents or "none"), tmp_path / "text.txt", tmp_path / "run")
    start = load_file(tmp_path / "run/checkpoints/step-00000000/model.safetensors")
    trained = load_file(tmp_path / "run/last/model.safetensors")
    losses, gradients = watched
    hand = byhand.train(TEXT, start, batch=4, length=12, rate=0.5, documents=documents)
    by_hand = list(islice(hand, steps))
    assert losses == pytest.approx([loss for loss, _, _ in by_hand], rel=1e-12)
    for found, (_, wanted, _) in zip(gradients, by_hand, strict=True):
        for name, gradient in wanted.items():
            torch.testing.assert_close(found[name], gradient, rtol=1e-9, atol=1e-13)
    for name, value in by_hand[-1][2].items():
        torch.testing.assert_close(trained[name], value, rtol=1e-9, atol=1e-12)


def test_not_one_character_is_lost_or_read_twice(monkeypatch, tmp_path):
    (tmp_path / "text.txt").write_text(TEXT)
    read = []
    loss = language_model.Task.loss

    def watching(self, forward, batch, *more):
        result = loss(self, forward, batch, *more)
        if result[0].requires_grad:  # a step, not a look at the network
            parts = (batch.inputs, batch.targets.clip(0))
            inputs, targets = (self.tokenizer.decode(part.T.flatten()) for part in parts)
            read.append((inputs, targets, (batch.targets >= 0).T.flatten(), len(batch.inputs)))
        return result

    monkeypatch.setattr(language_model.Task, "loss", watching)
    recipe = tiny(training={"batch_size": 5, "max_epochs": 1.0}, sampling={"every": 0})
    run(recipe, tmp_path / "text.txt", tmp_path / "run")
    pairs = ["" for _ in range(5)], ["" for _ in range(5)]
    for inputs, targets, counted, time in read:
        for stream in range(5):
            for at in range(stream * time, (stream + 1) * time):
                if counted[at]:
                    pairs[0][stream] += inputs[at]
                    pairs[1][stream] += targets[at]
    kept = TEXT[: len(TEXT) - 30]
    assert ("".join(pairs[0]), "".join(pairs[1])) == (kept[:-1], kept[1:])


def test_a_run_states_what_the_contract_says(baselines, text, tmp_path):
    found = run(tiny(), text, tmp_path / "run")
    assert feed(tmp_path / "run") == found
    assert [event["seq"] for event in found] == list(range(1, len(found) + 1))
    assert found[0]["kind"] == "started" and found[-1]["kind"] == "finished"
    trained = load_file(tmp_path / "run/last/model.safetensors")
    wanted = {"steps": 30, "tokens": 3000, "device": "cpu", "precision": "float32"}
    wanted["parameters"] = sum(value.numel() for value in trained.values())
    assert wanted.items() <= found[0].items()
    assert [event["step"] for event in of_kind(found, "evaluated")] == [10, 20, 30]
    assert [event["step"] for event in of_kind(found, "diagnosed")] == [10, 20, 30]
    assert [event["step"] for event in of_kind(found, "sampled")] == [0, 20, 30]
    assert [event["step"] for event in of_kind(found, "checkpointed")] == [0, 5, 10, 15, 20, 25, 30]
    assert {event["name"] for event in of_kind(found, "baseline")} >= {"uniform", "unigram"}
    progress = of_kind(found, "progress")
    assert progress[0]["step"] == 1 and progress[-1]["step"] == 30 and len(progress) >= 20
    assert progress[-1]["remaining_seconds"] == 0 and progress[-1]["loss"] < progress[0]["loss"]
    best = min(of_kind(found, "evaluated"), key=lambda event: event["loss"])
    assert found[-1]["best"] == {"step": best["step"], "loss": best["loss"]}
    assert (tmp_path / "run/best").resolve().name == f"step-{best['step']:08d}"
    assert set(best["metrics"]) == {"bits_per_character", "perplexity"}


def test_progress_is_the_mean_since_the_last_one(watched, text, tmp_path):
    progress = of_kind(run(tiny(), text, tmp_path / "run"), "progress")
    losses, gradients = watched
    assert any(after["step"] - before["step"] > 0 for before, after in pairwise(progress))
    for before, after in pairwise([{"step": 0}, *progress]):
        window = slice(before["step"], after["step"])
        assert after["loss"] == pytest.approx(sum(losses[window]) / len(losses[window]), rel=0.02)  # weighed by tokens
        norms = [torch.stack([value.norm() for value in step.values()]).norm().item() for step in gradients[window]]
        assert after["grad_norm"] == pytest.approx(sum(norms) / len(norms), rel=1e-4)


def test_a_huge_learning_rate_fails_in_words_and_keeps_the_last_good_checkpoint(text, tmp_path):
    recipe = tiny(training={"learning_rate": 1e9, "checkpoint_every": 1, "evaluate_every": 7})
    with pytest.raises(Diverged):
        run(recipe, text, tmp_path / "run")
    last = feed(tmp_path / "run")[-1]
    assert last["kind"] == "failed" and f"step {last['step']}" in last["error"] and "learning rate" in last["hint"]
    for name in ("best", "last"):
        kept = load_file(tmp_path / "run" / name / "model.safetensors")
        assert all(value.abs().max() < 10 for value in kept.values())


@pytest.mark.parametrize("broken", ["loss", "gradient"])
def test_a_number_that_is_not_finite_names_its_step(monkeypatch, text, tmp_path, broken):
    original = loop.clip_grad_norm_
    calls = []

    def clip(parameters, norm):
        parameters = list(parameters)
        calls.append(1)
        if len(calls) == 8:
            if broken == "loss":
                parameters[0].data.fill_(float("nan"))  # the loss of the next step
            parameters[-1].grad.fill_(float("inf"))
        return original(parameters, norm)

    monkeypatch.setattr(loop, "clip_grad_norm_", clip)
    with pytest.raises(Diverged) as caught:
        run(tiny(), text, tmp_path / "run")
    assert caught.value.step == 8
    kept = load_file(tmp_path / "run/last/model.safetensors")
    assert all(value.isfinite().all() for value in kept.values())


def test_validation_changes_nothing_about_the_training(text, tmp_path):
    often = tiny(training={"evaluate_every": 3, "checkpoint_every": 30}, sampling={"every": 4})
    never = tiny(training={"evaluate_every": 10**6, "checkpoint_every": 30}, sampling={"every": 0})
    run(often, text, tmp_path / "often")
    run(never, text, tmp_path / "never")
    first, second = (load_file(tmp_path / name / "last/model.safetensors") for name in ("often", "never"))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_patience_ends_a_run_that_no_longer_improves(text, tmp_path):
    recipe = tiny(training={
        "learning_rate": 1e-10, "optimizer": "sgd", "patience": 3, "max_steps": 500, "evaluate_every": 2,
        "checkpoint_every": 100,
    })  # fmt: skip
    found = run(recipe, text, tmp_path / "run")
    losses = [event["loss"] for event in of_kind(found, "evaluated")]
    best = losses.index(min(losses))
    assert found[-1]["kind"] == "finished" and len(losses) == best + 1 + 3 and found[-1]["step"] < 500
    assert state(tmp_path / "run")["waited"] == 3
    assert of_kind(found, "sampled")[-1]["step"] == of_kind(found, "checkpointed")[-1]["step"] == found[-1]["step"]


def test_the_test_part_is_measured_once_with_the_best_weights(text, tmp_path):
    training = {"test_fraction": 0.1, "learning_rate": 1.0, "schedule": "constant", "evaluate_every": 5}
    found = run(tiny(training={**training, "max_steps": 40}), text, tmp_path / "run")
    tests = [event for event in of_kind(found, "evaluated") if event["split"] == "test"]
    assert len(tests) == 1 and tests[0] is found[-2]
    best = int(found[-1]["best"]["step"])
    assert best < 40
    shorter = run(tiny(training={**training, "max_steps": best}), text, tmp_path / "again")
    assert shorter[-2]["split"] == "test" and shorter[-2]["loss"] == pytest.approx(tests[0]["loss"], rel=1e-6)


def test_texts_of_their_own_take_the_place_of_shares(text, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text(text.read_text()[:500])
    found = run(tiny(), text, tmp_path / "run", valid=other, test=other)
    valid, test = of_kind(found, "evaluated")[-2:]
    assert (valid["split"], test["split"]) == ("valid", "test")
    assert json.loads((tmp_path / "run/resolved.json").read_bytes())["data"].keys() == {"data", "valid", "test"}


def test_without_a_validation_part_the_last_checkpoint_is_the_best(baselines, text, tmp_path):
    found = run(tiny(training={"validation_fraction": 0.0}), text, tmp_path / "run")
    assert not of_kind(found, "evaluated") and not of_kind(found, "baseline") and found[-1]["best"] is None
    assert (tmp_path / "run/best").resolve() == (tmp_path / "run/last").resolve()


def test_minutes_end_a_run_and_bend_the_schedule(text, tmp_path):
    start = monotonic()
    recipe = tiny(training={"max_steps": 10**6, "max_minutes": 0.02, "evaluate_every": 10**6})
    found = run(recipe, text, tmp_path / "run")
    progress = of_kind(found, "progress")
    assert found[-1]["kind"] == "finished" and monotonic() - start >= 1.2
    assert progress[-1]["learning_rate"] == pytest.approx(0.05 * 0.01, rel=0.1) and len(progress) >= 20
    ends = {of_kind(found, kind)[-1]["step"] for kind in ("progress", "evaluated", "sampled", "checkpointed")}
    assert ends == {found[-1]["step"]}


def test_stopping_writes_a_checkpoint_and_says_so(text, tmp_path):
    stop = StopAfter(lambda event: event["kind"] == "progress" and event["step"] >= 7)
    found = run(tiny(), text, tmp_path / "run", stop=stop)
    assert [event["kind"] for event in found[-2:]] == ["checkpointed", "stopped"]
    assert found[-1]["step"] == found[-2]["step"] == state(tmp_path / "run")["step"] >= 7


def test_a_stop_while_the_data_is_read_leaves_nothing_behind_but_the_word(text, tmp_path):
    found = list(loop.train(tiny(), text, tmp_path / "run", should_stop=lambda: True))
    assert [event["kind"] for event in found] == ["stopped"]
    assert run(tiny(), text, tmp_path / "run", resume=True)[-1]["kind"] == "finished"


@pytest.mark.parametrize(("content", "field"), [("", "empty"), ("aaaaaaaaaaaaaaaaaaaaaa", "one character")])
def test_a_text_that_teaches_nothing_is_refused(tmp_path, content, field):
    (tmp_path / "text.txt").write_text(content)
    with pytest.raises(DataError, match=field):
        run(tiny(), tmp_path / "text.txt", tmp_path / "run")


def test_a_text_shorter_than_a_chunk_trains(tmp_path):
    (tmp_path / "text.txt").write_text("to be or not")
    assert run(tiny(training={"max_steps": 3}), tmp_path / "text.txt", tmp_path / "run")[-1]["kind"] == "finished"


def test_a_prompt_the_text_has_no_characters_for_is_refused(text, tmp_path):
    with pytest.raises(RecipeError, match=r"sampling\.prompts"):
        run(tiny(sampling={"prompts": ["日本"]}), text, tmp_path / "run")


def test_a_second_run_does_not_overwrite_the_first(text, tmp_path):
    run(tiny(training={"max_steps": 2}), text, tmp_path / "run")
    with pytest.raises(RequestError, match="already holds a run"):
        run(tiny(), text, tmp_path / "run")
