"""Who is asking: a bearer token, else the session of our own pages."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from webapp.accounts.models import User
from webapp.accounts.services import user_of_token


class Caller(AuthBase):
    """``request.auth`` becomes the person. A token that is sent decides alone: a bad one is not healed by a cookie."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> User | None:
        if (authorization := request.headers.get("Authorization")) is not None:
            scheme, _, token = authorization.partition(" ")
            return user_of_token(token.strip()) if scheme.lower() == "bearer" else None
        if not request.user.is_authenticated:
            return None
        if check_csrf(request):
            raise PermissionDenied("A request with a session's cookie wants its CSRF token too (X-CSRFToken).")
        return request.user
