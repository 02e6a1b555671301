"""A run's feed: what the trainer states comes back to the letter, and the row, the charts and the samples agree."""

from __future__ import annotations

import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnncore import events
from rnncore.events import without_rewound
from tests.jobs.desks import OrmDesk
from tests.webapp.runs.events import evaluated, feed, progress, sampled, started
from webapp.runs import feed as stored
from webapp.runs import points
from webapp.runs.models import PointBlock, Run
from webapp.runs.store import folder

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(tmp_path) -> Run:
    return Run.objects.get(id=OrmDesk(tmp_path).queue("run"))


def append(run: Run, body: list, batch: int = 7) -> None:
    for start in range(0, len(body), batch):
        stored.append(run, body[start : start + batch])
    run.refresh_from_db()


numbers = st.floats(allow_nan=True, allow_infinity=True)
texts = st.text(st.characters(exclude_categories=()))  # U+0000 and half surrogates among them
steps = st.integers(0, 2**40)
stated = st.lists(
    st.one_of(
        st.builds(
            events.Progress, step=steps, epoch=numbers, loss=numbers, learning_rate=numbers, grad_norm=numbers,
            tokens_per_second=numbers, seconds=numbers, remaining_seconds=st.none() | numbers,
        ),
        st.builds(events.Sampled, step=steps, prompt=texts, temperature=numbers, text=texts),
        st.builds(events.Evaluated, step=steps, split=st.sampled_from(["valid", "test"]), loss=numbers,
                  metrics=st.dictionaries(texts, numbers, max_size=3)),
        st.builds(events.Rewound, step=steps),
        st.builds(events.Diagnosed, step=steps, gradient_by_lag=st.lists(st.tuples(steps, numbers), max_size=3),
                  effective_lag=st.none() | numbers, clip_rate=numbers, saturation=st.none() | numbers),
    ),
    max_size=30,
)  # fmt: skip


class TestRoundTrip:
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(stated=stated, batch=st.integers(1, 9), after=st.integers(0, 31), limit=st.integers(1, 31))
    def test_what_was_stated_comes_back_to_the_letter(self, run, stated, batch, after, limit):
        body = feed(*stated)
        stored.refill(run, [])
        append(run, body, batch)
        back = stored.events_after(run.id, after, limit)
        assert json.dumps(back) == json.dumps(body[after : after + limit])

    def test_blocks_are_filled_up_and_begun_anew(self, run):
        body = feed(*(progress(step, loss=1 / step) for step in range(1, 2 * stored.BLOCK + 51)))
        append(run, body, batch=100)
        counts = run.blocks.order_by("first_seq").values_list("count", flat=True)
        assert list(counts) == [stored.BLOCK, stored.BLOCK, 50]
        assert stored.events_after(run.id, 0, 1000) == body
        assert stored.events_after(run.id, stored.BLOCK - 2, 5) == body[stored.BLOCK - 2 : stored.BLOCK + 3]

    def test_what_is_appended_while_one_reads_is_left_for_the_next_time(self, run, monkeypatch):
        """The facts are read, then a batch is committed, then the points are read: no hole may arise."""
        append(run, feed(started(), progress(1)))
        read_points = stored._points_after

        def late(*args):
            stored.append(Run.objects.get(id=run.id), feed(sampled(2), progress(3), first=3))
            return read_points(*args)

        monkeypatch.setattr(stored, "_points_after", late)
        assert [event["seq"] for event in stored.events_after(run.id, 0, 100)] == [1, 2]
        monkeypatch.undo()
        assert [event["seq"] for event in stored.events_after(run.id, 2, 100)] == [3, 4]

    def test_a_progress_event_of_another_shape_is_refused(self):
        (event,) = feed(progress(1))
        with pytest.raises(ValueError, match="other fields"):
            points.pack([event | {"mood": 1.0}])


class TestRow:
    def test_it_says_where_the_run_stands(self, run):
        append(run, feed(started(), progress(10, loss=3.0), evaluated(10, 2.5), progress(20, loss=2.0, seconds=4.0)))
        assert (run.step, run.steps, run.last_seq) == (20, 1000, 4)
        assert run.started["vocabulary_size"] == 65
        assert (run.latest["loss"], run.latest["seconds"]) == (2.0, 4.0)
        assert run.best == {"step": 10, "loss": 2.5, "metrics": {"perplexity": 2.0}}
        assert run.sparkline == [[10, 3.0], [20, 2.0]]

    def test_the_best_is_the_least_loss_of_the_validation(self, run):
        append(run, feed(
            evaluated(1, 2.0), evaluated(2, 1.5), evaluated(2, 1.0, split="test"), evaluated(3, float("nan")),
            evaluated(4, 1.7),
        ))  # fmt: skip
        assert run.best["step"] == 2

    def test_a_rewind_takes_back_what_was_better_later(self, run):
        append(run, feed(
            started(), evaluated(10, 2.0), progress(15), evaluated(20, 1.0), progress(25), events.Rewound(step=15),
        ))  # fmt: skip
        assert (run.step, run.rewinds) == (15, [[6, 15]])
        assert run.best["step"] == 10
        assert run.sparkline == [[15, 2.0]]

    def test_a_late_baseline_takes_nothing_back(self, run):
        append(run, feed(progress(30), events.Baseline(step=0, name="unigram", loss=3.3, metrics={})))
        assert run.step == 30

    def test_baselines_and_failures_are_kept(self, run):
        append(run, feed(
            events.Baseline(step=0, name="unigram", loss=3.3, metrics={}),
            events.Baseline(step=5, name="ngram", loss=2.1, metrics={"perplexity": 8.2}),
            events.Failed(step=7, error="the loss is not finite", hint="lower the learning rate"),
        ))  # fmt: skip
        assert run.baselines == {
            "unigram": {"loss": 3.3, "metrics": {}}, "ngram": {"loss": 2.1, "metrics": {"perplexity": 8.2}},
        }  # fmt: skip
        assert run.error == {"error": "the loss is not finite", "hint": "lower the learning rate", "step": 7}

    def test_a_sparkline_spans_the_run_in_few_points(self, run):
        append(run, feed(*(progress(step) for step in range(1, 3001))), batch=500)
        line = [step for step, _ in run.sparkline]
        assert 30 <= len(line) <= 64
        assert (line[0], line[-1] > 2900) == (1, True)
        assert max(np.diff(line)) <= 3000 / 16

    def test_it_does_not_depend_on_how_events_were_batched(self, run):
        body = feed(started(), *(progress(step, loss=3 / step) for step in range(1, 200)), evaluated(199, 1.0))
        append(run, body, batch=3)
        one_way = {name: getattr(run, name) for name in ("step", "latest", "best", "sparkline", "last_seq")}
        stored.refill(run, body)
        run.refresh_from_db()
        assert one_way == {name: getattr(run, name) for name in one_way}


class TestWhatHolds:
    FEED = feed(
        started(), progress(10), sampled(10, "ten"), evaluated(10, 3.0), progress(20), sampled(20, "gone"),
        events.Rewound(step=10), started(10), progress(12), progress(30), sampled(30, "thirty"), evaluated(30, 2.0),
        events.Rewound(step=12), progress(13, loss=1.0), evaluated(13, 1.5),
    )  # fmt: skip

    def test_it_is_what_the_engine_says_holds(self, run):
        append(run, self.FEED)
        truth = list(without_rewound(self.FEED))
        assert stored.samples(run) == [event for event in truth if event["kind"] == "sampled"]
        assert stored.evaluations(run) == [event for event in truth if event["kind"] == "evaluated"]
        drawn = stored.history(run)
        assert drawn["step"] == [event["step"] for event in truth if event["kind"] == "progress"] == [10, 12, 13]
        assert drawn["loss"] == [2.0, 2.0, 1.0]
        assert [event["text"] for event in stored.samples(run)] == ["ten"]

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.tuples(st.booleans(), st.integers(0, 20)), max_size=25))
    def test_also_after_any_number_of_rewinds(self, run, script):
        body = feed(*(events.Rewound(step=step) if rewinds else progress(step) for rewinds, step in script))
        stored.refill(run, body)
        run.refresh_from_db()
        truth = [event["step"] for event in without_rewound(body) if event["kind"] == "progress"]
        assert stored.history(run)["step"] == truth


class TestHistory:
    def test_it_is_cut_to_the_steps_that_are_asked_for(self, run):
        append(run, feed(*(progress(step) for step in range(1, 600))), batch=200)
        drawn = stored.history(run, start=250, end=260, columns=["loss", "seconds"])
        assert drawn["step"] == list(range(250, 261))
        assert set(drawn) == {"step", "loss", "seconds"}
        assert drawn["seconds"][0] == 25.0

    def test_no_spike_is_thinned_out(self, run):
        body = [progress(step, loss=9.0 if step == 1234 else 2.0, grad_norm=0.1 if step == 777 else 0.5)
                for step in range(1, 3001)]  # fmt: skip
        append(run, feed(*body), batch=500)
        drawn = stored.history(run, width=100)
        assert len(drawn["step"]) < 1500
        assert drawn["loss"][drawn["step"].index(1234)] == 9.0
        assert drawn["grad_norm"][drawn["step"].index(777)] == 0.1
        assert (drawn["step"][0], drawn["step"][-1]) == (1, 3000)
        assert drawn["step"] == sorted(set(drawn["step"]))
        assert drawn == stored.history(run, width=100)

    def test_what_is_not_a_number_is_null(self, run):
        body = [progress(step, loss=float("nan") if step > 1000 else 2.0, remaining_seconds=None)
                for step in range(1, 1201)]  # fmt: skip
        append(run, feed(*body), batch=500)
        drawn = stored.history(run, width=50)
        assert drawn["loss"][-1] is None
        assert set(drawn["remaining_seconds"]) == {None}
        json.dumps(drawn, allow_nan=False)

    def test_a_run_without_points_has_an_empty_history(self, run):
        assert stored.history(run, columns=["loss"]) == {"step": [], "loss": []}


class TestRefillCommand:
    def test_it_rebuilds_everything_from_the_file(self, run, capsys):
        body = feed(started(), progress(1), sampled(1), evaluated(1, 2.0), progress(2))
        append(run, body[:2])
        PointBlock.objects.update(columns=b"")  # damaged
        Run.objects.update(best={"step": 99, "loss": 0.0, "metrics": {}})
        file = folder(run.id) / "out" / "events.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = [events.dumps(event) for event in body]
        file.write_text("\n".join(lines) + '\n{"seq":6,"at"', "utf-8")  # the trainer is just writing
        call_command("refill", run.id)
        assert capsys.readouterr().out == "5 events\n"
        run.refresh_from_db()
        assert stored.events_after(run.id, 0, 100) == body
        assert (run.last_seq, run.best["step"]) == (5, 1)

    def test_it_names_what_is_missing(self):
        with pytest.raises(CommandError, match="There is no"):
            call_command("refill", "nobody")
