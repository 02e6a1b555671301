"""Who is at the other end of a connection that Django does not handle itself: its host, its origin, its person.

Uploads and sockets use this; for everything else Django's middleware and :mod:`webapp.api.auth` do the same. And under
which address people outside reach the studio.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, parse_cookie
from django.http.request import split_domain_port, validate_host

from webapp.accounts.models import User
from webapp.accounts.services import user_of_token
from webapp.threads import in_thread

Scope = dict[str, Any]


@dataclass(frozen=True)
class Caller:
    """Whom a request comes from: with a token (``user.token``), else by the cookie of the session ``session_key``."""

    user: User
    session_key: str | None = None

    @property
    def by_cookie(self) -> bool:
        """Whether a browser sent the credentials by itself, so that its origin has to be checked."""
        return self.session_key is not None


def header(scope: Scope, name: str) -> str | None:
    """A header of the request by its lower-case name; None when it is missing."""
    values = [value for key, value in scope["headers"] if key == name.encode()]
    return b"; ".join(values).decode("latin-1") if values else None


def host_is_ours(scope: Scope) -> bool:
    """Whether the Host header names one of ``ALLOWED_HOSTS``."""
    domain, _ = split_domain_port(header(scope, "host") or "")
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def origin_is_ours(scope: Scope) -> bool | None:
    """Whether the page that sent the request is our own; None when the request does not say (no browser does that)."""
    origin = header(scope, "origin")
    if origin is None:
        return None
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    return bool(netloc := urlsplit(origin).netloc.lower()) and netloc == (header(scope, "host") or "").lower()


async def caller_of(scope: Scope) -> Caller | None:
    """The person behind a bearer token or, where there is none, behind a session cookie."""
    if (authorization := header(scope, "authorization")) is not None:
        scheme, _, token = authorization.partition(" ")
        user = await in_thread(user_of_token)(token.strip()) if scheme.lower() == "bearer" else None
        return Caller(user) if user else None
    session_key = parse_cookie(header(scope, "cookie") or "").get(settings.SESSION_COOKIE_NAME)
    user = await in_thread(_user_of_session)(session_key) if session_key else None
    return Caller(user, session_key) if user else None


def _user_of_session(session_key: str) -> User | None:
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)  # checks the session's hash: a changed password ends old sessions
    return user if user.is_authenticated else None


def absolute(request: HttpRequest, path: str) -> str:
    """The path as people outside reach it."""
    return settings.PUBLIC_URL + path if settings.PUBLIC_URL else request.build_absolute_uri(path)
