"""Invitations: made and revoked on the team's page, accepted on the page that their link opens."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from webapp.origins import absolute
from webapp.problems import Conflict, Refused
from webapp.teams import invitations
from webapp.teams.current import choose
from webapp.teams.forms import InvitationForm
from webapp.teams.selectors import role_of, team_for
from webapp.teams.views import page

KEY = "invitation"  # of the session: the secret of the link that somebody opened without being signed in


@require_POST
@login_required
@never_cache
def make(request: HttpRequest, team_id: str) -> HttpResponse:
    """Answers with the team's page itself, not a redirect: the link is shown this once and kept nowhere."""
    team = team_for(request.user, team_id, right="manage")
    form = InvitationForm(request.POST)
    if form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("role", "recipient")} | {"expires_at": form.expires_at()}
        invitation, path = invitations.invite(user=request.user, team=team, **given)
        return page(request, team, status=201, made=invitation, url=absolute(request, path))
    return page(request, team, status=422, invitation_form=form)


@require_POST
@login_required
def revoke(request: HttpRequest, team_id: str, invitation_id: str) -> HttpResponse:
    team = team_for(request.user, team_id, right="manage")
    invitations.revoke(user=request.user, invitation=invitations.invitation_for(request.user, invitation_id))
    messages.success(request, "The invitation is revoked. Its link lets nobody in.")
    return redirect(reverse("teams:detail", args=[team.id]) + "#invitations")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """What a link opens: asks first, and lets in on a POST. Who is not signed in is led there, and back."""
    invitation = invitations.by_secret(secret)
    signed_in = request.user.is_authenticated
    context = {"invitation": invitation, "team": invitation.team}
    try:
        invitations.refuse_dead(invitation)
        if signed_in:
            invitations.refuse_person(invitation, request.user)
            if request.method == "POST":
                team = invitations.accept(user=request.user, secret=secret)
                choose(request, team.id)
                messages.success(request, f"Welcome to “{team.name}”. You are {invitation.role} here.")
                return redirect("teams:detail", team.id)
    except Refused as refused:
        mine = signed_in and invitation.accepted_by_id == request.user.id
        inside = mine and role_of(request.user, invitation.team)  # a double click, the back button
        context |= {"why": str(refused), "not_you": isinstance(refused, Conflict), "inside": inside}
        return render(request, "teams/join_refused.html", context, status=refused.status)
    if not signed_in:
        request.session[KEY] = secret
        back = "?" + urlencode({"next": request.path})
        context |= {
            "login": reverse("account_login") + back,
            "signup": None if settings.SIGNUP == "closed" else reverse("account_signup") + back,
        }
    return render(request, "teams/join.html", context)
