"""Which facts a page gets: all of a short run, of a long one some of each kind."""

from __future__ import annotations

import pytest

from rnncore import events
from rnncore.events import without_rewound
from tests.webapp.runs.events import evaluated, feed, progress, sampled, started
from webapp.runs import feed as stored
from webapp.runs.chosen import MOST, SAMPLED_STEPS, chosen

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(alice, make):
    return make.run(alice.personal_team)


def test_of_a_short_run_all_that_holds(run):
    body = feed(
        started(), evaluated(5, 3.0), sampled(5), evaluated(9, 2.0), events.Rewound(step=5), evaluated(9, 2.5),
        sampled(9), progress(10), sampled(10, "two"), sampled(10, "at one step"),
    )  # fmt: skip
    stored.append(run, body)
    assert chosen(run) == [event for event in without_rewound(body) if event["kind"] != "progress"]


def test_of_a_long_run_some_of_each_kind_and_the_best(run, django_assert_max_num_queries):
    count = 2 * MOST + 501
    stated = [started()]
    for step in range(1, count):
        stated.append(evaluated(step, 1.0 if step == 777 else 2.0))
        if step % 3 == 0:
            stated += [sampled(step, "cold"), sampled(step, "hot")]
    stored.append(run, feed(*stated, events.Finished(step=count, seconds=1.0)))
    with django_assert_max_num_queries(12):
        facts = chosen(run)
    of_kind = {kind: [fact["step"] for fact in facts if fact["kind"] == kind] for kind in ("evaluated", "sampled")}
    assert len(of_kind["evaluated"]) <= MOST + 1
    assert (of_kind["evaluated"][0], of_kind["evaluated"][-1]) == (1, count - 1)
    assert 777 in of_kind["evaluated"]
    assert len(of_kind["sampled"]) == 2 * SAMPLED_STEPS, "both of a step, or none"
    assert [facts[0]["kind"], facts[-1]["kind"]] == ["started", "finished"]
    assert [fact["seq"] for fact in facts] == sorted(fact["seq"] for fact in facts)
