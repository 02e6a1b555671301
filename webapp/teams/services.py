"""Teams made, renamed, deleted. People in them: :mod:`webapp.teams.members`; invitations: ``invitations``.

Services check the person's role in the team; they raise what :mod:`webapp.problems` lists.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.http import Http404

from webapp.accounts.models import User
from webapp.datasets import parts
from webapp.live.publish import publish_access
from webapp.names import clean_name
from webapp.problems import Conflict, Invalid
from webapp.teams.history import note
from webapp.teams.models import Membership, Role, Team
from webapp.teams.selectors import require_in

LONGEST_NAME = 100
HOLDS = {"datasets": "dataset", "runs": "run", "models": "model"}  # what keeps a team from being deleted


@transaction.atomic
def create_personal_team(*, user: User) -> Team:
    """The team of one that everyone has from the start. Called once, where a person is made."""
    team = Team.objects.create(name=user.email.partition("@")[0][:LONGEST_NAME], personal_of=user)
    Membership.objects.create(team=team, user=user, role=Role.OWNER)
    return team


@transaction.atomic
def create(*, user: User, name: str) -> Team:
    """A team that the person owns. Raises Invalid at ``name``."""
    team = Team.objects.create(name=_name(name))
    Membership.objects.create(team=team, user=user, role=Role.OWNER)
    note(user, "created", team)
    return team


@transaction.atomic
def rename(*, user: User, team: Team, name: str) -> Team:
    """Raises Invalid at ``name``."""
    require_in(user, team.id, "manage")
    before, team.name = held(team).name, _name(name)
    if team.name != before:
        team.save(update_fields=["name"])
        note(user, "renamed", team, before=before)
    return team


def delete(*, user: User, team: Team) -> None:
    """Deletes a team that holds nothing, with its unfinished uploads; its history stays, where nobody looks.

    Raises Conflict.
    """
    require_in(user, team.id, "manage")
    people = list(Membership.objects.filter(team=team).values_list("user_id", flat=True))
    try:
        with transaction.atomic():
            row = held(team)
            if row.personal_of_id:
                raise Conflict("Everybody has one team of their own; it cannot be deleted.")
            if left := [words for name, one in HOLDS.items() if (words := _counted(getattr(row, name).count(), one))]:
                raise Conflict(f"It still holds {', '.join(left)}. Delete those first, or hand the team over.")
            note(user, "deleted", row)
            incoming = list(row.uploads.filter(dataset=None).values_list("id", flat=True))
            row.delete()
    except IntegrityError:  # something was made in it at this very moment
        raise Conflict("Somebody has just put something into it. Look again.") from None
    for upload_id in incoming:
        parts.remove(upload_id)
    publish_access(*people)


def held(team: Team) -> Team:
    """The team as it is now, which nobody else changes until the transaction ends. Raises Http404."""
    row = Team.objects.select_for_update().filter(id=team.id).first()
    if row is None:
        raise Http404("The team was deleted.")
    return row


def _counted(count: int, one: str) -> str:
    return f"{count} {one if count == 1 else one + 's'}" if count else ""


def _name(text: str) -> str:
    name = clean_name(text)
    if len(name) > LONGEST_NAME:
        raise Invalid.at("name", f"A team's name has at most {LONGEST_NAME} characters; this one has {len(name)}.")
    return name
