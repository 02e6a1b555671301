"""What every answer gets: a strict content security policy, and for a script that is signed out, where to sign in."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

POLICY = "; ".join((
    "default-src 'self'", "img-src 'self' data: blob:", "style-src 'self'", "script-src 'self'", "connect-src 'self'",
    "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
))  # fmt: skip


@sync_and_async_middleware
def content_security_policy(get_response):
    if iscoroutinefunction(get_response):

        async def middleware(request):
            response = await get_response(request)
            response.headers.setdefault("Content-Security-Policy", POLICY)
            return response

        markcoroutinefunction(middleware)
        return middleware

    def middleware(request):
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    return middleware


@sync_and_async_middleware
def sign_in_of_scripts(get_response):
    """What a script asks for is never answered with the sign-in page: 401, and ``X-Sign-In`` leads there and back."""
    if iscoroutinefunction(get_response):

        async def middleware(request):
            return _told(request, await get_response(request))

        markcoroutinefunction(middleware)
        return middleware

    return lambda request: _told(request, get_response(request))


def _told(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    leads = urlsplit(response.headers.get("Location", "")).path
    sent = request.headers
    if leads != settings.LOGIN_URL or not ("HX-Request" in sent or sent.get("Sec-Fetch-Dest") == "empty"):
        return response
    page = urlsplit(sent.get("HX-Current-URL") or sent.get("Referer", ""))
    back = urlencode({"next": f"{page.path or '/'}{'?' if page.query else ''}{page.query}"})
    told = HttpResponse("You are signed out.", status=401, content_type="text/plain; charset=utf-8")
    told["X-Sign-In"] = f"{settings.LOGIN_URL}?{back}"
    return told
