"""Every cell is trained, stopped, resumed and written with."""

from __future__ import annotations

import pytest

from rnncore import catalog
from rnncore.infer.locate import model_folder
from rnncore.infer.runtime import Runtime
from rnncore.train import meter
from tests.rnncore.train.conftest import StopAfter, facts, of_kind, run, tiny, weights


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("cell", sorted(set(catalog.CELLS) - {"lstm"}))  # whose resume has a file of its own
def test_a_stop_and_a_resume_change_no_bit(monkeypatch, text, tmp_path, cell, precision):
    monkeypatch.setattr(meter, "WINDOW_SECONDS", 1e9)
    recipe = tiny(network={"cell": cell}, training={"precision": precision, "max_steps": 20})
    through, halted = tmp_path / "through", tmp_path / "halted"
    events = run(recipe, text, through)
    losses = [event["loss"] for event in of_kind(events, "evaluated")]
    assert losses[-1] < losses[0]
    stop = StopAfter(lambda event: event["kind"] == "progress" and event["step"] >= 7)
    assert run(recipe, text, halted, stop=stop)[-1]["kind"] == "stopped"
    run(recipe, text, halted, resume=True)
    assert weights(through) == weights(halted)
    kinds = "evaluated", "sampled", "diagnosed"
    assert facts(through, *kinds) == facts(halted, *kinds)
    runtime = Runtime.load(model_folder(through))
    assert len(runtime.read(runtime.start(), [1, 2, 3])) == runtime.tokenizer.vocabulary_size
