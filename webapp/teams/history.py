"""Who did what to what, in each team: lines that are written once and never changed.

The database itself refuses to change or delete one (see :mod:`webapp.teams.seal`). A line therefore outlives the
person, the thing and the team that it names: it holds their ids and names as plain texts, and no reference.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from webapp.accounts.models import User
from webapp.teams.models import Entry, Team
from webapp.teams.selectors import require_in

# what → the sentence that a page shows of it; {thing} is the thing's kind and name, the others are details.
SENTENCES: dict[str, str] = {
    "created": "made {thing}",
    "uploaded": "uploaded {thing}",
    "renamed": "renamed {thing}, which was “{before}”",
    "changed": "changed {thing}",
    "deleted": "deleted {thing}",
    "restored": "brought back {thing}",
    "started": "started {thing}",
    "cloned": "cloned {thing}",
    "continued": "continued {thing}",
    "stopped": "stopped {thing}",
    "paused": "paused {thing}",
    "resumed": "resumed {thing}",
    "moved": "moved {thing} to the front of the queue",
    "placed": "moved {thing} to place {place} of the queue",
    "published": "published {thing}",
    "shared": "made a link to {thing}",
    "revoked": "revoked a link to {thing}",
    "invited": "made an invitation for {article} {role}",
    "withdrew": "revoked an invitation for {article} {role}",
    "joined": "joined as {role}, invited by {inviter}",
    "left": "left the team",
    "removed": "removed {person}, {role} until then",
    "appointed": "made {person} {role}, {before} until then",
    "handed": "handed the team over to {person}",
}


def note(user: User, what: str, thing: Any, **details: Any) -> Entry:
    """Writes a line: ``user`` did ``what`` (a key of :data:`SENTENCES`) to ``thing``, a row with id, name and team_id
    (or a team). ``details``: what else the sentence says, plain texts and numbers.

    Call it in the transaction that does the deed, before a deletion: then both are there, or neither.
    """
    if what not in SENTENCES:
        raise ValueError(f"{what!r} is no word of the history: {', '.join(SENTENCES)}")
    return Entry.objects.create(
        team_id=thing.id if isinstance(thing, Team) else thing.team_id, who_id=user.id, who=user.email, what=what,
        kind=thing._meta.verbose_name, thing_id=thing.id, thing=thing.name, details=details,
    )  # fmt: skip


def entries_of(user: User, team: Team) -> QuerySet[Entry]:
    """The lines of the team, newest first; ``as_text`` makes a sentence of one."""
    require_in(user, team.id, "view")
    return Entry.objects.filter(team_id=team.id).order_by("-id")


def sentence(entry: Entry) -> str:
    """What was done, to be read after the name of who did it. Not escaped: names in it come from people.

    >>> sentence(Entry(what="deleted", kind="run", thing="a run"))
    'deleted the run “a run”'
    """
    thing = "the team" if entry.kind == "team" else f"the {entry.kind} “{entry.thing}”"
    details = {name: str(value) for name, value in entry.details.items()}
    role = details.get("role", "")
    known = {"thing": thing, "article": "an" if role[:1] in ("o", "e") else "a", **details}
    return SENTENCES[entry.what].format_map(_Kept(known))


class _Kept(dict[str, str]):
    """A detail that nobody gave is left out."""

    def __missing__(self, name: str) -> str:
        return "…"


def people_in(entries: QuerySet[Entry]) -> list[tuple[str, str]]:
    """Who did something there: (id, address), by address."""
    named = dict(entries.order_by("who", "who_id").values_list("who_id", "who").distinct())
    return list(named.items())
