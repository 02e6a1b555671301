"""Moving runs within the queue."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone

from webapp.problems import Conflict
from webapp.queue.services import move
from webapp.runs.models import Run
from webapp.runs.selectors import queue
from webapp.teams.history import sentence
from webapp.teams.models import Entry, Membership

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(make, alice):
    """Four runs that wait, in the order of their names."""
    dataset = make.dataset(alice.personal_team)
    return {name: make.run(alice.personal_team, dataset=dataset, name=name) for name in "abcd"}


def order() -> str:
    names = dict(Run.objects.values_list("id", "name"))
    return "".join(names[run_id] for run_id, _ in sorted(queue().items(), key=lambda item: item[1]))


@pytest.mark.parametrize(("name", "places", "place", "expected"), [
    ("c", -1, 2, "acbd"), ("c", 1, 4, "abdc"), ("a", -1, 1, "abcd"), ("d", 1, 4, "abcd"), ("d", -3, 1, "dabc"),
    ("a", 2, 3, "bcad"),
])  # fmt: skip
def test_a_run_moves_as_far_as_there_are_places(waiting, alice, name, places, place, expected):
    assert move(user=alice, run=waiting[name], places=places) == place
    assert order() == expected


def test_the_history_tells_of_what_was_moved_and_only_of_that(waiting, alice):
    move(user=alice, run=waiting["c"], places=-1)
    move(user=alice, run=waiting["a"], places=-1)
    told = [sentence(entry) for entry in Entry.objects.filter(team_id=alice.personal_team.id, kind="run")]
    assert told == ["moved the run “c” to place 2 of the queue"]


def test_those_queued_at_the_very_same_moment_move_too(waiting, alice):
    Run.objects.update(queued_at=timezone.now())
    first, second = order()[:2]
    assert move(user=alice, run=waiting[second], places=-1) == 1
    assert order()[:2] == second + first


def test_who_comes_later_stays_behind_all_of_them(waiting, alice, make):
    late = make.run(alice.personal_team, dataset=waiting["a"].version.dataset, name="e")
    move(user=alice, run=waiting["a"], places=3)
    assert order() == "bcdae"
    assert queue()[late.id] == 5


def test_what_does_not_wait_cannot_move(waiting, alice):
    Run.objects.filter(id=waiting["b"].id).update(status="running")
    with pytest.raises(Conflict, match="does not wait"):
        move(user=alice, run=waiting["b"], places=1)


def test_a_viewer_may_not_and_an_outsider_sees_nothing(waiting, alice, bob, charlie):
    Membership.objects.filter(user=bob).exclude(team__personal_of=bob).update(role="viewer")
    with pytest.raises(PermissionDenied):
        move(user=bob, run=waiting["b"], places=-1)
    with pytest.raises(Http404):
        move(user=charlie, run=waiting["b"], places=-1)
    assert order() == "abcd"
