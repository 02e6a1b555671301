"""Pages of teams, as people use them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from webapp.accounts.models import User
from webapp.models.models import Share
from webapp.models.services import share
from webapp.runs.models import Run
from webapp.runs.services import delete as delete_run
from webapp.teams.history import note
from webapp.teams.invitations import invite
from webapp.teams.models import Invitation, Membership, Team
from webapp.teams.selectors import role_of

pytestmark = pytest.mark.django_db

FRAGMENT = {"HX-Request": "true"}


def said(answer) -> str:
    """What the page says in its toasts after an answer that was followed there."""
    return " ".join(re.findall(r'<div class="toast [^"]*"><p>(.*?)</p>', answer.content.decode()))


def test_making_a_team_and_working_in_it(as_, alice, make):
    client = as_(alice)
    make.dataset(alice.personal_team, name="mine.txt")
    assert client.post("/teams/new/", {"name": " "}).status_code == 422
    answer = client.post("/teams/new/", {"name": "<b>Poets</b>"})
    team = Team.objects.get(name="<b>Poets</b>")
    assert answer.headers["Location"] == f"/teams/{team.id}/"
    page = client.get("/datasets/").content.decode()
    assert "&lt;b&gt;Poets" in page
    assert "<b>Poets" not in page
    assert "mine.txt" not in page
    client.post("/datasets/paste/", {"name": "ours", "text": "some text of ours"})
    assert team.datasets.count() == 1


def test_switching_leads_back_to_the_list_one_comes_from(as_, bob, team):
    client = as_(bob)
    for section, goal in (("runs", "/runs/"), ("teams", f"/teams/{team.id}/"), ("//evil.example", "/"), ("", "/")):
        answer = client.post("/teams/switch/", {"team": team.id, "section": section})
        assert answer.headers["Location"] == goal
    assert "Poetry lab" in client.get("/").content.decode()
    assert client.get("/team/").headers["Location"] == f"/teams/{team.id}/"


@pytest.mark.parametrize("made_up", ["made-up", "", "\x00", "a" * 500])
def test_a_made_up_team_in_the_switch(as_, charlie, team, made_up):
    client = as_(charlie)
    for team_id in (made_up, team.id):
        answer = client.post("/teams/switch/", {"team": team_id, "section": "runs"}, follow=True)
        assert "You still work in “charlie”" in said(answer)
        assert client.get("/team/").headers["Location"] == f"/teams/{charlie.personal_team.id}/"


def test_the_counts_follow_the_switch(as_, bob, team, make):
    make.run(team, status="running")
    client = as_(bob)
    assert "1 live" not in client.get("/settings/").content.decode()
    client.post("/teams/switch/", {"team": team.id})
    assert "1 live" in client.get("/settings/").content.decode()


def test_the_page_has_what_the_role_may_do(as_, alice, bob, dora, team, make):
    _, path = share(user=alice, model=make.model(team, alice))
    invite(user=alice, team=team, role="viewer")
    pages = {user.email[0]: as_(user).get(f"/teams/{team.id}/").content.decode() for user in (alice, bob, dora)}
    for page in pages.values():
        assert all(f"{name}@example.org" in page for name in ("alice", "bob", "dora"))
        assert path.removeprefix("/s/") not in page
    for words, seen_by in (("Make a link</button>", "a"), ("Remove<", "a"), ("/links/", "ab"), ("Leave…", "abd")):
        assert [name for name, page in pages.items() if words in page] == list(seen_by), words


def test_many_people_are_searched_and_come_page_by_page(as_, alice, team, django_assert_max_num_queries):
    people = [User.objects.create(email=f"reader{number:02}@example.org") for number in range(60)]
    Membership.objects.bulk_create(Membership(team=team, user=user, role="viewer") for user in people)
    client = as_(alice)
    with django_assert_max_num_queries(30):
        first = client.get(f"/teams/{team.id}/").content.decode()
    assert "reader10@" in first and "reader59@" not in first and "63</span>" in first
    assert f'href="/teams/{team.id}/?page=2"' in first
    assert "reader59@" in client.get(f"/teams/{team.id}/?page=2").content.decode()
    found = client.get(f"/teams/{team.id}/?q=READER5").content.decode()
    assert "10 with “READER5”" in found and "reader59@" in found and "reader10@" not in found
    changed = client.post(f"/teams/{team.id}/people/{people[59].id}/role/?q=READER5", {"role": "editor"})
    assert changed.headers["Location"] == f"/teams/{team.id}/?q=READER5"
    assert role_of(people[59], team) == "editor"
    asked = client.get(f"/teams/{team.id}/people/{people[59].id}/remove/?q=READER5").content.decode()
    assert f'action="/teams/{team.id}/people/{people[59].id}/remove/?q=READER5"' in asked
    removed = client.post(f"/teams/{team.id}/people/{people[59].id}/remove/?q=READER5")
    assert removed.headers["Location"] == f"/teams/{team.id}/?q=READER5"


def test_an_invitation_is_shown_once_and_revoked(as_, alice, team):
    client = as_(alice)
    made = client.post(f"/teams/{team.id}/invitations/", {"role": "editor", "ends": "1"})
    link = re.search(r"/join/[\w-]+", made.content.decode())[0]
    assert made.status_code == 201
    assert "no-store" in made.headers["Cache-Control"]
    page = client.get(f"/teams/{team.id}/").content.decode()
    assert link not in page
    invitation = Invitation.objects.get()
    assert invitation.expires_at - timezone.now() < timedelta(days=1, minutes=1)
    client.post(f"/teams/{team.id}/invitations/{invitation.id}/revoke/")
    gone = Client().get(link)
    assert (gone.status_code, "was revoked" in gone.content.decode()) == (410, True)
    for form in ({"role": "king", "ends": "1"}, {"role": "editor", "ends": "1000"}, {}):
        assert client.post(f"/teams/{team.id}/invitations/", form).status_code == 422


def test_whom_an_invitation_is_for_tells_the_links_apart(as_, alice, team):
    client = as_(alice)
    client.post(f"/teams/{team.id}/invitations/", {"role": "editor", "ends": "1", "recipient": " Eve\n<b> "})
    page = client.get(f"/teams/{team.id}/").content.decode()
    assert "for Eve &lt;b&gt;</span>" in page and "the invitation for Eve &lt;b&gt; made" in page
    long = client.post(f"/teams/{team.id}/invitations/", {"role": "editor", "ends": "1", "recipient": "x" * 101})
    assert (long.status_code, Invitation.objects.count()) == (422, 1)


def test_accepting_asks_first(as_, alice, charlie, dora, team):
    _, link = invite(user=alice, team=team, role="editor")
    client = as_(charlie)
    page = client.get(link).content.decode()
    assert "Join “Poetry lab”?" in page
    assert "alice@example.org invites you as <b>editor</b>" in page
    assert role_of(charlie, team) is None
    assert "You are editor here" in said(client.post(link, follow=True))
    assert role_of(charlie, team) == "editor"
    for again in (client.post(link), client.get(link)):  # a double click, the back button
        assert again.status_code == 410
        assert "You are in “Poetry lab”" in again.content.decode()
    for client in (as_(dora), Client()):
        again = client.get(link)
        assert (again.status_code, "used already" in again.content.decode()) == (410, True)
    Membership.objects.filter(user=charlie).delete()
    assert "used already" in as_(charlie).get(link).content.decode()


def test_links_that_let_nobody_in_say_why(as_, alice, charlie, team):
    _, link = invite(user=alice, team=team, role="editor")
    own = as_(alice).post(link)
    assert (own.status_code, "You made this invitation yourself" in own.content.decode()) == (409, True)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
    ended = as_(charlie).post(link)
    assert (ended.status_code, "ended on" in ended.content.decode()) == (410, True)
    assert as_(charlie).get("/join/made-up").status_code == 404


def test_another_role_from_the_page(as_, alice, bob, team):
    client = as_(alice)
    url = f"/teams/{team.id}/people/{bob.id}/role/"
    assert "bob@example.org is viewer now" in said(client.post(url, {"role": "viewer", "was": "editor"}, follow=True))
    assert "Somebody changed it meanwhile" in said(client.post(url, {"role": "owner", "was": "editor"}, follow=True))
    own = f"/teams/{team.id}/people/{alice.id}/role/"
    assert "only owner" in said(client.post(own, {"role": "viewer", "was": "owner"}, follow=True))
    assert (role_of(bob, team), role_of(alice, team)) == ("viewer", "owner")


@pytest.mark.parametrize("headers", [{}, FRAGMENT])
def test_what_is_final_asks_first(as_, alice, bob, dora, team, headers):
    client = as_(alice)
    url = f"/teams/{team.id}/people/{bob.id}/remove/"
    assert "Remove bob@example.org?" in client.get(url, headers=headers).content.decode()
    assert role_of(bob, team) == "editor"
    client.post(url, headers=headers)
    assert role_of(bob, team) is None
    last = client.post(f"/teams/{team.id}/leave/", headers=headers)
    assert (last.status_code, "only owner" in last.content.decode()) == (409, True)
    heirs = client.get(f"/teams/{team.id}/hand-over/", headers=headers).content.decode()
    assert "dora@example.org" in heirs
    assert client.post(f"/teams/{team.id}/hand-over/", {"person": bob.id}, headers=headers).status_code == 422
    client.post(f"/teams/{team.id}/hand-over/", {"person": dora.id}, headers=headers)
    assert (role_of(dora, team), role_of(alice, team)) == ("owner", "editor")
    client.post(f"/teams/{team.id}/leave/", headers=headers)
    assert role_of(alice, team) is None


def test_deleting_from_the_page(as_, alice, team, make):
    client = as_(alice)
    run = make.run(team)
    refused = client.post(f"/teams/{team.id}/delete/")
    assert (refused.status_code, "1 dataset, 1 run" in refused.content.decode()) == (409, True)
    dataset = run.version.dataset
    run.delete()
    dataset.delete()
    client.post("/teams/switch/", {"team": team.id})
    assert client.post(f"/teams/{team.id}/delete/").headers["Location"] == "/"
    assert client.get("/").status_code == 200, "and one works in one's own team again"


def test_deleted_runs_that_would_be_lost_with_the_team_are_counted(as_, alice, team, make):
    client, url = as_(alice), f"/teams/{team.id}/delete/"
    assert "brought back" not in client.get(url).content.decode()
    dataset = make.dataset(alice.personal_team)
    runs = [make.run(team, dataset=dataset) for _ in range(2)]
    for run, words in zip(runs, ("1 run that was", "2 runs that were"), strict=True):
        delete_run(user=alice, run=run)
        assert f"{words} deleted within the last hour" in client.get(url).content.decode()
    client.post(url)
    assert not Run.everything.exists()


def test_links_are_revoked_from_the_page(as_, alice, bob, team, make):
    link, _ = share(user=alice, model=make.model(team, alice))
    elsewhere, _ = share(user=alice, model=make.model(alice.personal_team, alice))
    client = as_(bob)
    assert client.post(f"/teams/{team.id}/links/{link.id}/revoke/").status_code == 302
    assert client.post(f"/teams/{team.id}/links/{elsewhere.id}/revoke/").status_code == 404
    assert [Share.objects.get(id=one.id).revoked_at is None for one in (link, elsewhere)] == [False, True]


def test_the_history_is_narrowed_and_paged(as_, alice, bob, team, make):
    run = make.run(team, name="<i>run</i>")
    for _ in range(60):
        note(bob, "stopped", run)
    client = as_(alice)
    url = f"/teams/{team.id}/history/"
    page = client.get(url).content.decode()
    assert "Page 1 of 2" in page
    assert "&lt;i&gt;run" in page
    assert f"/runs/{run.id}/" in page
    older = re.search(r'rel="next" href="(.*?)"', client.get(f"{url}?who={bob.id}").content.decode())[1]
    assert f"who={bob.id}" in older
    assert "made the team" in client.get(f"{url}?what=created").content.decode()
    assert "60 lines" in client.get(f"{url}?what=stopped&who={bob.id}").content.decode()
    for made_up in ("?what=danced", "?who=nobody", "?page=9999&what=%00", "?page=x"):
        assert client.get(f"{url}{made_up}").status_code == 200
    assert "Nothing found" in client.get(f"{url}?what=danced").content.decode()
    Run.objects.all().delete()
    assert f"/runs/{run.id}/" not in client.get(url).content.decode(), "no link to what is gone"


@pytest.mark.parametrize("page", ["", "history/"])
def test_a_page_asks_the_same_few_questions_however_many_there_are(
    as_, alice, team, make, page, django_assert_max_num_queries
):
    client = as_(alice)
    url = f"/teams/{team.id}/{page}"

    def grow(count: int) -> None:
        people = User.objects.bulk_create(User(email=f"{page[:1]}{count}-{n}@example.org") for n in range(count))
        Membership.objects.bulk_create(Membership(team=team, user=person, role="viewer") for person in people)
        for person in people:
            note(person, "started", make.run(team))
            invite(user=alice, team=team, role="viewer")

    grow(3)
    with django_assert_max_num_queries(22):
        client.get(url)
    grow(30)
    with django_assert_max_num_queries(22):
        client.get(url)
