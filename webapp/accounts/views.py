"""The settings page: password, theme, API tokens."""

from __future__ import annotations

from allauth.account.views import PasswordChangeView
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from webapp.accounts import selectors, services
from webapp.accounts.forms import TokenForm
from webapp.problems import Invalid

change_password = login_required(PasswordChangeView.as_view(success_url=reverse_lazy("settings")))


@require_safe
@login_required
def settings(request: HttpRequest) -> HttpResponse:
    return _page(request, TokenForm())


@require_POST
@login_required
@never_cache
@sensitive_post_parameters()
def make_token(request: HttpRequest) -> HttpResponse:
    """Answers with the page itself, not a redirect: the token is shown this once and kept nowhere."""
    form = TokenForm(request.POST)
    if form.is_valid():
        try:
            token, plain = services.create_token(user=request.user, **form.cleaned_data)
        except Invalid as refused:
            for field, message in refused.errors:
                form.add_error(field, message)
        else:
            return _page(request, TokenForm(), made=token, plain=plain, status=201)
    return _page(request, form, status=422)


@require_POST
@login_required
def revoke_token(request: HttpRequest, token_id: str) -> HttpResponse:
    services.revoke_token(user=request.user, token_id=token_id)
    messages.success(request, "The token is revoked. Programs that use it are refused from now on.")
    return redirect("settings")


def _page(request: HttpRequest, form: TokenForm, status: int = 200, **context: object) -> HttpResponse:
    context |= {"form": form, "tokens": selectors.tokens_of(request.user)}
    return render(request, "accounts/settings.html", context, status=status)
