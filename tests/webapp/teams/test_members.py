"""People in a team: roles, leaving, removing, handing over."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from webapp.problems import Conflict, Invalid
from webapp.teams import members
from webapp.teams.invitations import Dead, accept, invite
from webapp.teams.models import Membership
from webapp.teams.selectors import members_of, role_of

pytestmark = pytest.mark.django_db


def test_another_role(alice, bob, team, lines):
    members.change_role(user=alice, team=team, person_id=bob.id, role="viewer", was="editor")
    members.change_role(user=alice, team=team, person_id=bob.id, role="viewer", was="viewer")
    assert role_of(bob, team) == "viewer"
    assert lines()[1:] == ["alice made bob@example.org viewer, editor until then"]


def test_two_people_change_one_role(alice, bob, team):
    members.change_role(user=alice, team=team, person_id=bob.id, role="owner", was="editor")
    with pytest.raises(Conflict, match="owner now, not editor"):
        members.change_role(user=alice, team=team, person_id=bob.id, role="viewer", was="editor")
    assert role_of(bob, team) == "owner"


def test_roles_are_given_by_owners_to_people_of_the_team(alice, bob, charlie, dora, team):
    with pytest.raises(PermissionDenied):
        members.change_role(user=bob, team=team, person_id=dora.id, role="editor")
    with pytest.raises(PermissionDenied):
        members.remove(user=bob, team=team, person_id=dora.id)
    with pytest.raises(PermissionDenied):
        members.hand_over(user=bob, team=team, person_id=bob.id + "x")
    for act in (members.change_role, members.remove, members.hand_over):
        role = {"role": "editor"} if act is members.change_role else {}
        with pytest.raises(Http404):
            act(user=alice, team=team, person_id=charlie.id, **role)
        with pytest.raises(Http404):
            act(user=charlie, team=team, person_id=bob.id, **role)
    with pytest.raises(Invalid):
        members.change_role(user=alice, team=team, person_id=bob.id, role="king")
    for made_up in ("\x00", "", "a" * 500):
        with pytest.raises(Http404):
            members.remove(user=alice, team=team, person_id=made_up)


def test_the_last_owner_stays_one(alice, bob, team):
    for act in (
        lambda: members.leave(user=alice, team=team),
        lambda: members.remove(user=alice, team=team, person_id=alice.id),
        lambda: members.change_role(user=alice, team=team, person_id=alice.id, role="editor"),
    ):
        with pytest.raises(Conflict, match="only owner"):
            act()
    assert role_of(alice, team) == "owner"
    members.change_role(user=alice, team=team, person_id=bob.id, role="owner")
    members.leave(user=alice, team=team)
    with pytest.raises(Conflict, match="only owner"):
        members.leave(user=bob, team=team)


def test_leaving_and_removing(alice, bob, dora, team, lines):
    members.leave(user=dora, team=team)
    members.remove(user=alice, team=team, person_id=bob.id)
    assert [member.user for member in members_of(alice, team)] == [alice]
    assert lines()[1:] == ["dora left the team", "alice removed bob@example.org, editor until then"]
    with pytest.raises(Http404):
        members.leave(user=dora, team=team)


def test_handing_over(alice, bob, team, lines):
    with pytest.raises(Invalid):
        members.hand_over(user=alice, team=team, person_id=alice.id)
    members.hand_over(user=alice, team=team, person_id=bob.id)
    assert (role_of(alice, team), role_of(bob, team)) == ("editor", "owner")
    assert lines()[-1] == "alice handed the team over to bob@example.org"


def test_ones_own_team_is_kept(alice, bob):
    own = alice.personal_team
    members.change_role(user=alice, team=own, person_id=bob.id, role="owner")
    for act in (
        lambda: members.leave(user=alice, team=own),
        lambda: members.remove(user=bob, team=own, person_id=alice.id),
        lambda: members.change_role(user=bob, team=own, person_id=alice.id, role="viewer"),
        lambda: members.hand_over(user=alice, team=own, person_id=bob.id),
    ):
        with pytest.raises(Conflict):
            act()
    members.leave(user=bob, team=own)


def test_who_may_no_longer_invite_leaves_no_way_in(alice, bob, charlie, team):
    members.change_role(user=alice, team=team, person_id=bob.id, role="owner")
    _, path = invite(user=bob, team=team, role="owner")
    members.change_role(user=alice, team=team, person_id=bob.id, role="editor")
    with pytest.raises(Dead, match="revoked"):
        accept(user=charlie, secret=path.rpartition("/")[2])
    assert role_of(charlie, team) is None


def test_the_list_of_people_costs_the_same_for_many(alice, team, django_assert_max_num_queries):
    from webapp.accounts.models import User

    people = User.objects.bulk_create(User(email=f"p{n}@example.org") for n in range(30))
    Membership.objects.bulk_create(Membership(team=team, user=person, role="viewer") for person in people)
    with django_assert_max_num_queries(2):
        assert len([member.user.email for member in members_of(alice, team)]) == 33
