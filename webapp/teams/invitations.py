"""Invitations: a link that lets one person into a team, as what it says, until it ends, is used or is revoked."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from webapp.accounts.models import User
from webapp.ids import is_id
from webapp.live.publish import publish_access
from webapp.names import one_line
from webapp.problems import Conflict, Invalid, Refused
from webapp.teams.history import note
from webapp.teams.models import Invitation, Membership, Role, Team
from webapp.teams.selectors import require_in, role_of
from webapp.teams.services import held

LASTS = timedelta(days=7)  # where nobody says how long
RECIPIENT = 100  # characters


class Dead(Refused):
    """The link opened a team once and does so no more."""

    status = 410
    title = "No longer valid"


def invite(
    *, user: User, team: Team, role: str, expires_at: datetime | None = None, recipient: str = ""
) -> tuple[Invitation, str]:
    """An invitation and the path of its link, which is shown once and not kept.

    It ends at ``expires_at``, by default after :data:`LASTS`. ``recipient``: whom it is meant for, in words, so that
    the links of a team can be told apart; whoever has the link may use it. Raises Invalid at a field.
    """
    if role not in Role.values:
        raise Invalid.at("role", f"There is no role {role!r}: {', '.join(Role.values)}.")
    recipient = one_line(recipient)
    if len(recipient) > RECIPIENT:
        raise Invalid.at("recipient", f"At most {RECIPIENT} characters; these are {len(recipient):,}.")
    now = timezone.now()
    if expires_at is not None and expires_at <= now:
        raise Invalid.at("expires_at", "The invitation would end before it begins.")
    secret = secrets.token_urlsafe(24)
    with transaction.atomic():
        require_in(user, held(team).id, "manage")  # locked: who steps down meanwhile leaves no link behind
        invitation = Invitation.objects.create(
            team=team, role=role, recipient=recipient, sha256=_hash(secret), created_by=user,
            expires_at=expires_at or now + LASTS,
        )  # fmt: skip
        note(user, "invited", team, role=role)
    return invitation, f"/join/{secret}"


def revoke(*, user: User, invitation: Invitation) -> None:
    """The link stops working at once; twice is no error."""
    require_in(user, invitation.team_id, "manage")
    with transaction.atomic():
        open_ = Invitation.objects.filter(id=invitation.id, revoked_at=None, accepted_at=None)
        if open_.update(revoked_at=timezone.now()):
            note(user, "withdrew", invitation.team, role=invitation.role)


def accept(*, user: User, secret: str) -> Team:
    """Lets the person into the team. Raises Http404 (an unknown link), Dead (used, ended, revoked), Conflict (they are
    in the team, or made the invitation themselves)."""
    with transaction.atomic():
        team = held(by_secret(secret).team)  # before the invitation, as whoever deletes the team does
        invitation = Invitation.objects.select_for_update().get(sha256=_hash(secret))
        refuse_dead(invitation)
        refuse_person(invitation, user)
        Membership.objects.create(team=team, user=user, role=invitation.role)
        invitation.accepted_by, invitation.accepted_at = user, timezone.now()
        invitation.save(update_fields=["accepted_by", "accepted_at"])
        note(user, "joined", team, role=invitation.role, inviter=invitation.created_by.email)
    publish_access(user.id)
    return team


def by_secret(secret: str) -> Invitation:
    """The invitation of a link, with its team and who made it, whether it still works or not. Raises Http404."""
    found = Invitation.objects.select_related("team", "created_by").filter(sha256=_hash(secret)).first()
    if found is None:
        raise Http404("There is no such invitation.")
    return found


def invitation_for(user: User, invitation_id: str) -> Invitation:
    """One invitation, for someone who may revoke it. Raises Http404, PermissionDenied."""
    known = Invitation.objects.select_related("team")
    if (found := known.filter(id=invitation_id).first() if is_id(invitation_id) else None) is None:
        raise Http404("There is no such invitation.")
    require_in(user, found.team_id, "manage")
    return found


def refuse_dead(invitation: Invitation) -> None:
    """Raises Dead for one that was used, was revoked or has ended."""
    ask = f"Ask {invitation.created_by} for a new one."
    if invitation.accepted_at:
        raise Dead(f"This invitation was used already; each lets one person in. {ask}")
    if invitation.revoked_at:
        raise Dead("This invitation was revoked.")
    if invitation.expires_at <= timezone.now():
        raise Dead(f"This invitation ended on {invitation.expires_at:%-d %B %Y, %H:%M} UTC. {ask}")


def refuse_person(invitation: Invitation, user: User) -> None:
    """Raises Conflict for who made it and for who is in the team already, Dead where it is somebody else's."""
    if invitation.created_by_id == user.id:
        raise Conflict("You made this invitation yourself. Send its link to the person who shall join.")
    if role := role_of(user, invitation.team):
        raise Conflict(f"You are in “{invitation.team}” already, as {role}. The invitation stays unused.")
    if invitation.brought_id not in (None, user.id):
        raise Dead("Somebody made an account by this invitation: it is theirs alone.")


def is_open(secret: str) -> bool:
    """Whether somebody may still make an account by the link."""
    return _open(secret).exists()


def brings(*, secret: str, user: User) -> bool:
    """Whether the link's one account is now that of ``user``, who has just signed up."""
    return bool(_open(secret).update(brought=user))


def _open(secret: str) -> QuerySet[Invitation]:
    alive = Invitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=timezone.now())
    return alive.filter(sha256=_hash(secret), brought=None)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
