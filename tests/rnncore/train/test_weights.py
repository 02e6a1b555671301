"""A run may start from the weights of another: what they fit, what they do not, and that it can be gone on with."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnncore.data import synthetic
from rnncore.errors import DataError, RecipeError, RequestError
from rnncore.recipe import Recipe
from rnncore.train import meter
from rnncore.train.loop import train
from tests.rnncore.train.conftest import StopAfter, facts, feed, of_kind, run, tiny, weights

TASKS = {
    "classification": ("sum_mod_10", {}),
    "regression": ("sum", {}),
    "seq2seq": ("reverse", {}),
    "conditional_generation": ("jingles", {}),
    "forecasting": ("seasonal", {"horizon": 4, "lookback": 16}),
}


@pytest.fixture(scope="module", autouse=True)
def steady():
    """Progress is stated by steps alone, however busy the machine is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(meter, "WINDOW_SECONDS", 1e9)
        yield


@pytest.fixture(scope="module")
def model(text, tmp_path_factory) -> Path:
    """The best checkpoint of a language model's run."""
    out = tmp_path_factory.mktemp("model") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rnncore.tasks.language_model.Task.baselines", lambda self: None)
        run(tiny(), text, out)
    return (out / "best").resolve()


def bare(**tables: Any) -> Recipe:
    """A recipe that says nothing of the network."""
    body = tiny().to_dict() | {"network": {"dropout": 0.1}}
    return Recipe.parse(body).replacing(**tables)


def small(kind: str, **task: Any) -> Recipe:
    training = {"device": "cpu", "precision": "float32", "max_steps": 6, "evaluate_every": 3, "checkpoint_every": 3}
    network = {"hidden_size": 6, "num_layers": 1, "dropout": 0.0}
    return Recipe.parse(
        {"task": {"kind": kind, **task}, "network": network, "training": training, "sampling": {"every": 0}}
    )


def started_with(out: Path) -> bytes:
    """The weights of the first checkpoint, before any step."""
    return (out / "checkpoints/step-00000000/model.safetensors").read_bytes()


def test_it_begins_with_the_bits_of_the_model_and_learns_on(text, model, tmp_path):
    found = run(bare(), text, tmp_path / "run", weights=model)
    assert started_with(tmp_path / "run") == (model / "model.safetensors").read_bytes()
    assert weights(tmp_path / "run") != started_with(tmp_path / "run")
    assert found[0]["unknown"] == 0
    recipe = Recipe.load(tmp_path / "run/recipe.json")
    assert (recipe.network.hidden_size, recipe.network.num_layers, recipe.network.dropout) == (12, 2, 0.1)
    first = of_kind(found, "progress")[0]
    assert first["learning_rate"] > 0 and first["seconds"] < 60


def test_another_folder_than_a_checkpoint_works_too(text, model, tmp_path):
    folder = tmp_path / "unpacked"
    folder.mkdir()
    for name in ("model.safetensors", "network.json", "tokenizer.json", "recipe.json"):
        shutil.copyfile(model / name, folder / name)
    run(bare(training={"max_steps": 2}), text, tmp_path / "run", weights=folder)
    assert started_with(tmp_path / "run") == (model / "model.safetensors").read_bytes()


@pytest.mark.parametrize("kind", ["started", "sampled", "progress", "evaluated"])
def test_stopped_anywhere_it_goes_on_to_the_same_bits_without_the_folder(text, model, tmp_path, kind):
    run(bare(), text, tmp_path / "undisturbed", weights=model)
    gone = tmp_path / "gone"
    shutil.copytree(model, gone)
    attempt = train(bare(), text, tmp_path / "run", weights=gone)
    assert next(event for event in attempt if event["kind"] == kind)
    attempt.close()  # cut off; before the first checkpoint where it had only started
    shutil.rmtree(gone)
    run(bare(), text, tmp_path / "run", resume=True, weights=gone)
    assert weights(tmp_path / "run") == weights(tmp_path / "undisturbed")
    kinds = "progress", "evaluated", "sampled"
    assert facts(tmp_path / "run", *kinds) == facts(tmp_path / "undisturbed", *kinds)


def test_a_stopped_one_is_the_same_run(text, model, tmp_path):
    run(bare(), text, tmp_path / "undisturbed", weights=model)
    stop = StopAfter(lambda event: event["kind"] == "progress" and event["step"] >= 12)
    run(bare(), text, tmp_path / "run", stop=stop, weights=model)
    run(bare(), text, tmp_path / "run", resume=True)
    assert weights(tmp_path / "run") == weights(tmp_path / "undisturbed")
    assert [event["seq"] for event in feed(tmp_path / "run")] == list(range(1, len(feed(tmp_path / "run")) + 1))


def test_other_weights_are_refused_when_it_goes_on(text, model, tmp_path):
    run(bare(training={"max_steps": 2}), text, tmp_path / "run")
    with pytest.raises(RequestError, match="other weights"):
        run(bare(training={"max_steps": 2}), text, tmp_path / "run", resume=True, weights=model)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"network": {"hidden_size": 13}}, "network.hidden_size"),
        ({"network": {"cell": "gru"}}, "network.cell"),
        ({"network": {"num_layers": 1}}, "network.num_layers"),
        ({"network": {"tied": True, "embedding_size": 12, "hidden_size": 12}}, "network.tied"),
        ({"task": {"tokens": "byte"}}, "task.tokens"),
    ],
)
def test_what_does_not_fit_is_named_by_its_field(text, model, tmp_path, change, field):
    with pytest.raises(RecipeError) as refused:
        run(bare(**change), text, tmp_path / "run", weights=model)
    assert field in dict(refused.value.errors)
    assert not (tmp_path / "run/resolved.json").exists()


def test_every_field_that_does_not_fit_is_named(text, model, tmp_path):
    with pytest.raises(RecipeError) as refused:
        run(bare(network={"hidden_size": 13, "cell": "gru"}), text, tmp_path / "run", weights=model)
    assert set(dict(refused.value.errors)) == {"network.hidden_size", "network.cell"}


def test_weights_of_another_task_are_refused(model, tmp_path):
    synthetic.write("sum_mod_10", tmp_path / "sums.csv", 60, 1)
    with pytest.raises(RecipeError, match=r"task\.kind: the weights learned another task: language model"):
        run(small("classification"), tmp_path / "sums.csv", tmp_path / "run", weights=model)


@pytest.mark.parametrize("damage", ["nothing", "no recipe", "cut short", "other sizes"])
def test_a_folder_without_whole_weights_is_refused(text, model, tmp_path, damage):
    folder = tmp_path / "weights"
    shutil.copytree(model, folder)
    if damage == "nothing":
        shutil.rmtree(folder)
    if damage == "no recipe":
        (folder / "recipe.json").write_text("{")
    if damage == "cut short":
        (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-5])
    if damage == "other sizes":
        recipe = json.loads((folder / "recipe.json").read_bytes())
        recipe["network"]["hidden_size"] = 7
        (folder / "recipe.json").write_text(json.dumps(recipe))
    with pytest.raises(RequestError, match="weights"):
        run(bare(), text, tmp_path / "run", weights=folder)


def test_characters_that_it_does_not_know_are_left_out_and_said(text, model, tmp_path):
    known = text.read_text()
    (tmp_path / "odd.txt").write_text("Ж".join(known[at : at + 100] for at in range(0, len(known), 100)))
    started = run(bare(training={"max_steps": 3}), tmp_path / "odd.txt", tmp_path / "run", weights=model)[0]
    assert started["tokens"] == len(known)
    assert started["unknown"] == pytest.approx(0.01, rel=0.1)


def test_a_text_of_other_characters_is_refused(model, tmp_path):
    (tmp_path / "russian.txt").write_text("война и мир. " * 300)
    with pytest.raises(DataError, match=r"do not know 69.2% of its characters"):
        run(bare(), tmp_path / "russian.txt", tmp_path / "run", weights=model)


def twice(recipe: Recipe, data: Path, folder: Path, other: Path | None = None, **more: Any) -> list[dict[str, Any]]:
    """Trains on ``data``, then on ``other`` from those weights with a recipe that says only what is learned."""
    run(recipe, data, folder / "first")
    body = recipe.to_dict()
    plain = Recipe.parse({"task": {"kind": body["task"]["kind"]}, **{t: body[t] for t in ("training", "sampling")}})
    found = run(plain, other or data, folder / "second", weights=(folder / "first/best").resolve(), **more)
    assert started_with(folder / "second") == weights(folder / "first", "best")
    return found


@pytest.mark.parametrize("kind", TASKS)
def test_every_task_starts_from_weights_and_goes_on(kind, tmp_path):
    name, task = TASKS[kind]
    data = tmp_path / "data.csv"
    synthetic.write(name, data, 200, 1)
    if kind in ("seq2seq", "conditional_generation"):
        task = {**task, "tokens": "char"}
    stop = StopAfter(lambda event: event["kind"] == "evaluated")
    twice(small(kind, **task), data, tmp_path, stop=stop)
    again = run(Recipe.load(tmp_path / "second/recipe.json"), data, tmp_path / "second", resume=True)
    assert again[-1]["kind"] == "finished"


def test_tagging_takes_words_letters_and_tags_over(tmp_path):
    data = tmp_path / "data.conllu"
    lines = lambda text: "\n\n".join(  # noqa: E731
        "\n".join(f"{i}\t{w}\t_\t{t}\t_\t_\t_\t_\t_\t_" for i, (w, t) in enumerate(sentence, 1)) for sentence in text
    ) + "\n\n"  # fmt: skip
    sentences = [[(f"w{i % 7}", "NOUN"), ("runs", "VERB"), (".", "PUNCT")] for i in range(60)]
    data.write_text(lines(sentences))
    other = tmp_path / "other.conllu"
    other.write_text(lines([[(f"w{i % 9}", "NOUN"), ("runs", "VERB")] for i in range(60)]))
    started = twice(small("tagging"), data, tmp_path, other)[0]
    assert 0 < started["unknown"] < 0.2
    other.write_text(lines([*sentences, [("hm", "INTJ")]]))
    folder = (tmp_path / "first/best").resolve()
    plain = small("tagging").replacing(training={"validation_fraction": 0.0})
    with pytest.raises(DataError, match="know no tag 'INTJ'"):
        run(plain, other, tmp_path / "third", weights=folder)


def test_a_label_that_the_weights_do_not_know_is_refused_with_its_line(tmp_path):
    data = tmp_path / "data.csv"
    rows = [f"{'aeiou'[i % 5]}{'aeiou'[i // 5 % 5]},{'soft' if i % 2 else 'hard'}" for i in range(60)]
    data.write_text("word,kind\n" + "\n".join(rows) + "\n")
    plain = small("classification", text_column="word", label_column="kind", tokens="char")
    run(plain, data, tmp_path / "first")
    data.write_text(data.read_text() + "a,silent\n" * 3)
    with pytest.raises(DataError, match="know no label 'silent'; they know hard, soft") as refused:
        run(plain, data, tmp_path / "second", weights=(tmp_path / "first/best").resolve())
    assert refused.value.line >= 62


def test_fewer_labels_and_other_columns_are_fine(tmp_path):
    data, other = tmp_path / "data.csv", tmp_path / "other.csv"
    rows = [f"{'aeiou'[i % 5]}{'aeiou'[i // 5 % 5]},{('hard', 'soft', 'mute')[i % 3]}" for i in range(90)]
    data.write_text("word,kind\n" + "\n".join(rows) + "\n")
    other.write_text("text,label\n" + "\n".join(row for row in rows if "mute" not in row) + "\n")
    plain = small("classification", text_column="word", label_column="kind", tokens="char")
    run(plain, data, tmp_path / "first")
    asked = small("classification", text_column="text", label_column="label")
    run(asked, other, tmp_path / "second", weights=(tmp_path / "first/best").resolve())
    description = json.loads((tmp_path / "second/best/network.json").read_bytes())
    assert description["labels"] == ["hard", "mute", "soft"]


def test_columns_that_are_too_many_are_named(tmp_path):
    rng = np.random.default_rng(1)
    table = rng.normal(size=(200, 2)).cumsum(0)
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text("a\n" + "\n".join(f"{row[0]:.4f}" for row in table) + "\n")
    two.write_text("a,b\n" + "\n".join(f"{row[0]:.4f},{row[1]:.4f}" for row in table) + "\n")
    run(small("forecasting", horizon=4, lookback=16, value_columns=["a"]), one, tmp_path / "first")
    folder = (tmp_path / "first/best").resolve()
    with pytest.raises(RecipeError, match=r"task.value_columns: the weights read 1 of them \(a\), the recipe names 2"):
        run(small("forecasting", value_columns=["a", "b"]), two, tmp_path / "second", weights=folder)
