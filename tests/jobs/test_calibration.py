"""This machine's speed: measured once, given up to a training, taught by what runs really took."""

from __future__ import annotations

import json

import pytest

from jobs import calibration
from rnncore.cost import Calibration
from rnncore.events import dumps
from tests.jobs.recipes import recipe
from tests.waiting import until
from tests.webapp.runs.events import feed, progress, started

MEASURED = {"flops": 1e11, "step_overhead": 2e-5, "fixed": 2e-3}


@pytest.fixture
def file(settings, tmp_path, monkeypatch):
    settings.DATA = tmp_path
    monkeypatch.setattr(calibration, "_failed", False)
    monkeypatch.setattr(calibration, "SETTLED", 0.0)
    return tmp_path / "calibration.json"


@pytest.fixture
def command(monkeypatch):
    """Puts another program in the place of the measurement, which takes a minute."""
    popen = calibration.subprocess.Popen
    started = []

    def use(code: str):
        def start(command, **options):
            assert command[1:] == ["-m", "rnncore", "bench", "calibration", "--json"]
            started.append(popen([command[0], "-c", code], **options))
            return started[-1]

        monkeypatch.setattr(calibration.subprocess, "Popen", start)
        return started

    return use


def measured(file) -> bool:
    return until(lambda: calibration._process is None) and file.exists()


def test_it_is_measured_once(file, command):
    started = command(f"print({json.dumps(json.dumps(MEASURED))})")
    calibration.begin()
    calibration.begin()
    assert measured(file)
    calibration.begin()
    assert len(started) == 1
    assert Calibration.of(json.loads(file.read_text())) == Calibration(**MEASURED)


def test_it_waits_until_the_studio_has_started(file, command, monkeypatch):
    started = command("raise SystemExit(1)")
    monkeypatch.setattr(calibration, "SETTLED", 1e9)
    calibration.begin()
    assert started == []


def test_a_training_interrupts_it_and_it_is_begun_again_later(file, command):
    started = command("import time; time.sleep(60)")
    calibration.begin()
    calibration.interrupt()
    assert not measured(file)
    calibration.begin()
    assert len(started) == 2
    calibration.interrupt()
    measured(file)


def test_where_it_fails_it_is_not_tried_again_and_again(file, command):
    started = command("raise SystemExit(1)")
    calibration.begin()
    assert not measured(file)
    calibration.begin()
    assert len(started) == 1


class TestRefined:
    def observed(self, machine: dict[str, float], *sizes: tuple[float, float]) -> list[dict[str, float]]:
        return [
            {"layer_steps": layer_steps, "work": work,
             "seconds": machine["fixed"] + layer_steps * machine["step_overhead"] + work / machine["flops"]}
            for layer_steps, work in sizes
        ]  # fmt: skip

    def test_what_agrees_changes_nothing(self):
        seen = self.observed(MEASURED, (256, 1e9), (64, 1e11))
        assert calibration.refined(MEASURED, seen) == pytest.approx(MEASURED)

    def test_runs_of_all_sizes_outweigh_the_measurement(self):
        truth = {"flops": 3e10, "step_overhead": 5e-5, "fixed": 4e-3}
        sizes = [(layers, work) for layers in (16, 256, 4096) for work in (1e7, 1e9, 1e11, 1e12)] * 2
        assert calibration.refined(MEASURED, self.observed(truth, *sizes)) == pytest.approx(truth, rel=0.15)

    def test_one_run_moves_the_estimate_of_its_like_most_of_the_way(self):
        (seen,) = self.observed(MEASURED, (256, 1e10))
        seen["seconds"] *= 2
        found = calibration.refined(MEASURED, [seen])
        estimate = found["fixed"] + seen["layer_steps"] * found["step_overhead"] + seen["work"] / found["flops"]
        assert 1.6 < estimate / (seen["seconds"] / 2) <= 2.0

    def test_nothing_becomes_nonsense(self):
        seen = self.observed(MEASURED, (256, 1e10))
        seen[0]["seconds"] = 1e-9
        assert all(value > 0 for value in calibration.refined(MEASURED, seen).values())


class TestRefine:
    @pytest.fixture
    def run(self, tmp_path):
        """A finished run of 64 tokens a step, at 640 tokens a second after a slow start."""
        out = tmp_path / "run" / "out"
        out.mkdir(parents=True)
        filled = recipe()
        filled["network"] |= {"cell": "lstm", "bias": True, "tied": False, "dropout": 0.0}
        (out / "recipe.json").write_text(json.dumps(filled))
        speeds = [1.0, 2.0, *[640.0] * 30]
        body = feed(started(), *(progress(step, tokens_per_second=speed) for step, speed in enumerate(speeds, 1)))
        (out / "events.jsonl").write_text("".join(dumps(event) + "\n" for event in body))
        return tmp_path / "run"

    def test_a_finished_run_teaches_and_the_measurement_is_kept(self, file, run):
        file.write_text(json.dumps(MEASURED | {"device": "cpu"}))
        calibration.refine(run)
        body = json.loads(file.read_text())
        assert (body["measured"], body["device"]) == (MEASURED, "cpu")
        assert [seen["seconds"] for seen in body["observed"]] == [0.1]
        assert body["fixed"] > MEASURED["fixed"]  # it took far longer than thought
        for _ in range(calibration.KEPT + 5):
            calibration.refine(run)
        body = json.loads(file.read_text())
        assert len(body["observed"]) == calibration.KEPT
        assert body["measured"] == MEASURED

    def test_before_the_measurement_there_is_nothing_to_refine(self, file, run):
        calibration.refine(run)
        assert not file.exists()
