"""A run that was stopped, killed or cut off ends with the bits of one that was not."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from itertools import cycle
from pathlib import Path

import pytest
import torch

from rnncore.errors import Busy, RequestError
from rnncore.recipe import Recipe
from rnncore.train import meter
from rnncore.train.folder import Folder
from rnncore.train.loop import train
from tests.rnncore.train.conftest import StopAfter, facts, feed, of_kind, run, state, tiny, weights

PRECISIONS = ("float32", "bfloat16")

KILLED = """
import os, signal, sys
from pathlib import Path
from rnncore.tasks import language_model
from rnncore.train import checkpoint, feed, folder, meter
from rnncore.__main__ import main

language_model.Task.baselines = lambda self: None
meter.WINDOW_SECONDS = 1e9

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def when(original, condition):
    return lambda *a, **k: die() if condition(*a) else original(*a, **k)

where = sys.argv[1]
if where == "between checkpoints":
    feed.Feed.append = when(feed.Feed.append, lambda self, event: event.kind == "progress" and event.step >= 18)
elif where == "inside a checkpoint":
    checkpoint._write = when(checkpoint._write, lambda path, raw: path.match("*00000015/state.json"))
elif where == "before a checkpoint appears":
    Path.rename = when(Path.rename, lambda path, target: target.name == "step-00000015")
elif where == "before last points to it":
    folder.Folder.point = when(folder.Folder.point, lambda self, name, path: path.name == "step-00000015")
elif where == "inside a line":
    original = feed.Feed.append
    def append(self, event):
        if event.kind == "evaluated" and event.step == 20:
            self._file.write(b'{"seq":99,"at":"20')
            die()
        return original(self, event)
    feed.Feed.append = append
sys.exit(main(sys.argv[2:]))
"""


@pytest.fixture(scope="module", autouse=True)
def steady():
    """One thread, and progress that is stated by steps alone, however busy the machine is."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(meter, "WINDOW_SECONDS", 1e9)
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module", params=PRECISIONS)
def precision(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def undisturbed(steady, precision, text, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp(precision) / "run"
    run(recipe(precision), text, out)
    return out


def recipe(precision: str = "float32", **training):
    """Of 44 steps: from step 2 on, progress is a mean over two."""
    return tiny(training={"precision": precision, "max_steps": 44, **training})


def same(out: Path, other: Path) -> None:
    assert weights(out) == weights(other)
    assert weights(out, "best") == weights(other, "best")
    kinds = "progress", "evaluated", "sampled", "diagnosed"
    assert facts(out, *kinds) == facts(other, *kinds)
    kept = {event["step"]: event for event in facts(out, "checkpointed")}
    wanted = {event["step"]: event for event in facts(other, "checkpointed")}
    assert kept == {**kept, **wanted}  # there may be more: a stop writes one
    assert [event["seq"] for event in feed(out)] == list(range(1, len(feed(out)) + 1))


@pytest.mark.parametrize("kind", ["progress", "evaluated", "sampled", "checkpointed"])
def test_a_stop_and_a_resume_change_no_bit(precision, undisturbed, text, tmp_path, kind):
    stop = StopAfter(lambda event: event["kind"] == kind and event["step"] >= 12)
    first = run(recipe(precision), text, tmp_path / "run", stop=stop)
    assert first[-1]["kind"] == "stopped" and first[-1]["step"] < 44
    second = run(recipe(precision), text, tmp_path / "run", resume=True)
    assert second[0] == {**second[0], "kind": "rewound", "step": first[-1]["step"]}
    same(tmp_path / "run", undisturbed)


def test_a_stop_in_every_duty_and_step_changes_no_bit(undisturbed, precision, text, tmp_path):
    for often in cycle((27, 4, 31, 9, 29, 14, 6)):
        asked = iter(range(often))
        stop = lambda: next(asked, None) is None  # noqa: B023, E731
        *_, last = train(recipe(precision), text, tmp_path / "run", resume=True, should_stop=stop)
        if last["kind"] == "finished":
            break
    assert len({event["step"] for event in of_kind(feed(tmp_path / "run"), "stopped")}) >= 5
    same(tmp_path / "run", undisturbed)


def test_the_plateau_schedule_goes_on_where_it_was(text, tmp_path):
    plateau = recipe(schedule="plateau", learning_rate=0.5, evaluate_every=3)
    rates = {event["learning_rate"] for event in of_kind(run(plateau, text, tmp_path / "undisturbed"), "progress")}
    assert len(rates) > 3
    stop = StopAfter(lambda event: event["kind"] == "progress" and event["learning_rate"] < 0.3 and event["step"] > 9)
    run(plateau, text, tmp_path / "run", stop=stop)
    run(plateau, text, tmp_path / "run", resume=True)
    same(tmp_path / "run", tmp_path / "undisturbed")


@pytest.mark.parametrize(
    ("precision", "where"),
    [
        ("float32", "between checkpoints"), ("float32", "inside a checkpoint"),
        ("float32", "before a checkpoint appears"), ("float32", "before last points to it"),
        ("float32", "inside a line"), ("bfloat16", "between checkpoints"), ("bfloat16", "inside a checkpoint"),
    ],
    indirect=["precision"],
)  # fmt: skip
def test_a_killed_run_goes_on_to_the_same_bits(undisturbed, precision, text, tmp_path, where):
    out = tmp_path / "run"
    (tmp_path / "recipe.json").write_text(json.dumps(recipe(precision).to_dict()))
    arguments = ["train", str(tmp_path / "recipe.json"), "--data", str(text), "--out", str(out)]
    process = subprocess.run(
        [sys.executable, "-c", KILLED, where, *arguments], env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True, timeout=120,
    )  # fmt: skip
    assert process.returncode == -signal.SIGKILL, process.stderr
    found = run(recipe(precision), text, out, resume=True)
    assert found[0]["kind"] == "rewound" and 10 <= found[0]["step"] <= 15
    same(out, undisturbed)
    assert not list((out / "checkpoints").glob(".*"))


@pytest.mark.parametrize("kind", ["evaluated", "diagnosed", "sampled", "checkpointed"])
def test_no_fact_is_stated_twice_by_an_attempt_that_is_cut_off(undisturbed, precision, text, tmp_path, kind):
    """Stopped in the middle of what is due at step 20, then cut off right after a fact of that step."""
    stop = StopAfter(lambda event: event["kind"] == "progress" and event["step"] == 20)
    run(recipe(precision), text, tmp_path / "run", stop=stop)
    assert state(tmp_path / "run")["did"]["evaluate"] == 10
    attempt = train(recipe(precision), text, tmp_path / "run", resume=True)
    assert next(event for event in attempt if event["kind"] == kind)["step"] == 20
    attempt.close()
    run(recipe(precision), text, tmp_path / "run", resume=True)
    same(tmp_path / "run", undisturbed)


def test_a_damaged_newest_checkpoint_is_passed_over(text, tmp_path):
    run(recipe(), text, tmp_path / "undisturbed")
    stop = StopAfter(lambda event: event["kind"] == "checkpointed" and event["step"] == 15)
    run(recipe(), text, tmp_path / "run", stop=stop)
    path = tmp_path / "run/checkpoints/step-00000015/state.safetensors"
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    assert run(recipe(), text, tmp_path / "run", resume=True)[0]["step"] == 10
    same(tmp_path / "run", tmp_path / "undisturbed")


@pytest.mark.parametrize("kind", ["started", "sampled"])
def test_cut_off_before_the_first_checkpoint_it_starts_again(undisturbed, precision, text, tmp_path, kind):
    attempt = train(recipe(precision), text, tmp_path / "run")
    assert next(event for event in attempt if event["kind"] == kind)["step"] == 0
    attempt.close()
    found = run(recipe(precision), text, tmp_path / "run", resume=True)
    assert (found[0]["kind"], found[0]["step"], found[-1]["kind"]) == ("rewound", 0, "finished")
    same(tmp_path / "run", undisturbed)


def test_resuming_where_nothing_was_started_starts(text, tmp_path):
    found = run(recipe(), text, tmp_path / "run", resume=True)
    assert found[0]["kind"] == "started" and found[-1]["kind"] == "finished"


def test_a_finished_run_has_nothing_to_do(text, tmp_path):
    run(recipe(), text, tmp_path / "run")
    before = (tmp_path / "run/events.jsonl").read_bytes()
    assert run(recipe(), text, tmp_path / "run", resume=True) == []
    assert (tmp_path / "run/events.jsonl").read_bytes() == before


def test_more_steps_continue_a_finished_run(text, tmp_path):
    constant = {"schedule": "constant"}
    run(recipe(**constant, max_steps=20), text, tmp_path / "run")
    found = run(recipe(**constant, max_steps=44), text, tmp_path / "run", resume=True)
    assert (found[0]["kind"], found[0]["step"], found[-1]["kind"], found[-1]["step"]) == ("rewound", 20, "finished", 44)
    run(recipe(**constant), text, tmp_path / "undisturbed")
    assert weights(tmp_path / "run") == weights(tmp_path / "undisturbed")
    assert json.loads((tmp_path / "run/recipe.json").read_bytes())["training"]["max_steps"] == 44


def test_more_steps_draw_the_schedule_out(text, tmp_path):
    run(recipe(max_steps=20), text, tmp_path / "run")
    found = of_kind(run(recipe(max_steps=40), text, tmp_path / "run", resume=True), "progress")
    assert found[0]["learning_rate"] > found[-1]["learning_rate"] == pytest.approx(0.05 * 0.01, rel=0.2)


def test_the_filled_in_recipe_resumes_too(text, tmp_path):
    stop = StopAfter(lambda event: event["kind"] == "checkpointed" and event["step"] == 10)
    run(recipe(), text, tmp_path / "run", stop=stop)
    filled = Recipe.load(tmp_path / "run/recipe.json")
    assert run(filled, text, tmp_path / "run", resume=True)[-1]["kind"] == "finished"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"network": {"hidden_size": 13}}, "network.hidden_size"),
        ({"training": {"learning_rate": 0.02}}, "training.learning_rate"),
        ({"training": {"max_steps": 43}}, "training.max_steps"),
        ({"sampling": {"prompts": ["a"]}}, "sampling.prompts"),
    ],
)
def test_another_recipe_is_refused(text, tmp_path, change, field):
    stop = StopAfter(lambda event: event["kind"] == "started")
    run(recipe(), text, tmp_path / "run", stop=stop)
    with pytest.raises(RequestError, match=field):
        run(recipe().replacing(**change), text, tmp_path / "run", resume=True)


def test_other_data_is_refused(text, tmp_path):
    stop = StopAfter(lambda event: event["kind"] == "started")
    run(recipe(), text, tmp_path / "run", stop=stop)
    (tmp_path / "text.txt").write_text(text.read_text() + "!")
    with pytest.raises(RequestError, match="other bytes"):
        run(recipe(), tmp_path / "text.txt", tmp_path / "run", resume=True)
    with pytest.raises(RequestError, match="--valid"):
        run(recipe(), text, tmp_path / "run", resume=True, valid=text)


def test_what_auto_became_is_kept(text, tmp_path):
    stop = StopAfter(lambda event: event["kind"] == "checkpointed" and event["step"] == 10)
    run(recipe(precision="auto"), text, tmp_path / "run", stop=stop)
    path = tmp_path / "run/resolved.json"
    resolved = json.loads(path.read_bytes())
    assert {"device", "precision", "path", "threads", "torch"} <= resolved.keys()
    path.write_text(json.dumps({**resolved, "threads": 2}))
    run(recipe(precision="auto"), text, tmp_path / "run", resume=True)
    assert torch.get_num_threads() == 2
    assert json.loads(path.read_bytes())["threads"] == 2


def test_only_one_process_writes(text, tmp_path):
    with Folder(tmp_path / "run"), pytest.raises(Busy, match=str(os.getpid())):
        run(recipe(), text, tmp_path / "run")


def test_a_resume_restates_no_baseline_and_no_checkpoint(baselines, text, tmp_path):
    stop = StopAfter(lambda event: event["kind"] == "checkpointed" and event["step"] == 10)
    run(recipe(), text, tmp_path / "run", stop=stop)
    run(recipe(), text, tmp_path / "run", resume=True)
    names = [event["name"] for event in of_kind(feed(tmp_path / "run"), "baseline")]
    assert len(names) == len(set(names)) >= 3
    paths = [event["path"] for event in of_kind(feed(tmp_path / "run"), "checkpointed")]
    assert len(paths) == len(set(paths))
    assert state(tmp_path / "run")["step"] == 44


def test_more_steps_take_the_place_of_an_end_in_epochs(text, tmp_path):
    epochs = tiny(training={"max_epochs": 0.5}).to_dict()
    del epochs["training"]["max_steps"]
    run(Recipe.parse(epochs), text, tmp_path / "run")
    filled = Recipe.load(tmp_path / "run/recipe.json").to_dict()
    done = state(tmp_path / "run")["step"]
    del filled["training"]["max_epochs"]
    filled["training"]["max_steps"] = done + 3
    assert run(Recipe.parse(filled), text, tmp_path / "run", resume=True)[-1]["step"] == done + 3


def test_a_copy_up_to_a_checkpoint_goes_on_from_it(undisturbed, precision, text, tmp_path):
    """As when a run is continued from an early checkpoint: its feed still says what came later, and that it ended."""
    out = tmp_path / "run"
    shutil.copytree(undisturbed, out, symlinks=True)
    for path in (out / "checkpoints").iterdir():
        if int(path.name.removeprefix("step-")) > 15:
            shutil.rmtree(path)
    (out / "best").unlink()
    assert len(list((out / "checkpoints").iterdir())) >= 2
    found = run(recipe(precision), text, out, resume=True)
    assert found[0]["kind"] == "rewound" and 0 < found[0]["step"] <= 15
    same(out, undisturbed)


def test_patience_that_ended_a_run_may_be_given_again(text, tmp_path):
    impatient = tiny(training={"patience": 1, "learning_rate": 0.5, "evaluate_every": 2, "max_steps": 400})
    ended = run(impatient, text, tmp_path / "run")[-1]
    assert ended["kind"] == "finished" and ended["step"] < 400
    further = tiny(training={"patience": 0, "learning_rate": 0.5, "evaluate_every": 2, "max_steps": ended["step"] + 4})
    assert run(further, text, tmp_path / "run", resume=True)[-1]["step"] == ended["step"] + 4
