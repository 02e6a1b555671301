"""Two people at the same instant: one does it, the other is told why not. Nothing breaks, and no rule does.

On SQLite as on Postgres (see tests/jobs/test_postgres.py), where each sees half of what the other has done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import Http404

from webapp.accounts.services import create_user
from webapp.datasets import services as datasets
from webapp.datasets.models import Dataset, Upload
from webapp.models import services as models
from webapp.models.models import Model
from webapp.problems import Conflict
from webapp.queue import services as queue_services
from webapp.runs import bulk, store
from webapp.runs import services as runs
from webapp.runs.models import Run
from webapp.runs.selectors import queue
from webapp.runs.store import RunStore
from webapp.teams import invitations, members
from webapp.teams import services as teams
from webapp.teams.models import Entry, Membership, Role, Team
from webapp.teams.selectors import role_of

pytestmark = pytest.mark.django_db(transaction=True)

REFUSED = (Conflict, Http404, invitations.Dead)
AS_FAR_AS_IT_COMES = 0.15  # seconds, where the database does not say that somebody waits
RECIPE = {"task": {"kind": "language_model", "tokens": "char"}, "training": {"max_steps": 10}}


class Other:
    """What somebody else does, in a thread with a connection of its own."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self._act = act
        self.outcome: Any = None
        self._thread = threading.Thread(target=self._run)

    def begin(self) -> None:
        """Returns once it has ended or waits for the one who called this."""
        self._thread.start()
        if connection.vendor == "sqlite":
            self._thread.join(AS_FAR_AS_IT_COMES)
            return
        while self._thread.is_alive() and not self._waits():
            self._thread.join(0.01)

    def end(self) -> Any:
        self._thread.join(30)
        assert not self._thread.is_alive()
        return self.outcome

    def _run(self) -> None:
        try:
            self.outcome = attempt(self._act)
        finally:
            connection.close()

    def _waits(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            return cursor.fetchone()[0] > 0


def attempt(act: Callable[[], Any]) -> Any:
    """What the act gives, or the refusal; any other error stays one."""
    try:
        return act()
    except REFUSED as refused:
        return refused
    except Exception as error:  # shown by the assertion that meets it
        return error


@pytest.fixture
def meet(monkeypatch):
    """``meet(one, other, at)``: both outcomes. ``other`` begins when ``one`` comes to ``at`` (a module and a name in
    it), and comes as far as it can before ``one`` goes on."""

    def meet(one: Callable[[], Any], other: Callable[[], Any], at: tuple[Any, str]) -> tuple[Any, Any]:
        second = Other(other)
        mine, first = threading.current_thread(), [True]
        real = getattr(*at)

        def between(*given: Any, **named: Any) -> Any:
            if threading.current_thread() is mine and first:
                first.clear()
                second.begin()
            return real(*given, **named)

        monkeypatch.setattr(*at, between)
        outcome = attempt(one)
        assert not first, "it never came there"
        return outcome, second.end()

    return meet


def refusals(outcomes: tuple[Any, Any]) -> int:
    """How many of them were refused; any other error fails the test."""
    for outcome in outcomes:
        if isinstance(outcome, Exception) and not isinstance(outcome, REFUSED):
            raise outcome
    return sum(isinstance(outcome, Exception) for outcome in outcomes)


@pytest.fixture
def team(alice, bob):
    """Has two owners."""
    team = teams.create(user=alice, name="two owners")
    Membership.objects.create(team=team, user=bob, role=Role.OWNER)
    return team


@pytest.fixture
def waiting(make, alice):
    dataset = make.dataset(alice.personal_team)
    return {name: make.run(alice.personal_team, dataset=dataset, name=name) for name in "abcd"}


def order() -> str:
    names = dict(Run.objects.values_list("id", "name"))
    return "".join(names[run_id] for run_id in queue())


class TestTeams:
    def test_one_invitation_and_two_people(self, meet, alice, charlie, team):
        dora = create_user(email="dora@example.org", password="a good long password")
        secret = invitations.invite(user=alice, team=team, role="editor")[1].removeprefix("/join/")
        outcomes = meet(
            lambda: invitations.accept(user=charlie, secret=secret),
            lambda: invitations.accept(user=dora, secret=secret), at=(invitations, "note"),
        )  # fmt: skip
        assert refusals(outcomes) == 1
        assert [role_of(person, team) for person in (charlie, dora)].count("editor") == 1

    def test_one_person_and_two_invitations(self, meet, alice, charlie, team):
        secrets = [invitations.invite(user=alice, team=team, role=role)[1][6:] for role in ("editor", "viewer")]
        outcomes = meet(
            *(lambda secret=secret: invitations.accept(user=charlie, secret=secret) for secret in secrets),
            at=(invitations, "note"),
        )
        assert refusals(outcomes) == 1
        assert role_of(charlie, team) == "editor"

    def test_an_invitation_to_a_team_that_is_being_deleted(self, meet, alice, charlie, team):
        secret = invitations.invite(user=alice, team=team, role="editor")[1].removeprefix("/join/")
        outcomes = meet(
            lambda: invitations.accept(user=charlie, secret=secret), lambda: teams.delete(user=alice, team=team),
            at=(invitations, "held"),
        )  # fmt: skip
        assert refusals(outcomes) <= 1
        assert not Team.objects.filter(id=team.id).exists()

    def test_the_last_two_owners_leave(self, meet, alice, bob, team):
        outcomes = meet(
            lambda: members.leave(user=alice, team=team), lambda: members.leave(user=bob, team=team),
            at=(members, "note"),
        )  # fmt: skip
        assert refusals(outcomes) == 1
        assert list(Membership.objects.filter(team=team).values_list("role", flat=True)) == ["owner"]

    def test_an_owner_steps_down_while_the_other_is_removed(self, meet, alice, bob, team):
        outcomes = meet(
            lambda: members.change_role(user=alice, team=team, person_id=alice.id, role="viewer"),
            lambda: members.remove(user=alice, team=team, person_id=bob.id), at=(members, "note"),
        )  # fmt: skip
        assert isinstance(outcomes[1], Exception), "who steps down removes nobody"
        assert role_of(bob, team) == "owner"

    def test_an_upload_comes_to_its_end_in_a_team_that_is_being_deleted(self, meet, alice, team):
        outcomes = meet(
            lambda: datasets.create_from_text(user=alice, team=team, name="a", text="text\n" * 100),
            lambda: teams.delete(user=alice, team=team), at=(datasets.history, "note"),
        )  # fmt: skip
        assert refusals(outcomes) == 1
        assert Team.objects.filter(id=team.id).exists() == Dataset.objects.filter(team_id=team.id).exists()

    @pytest.mark.parametrize("at", [(runs, "clean_name"), (runs, "note")])
    def test_a_run_starts_in_a_team_that_is_being_deleted(self, meet, alice, make, team, at):
        dataset = make.read(alice.personal_team)
        outcomes = meet(
            lambda: runs.start(user=alice, team=team, dataset=dataset, recipe=RECIPE),
            lambda: teams.delete(user=alice, team=team), at=at,
        )  # fmt: skip
        assert refusals(outcomes) == 1
        assert Team.objects.filter(id=team.id).exists() == Run.objects.filter(team_id=team.id).exists()


class TestDatasets:
    @pytest.mark.parametrize("at", [(runs, "clean_name"), (runs, "note")])
    def test_deleted_while_a_run_starts_on_it(self, meet, alice, make, at):
        dataset = make.read(alice.personal_team)
        outcomes = meet(
            lambda: runs.start(user=alice, team=alice.personal_team, dataset=dataset, recipe=RECIPE),
            lambda: datasets.delete(user=alice, dataset=dataset), at=at,
        )  # fmt: skip
        assert refusals(outcomes) == 1
        assert Dataset.objects.filter(id=dataset.id).exists() == Run.objects.filter(version__dataset=dataset).exists()
        deeds = list(Entry.objects.filter(what__in=("started", "deleted")).values_list("what", flat=True))
        assert deeds == (["deleted"] if isinstance(outcomes[0], Exception) else ["started"])

    def test_a_run_starts_while_it_is_deleted(self, meet, alice, make):
        dataset = make.read(alice.personal_team)
        outcomes = meet(
            lambda: datasets.delete(user=alice, dataset=dataset),
            lambda: runs.start(user=alice, team=alice.personal_team, dataset=dataset, recipe=RECIPE),
            at=(datasets.history, "note"),
        )  # fmt: skip
        assert refusals(outcomes) == 1
        assert Dataset.objects.filter(id=dataset.id).exists() == Run.objects.filter(version__dataset=dataset).exists()

    def test_a_new_version_comes_while_it_is_deleted(self, meet, alice, make):
        dataset = make.read(alice.personal_team)
        given = {"user": alice, "team": alice.personal_team, "name": "new", "text": "text\n" * 100}
        outcomes = meet(
            lambda: datasets.create_from_text(**given, into=dataset),
            lambda: datasets.delete(user=alice, dataset=dataset), at=(datasets.history, "note"),
        )  # fmt: skip
        assert refusals(outcomes) <= 1
        assert Dataset.objects.filter(id=dataset.id).exists() == isinstance(outcomes[1], Exception)

    def test_two_versions_at_once_have_two_numbers(self, meet, alice, make):
        dataset = make.read(alice.personal_team)
        given = {"user": alice, "team": alice.personal_team, "name": "new", "text": "text\n" * 100, "into": dataset}
        meet(*[lambda: datasets.create_from_text(**given)] * 2, at=(datasets.history, "note"))
        assert sorted(dataset.versions.values_list("number", flat=True)) == [1, 2, 3]

    def test_one_upload_ends_once(self, meet, alice):
        upload = datasets.create_upload(user=alice, team=alice.personal_team, filename="a.txt", length=5)
        ended = meet(*[lambda: datasets.finish_upload(upload=upload)] * 2, at=(datasets.history, "note"))
        assert ended[0] == ended[1] == Dataset.objects.get()
        assert Upload.objects.get().dataset_id == ended[0].id

    def test_renamed_while_it_is_deleted(self, meet, alice, make):
        dataset = make.dataset(alice.personal_team)
        outcomes = meet(
            lambda: datasets.rename(user=alice, dataset=dataset, name="other"),
            lambda: datasets.delete(user=alice, dataset=Dataset.objects.get(id=dataset.id)),
            at=(datasets, "clean_name"),
        )  # fmt: skip
        assert refusals(outcomes) == 1


class TestModels:
    @pytest.fixture
    def model(self, alice, make):
        return make.model(alice.personal_team, alice)

    def test_two_edits_of_one_card(self, meet, alice, bob, model):
        edits = [
            lambda user=user: models.update(user=user, model=model, card={"note": user.email}, revision=model.revision)
            for user in (alice, bob)
        ]
        outcomes = meet(*edits, at=(models, "note"))
        assert refusals(outcomes) == 1
        model.refresh_from_db()
        assert model.words["note"] == alice.email
        assert model.revision == 2

    def test_other_fields_of_one_card_without_a_revision(self, meet, alice, bob, model):
        """Both stay: the second has read what the first has written."""
        outcomes = meet(
            lambda: models.update(user=alice, model=model, card={"samples": None, "note": "a"}),
            lambda: models.update(user=bob, model=model, card={"licence": "MIT"}), at=(models, "note"),
        )  # fmt: skip
        assert not refusals(outcomes)
        model.refresh_from_db()
        assert (model.words["note"], model.words["licence"]) == ("a", "MIT")
        assert "samples" not in model.newest.facts

    def test_a_card_is_edited_while_a_version_is_published(self, meet, alice, bob, model):
        run = model.newest.run
        outcomes = meet(
            lambda: models.publish(user=alice, run=run, checkpoint="last", model=model),
            lambda: models.update(user=bob, model=model, card={"note": "b"}), at=(models, "note"),
        )  # fmt: skip
        assert not refusals(outcomes)
        model.refresh_from_db()
        assert (model.newest.number, model.newest.step, model.words["note"]) == (2, 20, "b")

    def test_two_versions_are_published(self, meet, alice, model):
        run = model.newest.run
        meet(*[lambda: models.publish(user=alice, run=run, model=model)] * 2, at=(models, "note"))
        assert sorted(model.versions.values_list("number", flat=True)) == [1, 2, 3]
        model.refresh_from_db()
        assert model.newest.number == 3

    def test_shared_while_it_is_deleted(self, meet, alice, model):
        outcomes = meet(
            lambda: models.share(user=alice, model=model), lambda: models.delete(user=alice, model=model),
            at=(models, "hash_of"),
        )  # fmt: skip
        assert refusals(outcomes) <= 1
        assert not Model.objects.exists()


class TestQueue:
    def test_two_are_moved_to_the_front(self, meet, alice, bob, waiting):
        meet(
            lambda: queue_services.move(user=alice, run=waiting["d"], places=-3),
            lambda: queue_services.move(user=bob, run=waiting["c"], places=-3), at=(queue_services, "note"),
        )  # fmt: skip
        assert order() == "cdab"

    def test_two_fronts(self, meet, alice, bob, waiting):
        meet(
            lambda: runs.front(user=alice, run=waiting["d"]), lambda: runs.front(user=bob, run=waiting["c"]),
            at=(runs, "note"),
        )  # fmt: skip
        assert set(order()[:2]) == {"c", "d"}
        assert order()[2:] == "ab"

    def test_moved_while_a_worker_takes_the_first(self, meet, alice, waiting):
        outcomes = meet(
            lambda: queue_services.move(user=alice, run=waiting["b"], places=-1), lambda: RunStore().claim("worker"),
            at=(queue_services, "note"),
        )  # fmt: skip
        assert outcomes[0] == 1
        assert Run.objects.get(status="running").name in "ab"

    def test_two_workers_take_two_runs(self, meet, waiting):
        claims = meet(*[lambda: RunStore().claim("worker")] * 2, at=(store, "Coalesce"))
        assert {claim.run_id for claim in claims} == {waiting["a"].id, waiting["b"].id}

    def test_the_same_runs_are_stopped_and_deleted(self, meet, alice, bob, waiting):
        ids = [run.id for run in waiting.values()]
        outcomes = meet(
            lambda: bulk.act(user=alice, what="stop", ids=ids),
            lambda: bulk.act(user=bob, what="delete", ids=ids[::-1]), at=(runs, "note"),
        )  # fmt: skip
        assert refusals(outcomes) <= 1
        assert not Run.objects.exists()
