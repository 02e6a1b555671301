"""People in a team: another role, leaving, removing, handing over.

All is done on the team's locked row, so that two owners who step down at one moment do not leave a team without one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.http import Http404
from django.utils import timezone

from webapp.accounts.models import User
from webapp.ids import is_id
from webapp.live.publish import publish_access
from webapp.problems import Conflict, Invalid
from webapp.teams.history import note
from webapp.teams.models import Invitation, Membership, Role, Team
from webapp.teams.selectors import require_in
from webapp.teams.services import held


def change_role(*, user: User, team: Team, person_id: str, role: str, was: str | None = None) -> Membership:
    """Gives a person of the team another role. ``was``: the role that the one who changes it has read.

    Raises Invalid at ``role``, Conflict when it is no longer what was read, or the team would have no owner left.
    """
    if role not in Role.values:
        raise Invalid.at("role", f"There is no role {role!r}: {', '.join(Role.values)}.")
    with _changed(user, team, person_id, "manage") as member:
        if was is not None and member.role != was:
            raise Conflict(f"Somebody changed it meanwhile: {member.user} is {member.role} now, not {was}.")
        if (before := member.role) == role:
            return member
        if before == Role.OWNER:
            _refuse_last_owner(member, f"become {role}")
            _withdraw_invitations(member)
        member.role = role
        member.save(update_fields=["role"])
        note(user, "appointed", team, person=member.user.email, role=role, before=before)
    return member


def remove(*, user: User, team: Team, person_id: str) -> None:
    """Takes a person out of the team. Raises Conflict when it would have no owner left, or it is their own."""
    if person_id == user.id:
        leave(user=user, team=team)
        return
    with _changed(user, team, person_id, "manage") as member:
        _go(member, "be removed")
        note(user, "removed", team, person=member.user.email, role=member.role)


def leave(*, user: User, team: Team) -> None:
    """Raises Conflict for the last owner, and from one's own team."""
    with _changed(user, team, user.id, "view") as member:
        _go(member, "leave")
        note(user, "left", team)


def hand_over(*, user: User, team: Team, person_id: str) -> None:
    """Makes somebody else of the team its owner; who hands it over stays as an editor. Raises Conflict, Invalid."""
    if person_id == user.id:
        raise Invalid.at("person", "You own it already. Choose somebody else.")
    with _changed(user, team, person_id, "manage") as member:
        if member.team.personal_of_id:
            raise Conflict("This is a team of one's own; it cannot be handed over. Make another owner instead.")
        own = Membership.objects.get(team=team, user=user)
        member.role, own.role = Role.OWNER, Role.EDITOR
        member.save(update_fields=["role"])
        own.save(update_fields=["role"])
        _withdraw_invitations(own)
        note(user, "handed", team, person=member.user.email)


@contextmanager
def _changed(user: User, team: Team, person_id: str, right: str) -> Iterator[Membership]:
    """The person's membership, with ``user`` and the locked ``team``; afterwards what is open to them is looked at."""
    with transaction.atomic():
        row = held(team)
        require_in(user, row.id, right)
        of_team = Membership.objects.select_related("user").filter(team=row)
        if (member := of_team.filter(user_id=person_id).first() if is_id(person_id) else None) is None:
            raise Http404("This person is not in the team, or no longer.")
        member.team = row
        yield member
    publish_access(person_id, user.id)


def _go(member: Membership, what: str) -> None:
    _refuse_last_owner(member, what)
    _withdraw_invitations(member)
    Membership.objects.filter(id=member.id).delete()


def _refuse_last_owner(member: Membership, what: str) -> None:
    if member.team.personal_of_id == member.user_id:
        raise Conflict(f"This is {member.user}'s own team: they cannot {what}.")
    others = Membership.objects.filter(team=member.team, role=Role.OWNER).exclude(id=member.id)
    if member.role == Role.OWNER and not others.exists():
        raise Conflict(f"{member.user} is the only owner and cannot {what}. Make somebody else an owner first.")


def _withdraw_invitations(member: Membership) -> None:
    """Who may no longer invite leaves no link behind that lets people in."""
    open_ = Invitation.objects.filter(team=member.team, created_by=member.user, accepted_at=None, revoked_at=None)
    open_.update(revoked_at=timezone.now())
