"""What is done with the people of a team: another role, removing, leaving, handing over."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from webapp.pages.dialogs import ask
from webapp.pages.dialogs import leave as lead_to
from webapp.problems import Refused
from webapp.teams import members, selectors
from webapp.teams.forms import HeirForm
from webapp.teams.models import Membership, Team
from webapp.teams.views import confirm, here


@require_POST
@login_required
def role(request: HttpRequest, team_id: str, person_id: str) -> HttpResponse:
    """Gives somebody another role; says so, or why not."""
    team = selectors.team_for(request.user, team_id, right="manage")
    wanted, was = request.POST.get("role", ""), request.POST.get("was")
    try:
        member = members.change_role(user=request.user, team=team, person_id=person_id, role=wanted, was=was)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"{member.user} is {member.role} now.")
    return redirect(here(request, team))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def remove(request: HttpRequest, team_id: str, person_id: str) -> HttpResponse:
    team = selectors.team_for(request.user, team_id, right="manage")
    member = _member(request, team, person_id)

    def act() -> str:
        members.remove(user=request.user, team=team, person_id=person_id)
        messages.success(request, f"{member.user} is no longer in the team.")
        return here(request, team)

    return confirm(
        request, team, act, title="Remove", question=f"Remove {member.user}?", yes="Remove",
        words="They see nothing of the team from now on, and pages that they have open stop. What they made stays.",
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def leave(request: HttpRequest, team_id: str) -> HttpResponse:
    team = selectors.team_for(request.user, team_id)

    def act() -> str:
        members.leave(user=request.user, team=team)
        messages.success(request, f"You are no longer in “{team.name}”.")
        return reverse("home")

    return confirm(
        request, team, act, title="Leave the team", question=f"Leave “{team.name}”?", yes="Leave",
        words="You see nothing of it any more until somebody invites you again. What you made in it stays there.",
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def hand_over(request: HttpRequest, team_id: str) -> HttpResponse:
    team = selectors.team_for(request.user, team_id, right="manage")
    others = [member for member in selectors.members_of(request.user, team) if member.user_id != request.user.id]
    form = HeirForm(others, request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            members.hand_over(user=request.user, team=team, person_id=form.cleaned_data["person"])
        except Refused as refused:
            form.blame(refused)
            status = refused.status
        else:
            messages.success(request, "The team is handed over. You are an editor in it now.")
            return lead_to(request, reverse("teams:detail", args=[team.id]))
    context = {
        "team": team, "form": form, "others": others, "title": "Hand over",
        "back": reverse("teams:detail", args=[team.id]), "back_name": team.name,
    }  # fmt: skip
    return ask(request, "teams/_hand_over.html", context, status=422 if form.errors and status == 200 else status)


def _member(request: HttpRequest, team: Team, person_id: str) -> Membership:
    for member in selectors.members_of(request.user, team):
        if member.user_id == person_id:
            return member
    raise Http404("This person is not in the team, or no longer.")
