"""The chart from the pyramid against the chart from all points: the same to the digit, whatever happened to the run."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnncore import events
from rnncore.events import without_rewound
from tests.jobs.desks import OrmDesk
from tests.webapp.runs.events import feed, progress
from webapp.runs import feed as stored
from webapp.runs import points, pyramid
from webapp.runs.models import PointTile, Run

pytestmark = pytest.mark.django_db

NAN = float("nan")


@pytest.fixture
def run(tmp_path) -> Run:
    return Run.objects.get(id=OrmDesk(tmp_path).queue("run"))


@pytest.fixture
def small(monkeypatch):
    """Tiles of four pixels where four points lie, blocks of three: a short run has a high pyramid."""
    monkeypatch.setattr(pyramid, "PIXELS", 2)
    monkeypatch.setattr(pyramid, "DENSE", 4)
    monkeypatch.setattr(stored, "BLOCK", 3)


def append(run: Run, body: list, batch: int) -> None:
    for start in range(0, len(body), batch):
        stored.append(run, body[start : start + batch])
    run.refresh_from_db()


def steps_on(script: list[tuple[int, float, bool]]) -> list[events.Event]:
    """A lawful feed: steps go on by ``stride``, or the run goes back by so many points."""
    stated, steps = [], [0]
    for stride, value, back in script:
        if back:
            steps = steps[: max(1, len(steps) - stride)]
            stated.append(events.Rewound(step=steps[-1]))
        else:
            steps.append(steps[-1] + stride)
            stated.append(progress(steps[-1], loss=value, grad_norm=-value, learning_rate=NAN if value > 5 else 1.0))
    return stated


scripts = st.lists(
    st.tuples(
        st.integers(1, 9), st.sampled_from([NAN, 0.5, 1.0, 2.0, 6.0, 7.0]), st.integers(0, 14).map(lambda n: n == 0)
    ),
    min_size=40,
    max_size=80,
)  # fmt: skip


def shown(truth: list[dict], level: int) -> list[dict]:
    """What a chart shall show of the points, said in the plainest way: pixel by pixel, column by column."""
    pixels: dict[int, list[dict]] = {}
    for point in truth:
        pixels.setdefault(point["step"] >> level, []).append(point)
    seqs = set()
    for inside in pixels.values():
        seqs |= {inside[0]["seq"], inside[-1]["seq"]}
        for name in points.DRAWN:
            known = [point for point in inside if point[name] is not None]
            if known:
                seqs.add(min(known, key=lambda point: point[name])["seq"])
                seqs.add(max(known, key=lambda point: point[name])["seq"])
    return [point for point in truth if point["seq"] in seqs]


@pytest.mark.usefixtures("small")
class TestOracle:
    @settings(max_examples=16, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        script=scripts, batch=st.integers(4, 19), width=st.integers(2, 40),
        cut=st.none() | st.tuples(st.integers(0, 400), st.integers(0, 400)),
    )  # fmt: skip
    def test_any_part_of_any_run_is_drawn_as_from_all_its_points(self, run, script, batch, width, cut):
        body = feed(*steps_on(script))
        stored.refill(run, [])
        append(run, body, batch)
        start, end = sorted(cut) if cut else (None, None)
        truth = [
            event for event in without_rewound(body)
            if event["kind"] == "progress" and (start is None or start <= event["step"] <= end)
        ]  # fmt: skip
        level, span = pyramid.level_for(run, start, end, width)
        drawn = stored.history(run, start, end, width)
        wanted = shown(truth, level) if level else truth
        assert drawn == {name: [point[name] for point in wanted] for name in ("step", *points.VALUES)}
        assert len({step >> level for step in drawn["step"]}) <= width
        if level:
            finer = (span[1] >> (level - 1)) - (span[0] >> (level - 1)) + 1
            assert finer > width, "no coarser than it has to be"

    @settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(script=scripts, seen=st.integers(0, 80), width=st.integers(2, 20))
    def test_a_reader_whose_row_is_older_sees_the_run_as_it_was(self, run, script, seen, width):
        body = feed(*steps_on(script))
        stored.refill(run, [])
        append(run, body[:seen], 9)
        before, older = stored.history(run, width=width), Run.objects.get(id=run.id)
        append(run, body[seen:], 9)
        assert stored.history(older, width=width) == before

    @settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(script=scripts, batch=st.integers(4, 19), width=st.integers(2, 20))
    def test_a_run_older_than_pyramids_gets_its_own_at_the_first_look(self, run, script, batch, width):
        stored.refill(run, [])
        append(run, feed(*steps_on(script)), batch)
        drawn = stored.history(run, width=width)
        run.tiles.all().delete()
        Run.objects.filter(id=run.id).update(tiled=False)
        run.refresh_from_db()
        assert stored.history(run, width=width) == drawn
        run.refresh_from_db()
        assert run.tiled
        assert stored.history(run, width=width) == drawn

    def test_a_tile_is_kept_when_the_run_has_passed_it_and_dropped_when_it_comes_back(self, run):
        append(run, feed(*(progress(step) for step in range(1, 33))), batch=3)
        kept = set(run.tiles.values_list("level", "index"))
        assert {(0, 7), (1, 3), (2, 1), (3, 0)} <= kept
        assert (0, 8) not in kept
        append(run, feed(events.Rewound(step=17), first=33), batch=1)
        kept = set(run.tiles.values_list("level", "index"))
        assert {(0, 3), (1, 1), (2, 0)} <= kept
        assert not {(0, 4), (1, 2), (2, 1), (3, 0)} & kept
        append(run, feed(*(progress(step) for step in range(18, 33)), first=34), batch=3)
        assert {(2, 1), (3, 0)} <= set(run.tiles.values_list("level", "index"))


class TestWork:
    def test_the_whole_of_a_long_run_is_read_from_few_rows(self, run, django_assert_max_num_queries):
        append(run, feed(*(progress(step, loss=(step * 7919 % 1000) / 100) for step in range(1, 24_001))), batch=500)
        read = []
        unpack = points.unpack
        with pytest.MonkeyPatch.context() as patch, django_assert_max_num_queries(40):
            patch.setattr(points, "unpack", lambda columns: read.append(unpack(columns).shape[1]) or unpack(columns))
            drawn = stored.history(run, width=200)
        assert sum(read) < 10_000, "of 24 000"
        assert (drawn["step"][0], drawn["step"][-1]) == (1, 24_000)
        assert (min(drawn["loss"]), max(drawn["loss"])) == (0.0, 9.99)

    def test_what_two_halves_show_shows_what_the_whole_does(self):
        table = points.unpack(points.pack(feed(*(progress(step, loss=step * 31 % 97) for step in range(1, 500)))))
        halves = [pyramid.thin(table[:, :250], 3), pyramid.thin(table[:, 250:], 3)]
        for level in (4, 6, 9):
            assert np.array_equal(pyramid.thin(np.hstack(halves), level), pyramid.thin(table, level))

    def test_appending_costs_no_more_the_longer_the_run_is(self, run, django_assert_max_num_queries):
        append(run, feed(*(progress(step) for step in range(1, 10_001))), batch=1000)
        for first in range(10_001, 10_101, 20):
            with django_assert_max_num_queries(12):
                stored.append(run, feed(*(progress(step) for step in range(first, first + 20)), first=first))

    def test_refilling_makes_the_tiles_anew(self, run):
        body = feed(*(progress(step) for step in range(1, 10_001)))
        append(run, body, batch=500)
        tiles = set(run.tiles.values_list("level", "index"))
        PointTile.objects.update(columns=b"")  # damaged
        stored.refill(run, body)
        assert set(run.tiles.values_list("level", "index")) == tiles != set()
        assert stored.history(run, width=100)["step"][-1] == 10_000
