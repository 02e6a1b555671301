"""The history of a team: written by those who do something, changed by nobody."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from webapp.teams.history import SENTENCES, note
from webapp.teams.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(alice, make):
    return note(alice, "renamed", make.dataset(alice.personal_team), before="cats.txt")


def test_a_line_says_who_did_what_to_what(alice, entry):
    line = Entry.objects.get()
    assert (line.team_id, line.who, line.who_id) == (alice.personal_team.id, "alice@example.org", alice.id)
    assert (line.what, line.kind, line.thing, line.details) == (
        "renamed", "dataset", "foxes.txt", {"before": "cats.txt"})  # fmt: skip


def test_a_word_that_the_history_does_not_know_is_a_mistake_of_ours(alice):
    with pytest.raises(ValueError, match="painted"):
        note(alice, "painted", alice.personal_team)
    assert max(map(len, SENTENCES)) <= Entry._meta.get_field("what").max_length


@pytest.mark.parametrize("change", [
    lambda: Entry.objects.update(who="bob@example.org"),
    lambda: Entry.objects.get().delete(),
    lambda: Entry.objects.all().delete(),
    lambda: connection.cursor().execute("UPDATE teams_entry SET what = 'left'"),
    lambda: connection.cursor().execute("DELETE FROM teams_entry"),
])  # fmt: skip
def test_the_database_refuses_to_change_a_line(entry, change):
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        change()
    assert Entry.objects.get().who == "alice@example.org"


def test_a_line_outlives_the_thing_the_team_and_the_person(alice, bob, make):
    dataset = make.dataset(alice.personal_team)
    note(alice, "created", dataset)
    dataset.delete()
    alice.delete()
    assert Entry.objects.get().who == "alice@example.org"


@pytest.mark.django_db(transaction=True)
def test_the_seal_is_whole_after_the_database_was_emptied(alice):
    note(alice, "left", alice.personal_team)
    connection.ops.execute_sql_flush(["DELETE FROM teams_entry"])
    note(alice, "left", alice.personal_team)
    with pytest.raises(IntegrityError):
        Entry.objects.all().delete()
