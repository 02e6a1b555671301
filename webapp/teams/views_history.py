"""The history of a team: a page at a time, of one person or of one kind of deed."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from webapp.ids import is_id
from webapp.pages.paging import page_of
from webapp.teams.history import SENTENCES, entries_of, people_in
from webapp.teams.links import with_places
from webapp.teams.selectors import team_for

PAGE = 50


@require_safe
@login_required
def history(request: HttpRequest, team_id: str) -> HttpResponse:
    """A person or a deed that somebody made up finds nothing, and the page says so."""
    team = team_for(request.user, team_id)
    entries = entries_of(request.user, team)
    who, what = request.GET.get("who", "")[:20], request.GET.get("what", "")[:20]
    shown = entries
    if who:
        shown = shown.filter(who_id=who) if is_id(who) else shown.none()
    if what:
        shown = shown.filter(what=what) if what in SENTENCES else shown.none()
    page, wrong = page_of(request, shown, PAGE)
    context = {
        "team": team, "who": who, "what": what, "people": people_in(entries),
        "deeds": [(deed, f"{deed[0].upper()}{deed[1:]}") for deed in SENTENCES],
        "page": page, "wrong": wrong, "entries": with_places(page), "narrowed": bool(who or what),
    }  # fmt: skip
    return render(request, "teams/history.html", context)
