"""Pages of a team: who is in it as what, invitations, links to its models, what was done; and making one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from webapp.models import services as models
from webapp.models.selectors import share_for
from webapp.pages.dialogs import ask, leave
from webapp.pages.paging import page_of
from webapp.problems import Refused
from webapp.runs.selectors import deleted_of
from webapp.teams import selectors, services
from webapp.teams.current import choose, team_of
from webapp.teams.forms import InvitationForm, TeamForm
from webapp.teams.history import entries_of
from webapp.teams.links import links_of, with_places
from webapp.teams.models import Role, Team
from webapp.teams.roles import RIGHTS, WORDS, may

LATELY = 6  # lines of the history on the team's page
MOST_LINKS = 50
PEOPLE = 50  # on a page
SECTIONS = ("runs", "datasets", "models", "queue", "teams")  # of which every team has its own


@require_safe
@login_required
def current(request: HttpRequest) -> HttpResponse:
    """The page of the team that one works in."""
    return redirect("teams:detail", team_of(request).id)


@require_safe
@login_required
def detail(request: HttpRequest, team_id: str) -> HttpResponse:
    return page(request, selectors.team_for(request.user, team_id))


def page(request: HttpRequest, team: Team, *, status: int = 200, **context: Any) -> HttpResponse:
    """The team's page; ``context`` brings a form with what is wrong in it, or the link of a new invitation."""
    user, rights = request.user, RIGHTS[team.role]
    manages, shares = "manage" in rights, "share" in rights
    links = list(links_of(user, team)[: MOST_LINKS + 1]) if shares else []
    context = {
        "team": team,
        "roles": Role.choices,
        "rights": [(words, [may(role, right) for role in Role.values]) for right, words in WORDS.items()],
        "manages": manages,
        "shares_links": shares,
        "invitations": list(selectors.invitations_of(user, team)) if manages else [],
        "links": links[:MOST_LINKS],
        "more_links": len(links) > MOST_LINKS,
        "lately": with_places(entries_of(user, team)[:LATELY]),
        "now": timezone.now(),
        "invitation_form": InvitationForm(),
        "name_form": TeamForm(initial={"name": team.name}),
    } | context
    return render(request, "teams/detail.html", context | _people(request, team), status=status)


def _people(request: HttpRequest, team: Team) -> dict[str, Any]:
    """A page of the people, or of those whose address holds what is searched for."""
    query = request.GET.get("q", "").replace("\0", "").strip()[:200]
    everybody = selectors.members_of(request.user, team)
    found = everybody.filter(user__email__icontains=query) if query else everybody
    people, wrong = page_of(request, found, PEOPLE)
    count = everybody.count() if query else people.paginator.count
    return {"page": people, "wrong": wrong, "query": query, "people": count, "many": PEOPLE}


def here(request: HttpRequest, team: Team) -> str:
    """The team's page with the people that were shown: what is done with one of them carries its query along."""
    query = request.META["QUERY_STRING"]
    return reverse("teams:detail", args=[team.id]) + (f"?{query}" if query else "")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Makes a team, and goes there."""
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            team = services.create(user=request.user, name=form.cleaned_data["name"])
        except Refused as refused:
            form.blame(refused)
        else:
            choose(request, team.id)
            messages.success(request, f"“{team.name}” is there, and you work in it now. Invite people below.")
            return redirect("teams:detail", team.id)
    return render(request, "teams/new.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@login_required
def switch(request: HttpRequest) -> HttpResponse:
    """Works in another team from here on: back to the list that one comes from, now of that team."""
    section = request.POST.get("section", "")
    try:
        team = choose(request, request.POST.get("team", ""))
    except Http404:
        stays = team_of(request)
        messages.error(request, f"There is no such team, or you are no longer in it. You still work in “{stays}”.")
        return redirect("home")
    if section == "teams":
        return redirect("teams:detail", team.id)
    return redirect(f"/{section}/" if section in SECTIONS else "home")


@require_POST
@login_required
def rename(request: HttpRequest, team_id: str) -> HttpResponse:
    team = selectors.team_for(request.user, team_id, right="manage")
    form = TeamForm(request.POST)
    if form.is_valid():
        try:
            services.rename(user=request.user, team=team, name=form.cleaned_data["name"])
        except Refused as refused:
            form.blame(refused)
        else:
            messages.success(request, f"The team is called “{team.name}” now.")
            return redirect("teams:detail", team.id)
    return page(request, team, status=422, name_form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def delete(request: HttpRequest, team_id: str) -> HttpResponse:
    team = selectors.team_for(request.user, team_id, right="manage")

    def act() -> str:
        services.delete(user=request.user, team=team)
        messages.success(request, f"The team “{team.name}” is deleted.")
        return reverse("home")

    return confirm(
        request, team, act, title="Delete the team", question=f"Delete “{team.name}”?", yes="Delete",
        words="Everybody in it loses their access, and its invitations stop working. A team that still holds data, "
        f"runs or models is not deleted.{_lost(deleted_of(request.user, team).count())}",
    )  # fmt: skip


def _lost(runs: int) -> str:
    """What is said of deleted runs, which go with the team."""
    if not runs:
        return ""
    which = "1 run that was" if runs == 1 else f"{runs} runs that were"
    return f" {which} deleted within the last hour {'goes' if runs == 1 else 'go'} with it and cannot be brought back."


@require_POST
@login_required
def revoke_link(request: HttpRequest, team_id: str, share_id: str) -> HttpResponse:
    team = selectors.team_for(request.user, team_id, right="share")
    share = share_for(request.user, share_id)
    if share.model.team_id != team.id:
        raise Http404("There is no such link in this team.")
    models.revoke(user=request.user, share=share)
    messages.success(request, "The link is revoked. Who opens it finds nothing.")
    return redirect(reverse("teams:detail", args=[team.id]) + "#links")


def confirm(request: HttpRequest, team: Team, act: Callable[[], str], **context: Any) -> HttpResponse:
    """Asks first; then does ``act``, which says where to go. What it refuses is said in place of the question."""
    status = 200
    if request.method == "POST":
        try:
            return leave(request, act())
        except Refused as refused:
            context["refused"], status = str(refused), refused.status
    back = {"back": here(request, team), "back_name": team.name}
    return ask(request, "teams/_confirm.html", {"team": team, "yes": "Yes", **back, **context}, status=status)
