"""Below /api/ every error is a problem, also those that are found before or beside the routes (a wrong method, say)."""

from __future__ import annotations

from http import HTTPStatus

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

from webapp.api.problems import CONTENT_TYPE, response


@sync_and_async_middleware
def problems(get_response):
    if iscoroutinefunction(get_response):

        async def middleware(request):
            return _as_problem(request, await get_response(request))

        markcoroutinefunction(middleware)
        return middleware

    return lambda request: _as_problem(request, get_response(request))


def _as_problem(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    is_problem = answer.headers.get("Content-Type", "").startswith(CONTENT_TYPE)
    if answer.status_code < 400 or is_problem or not request.path_info.startswith("/api/"):
        return answer
    phrase = HTTPStatus(answer.status_code).phrase
    problem = response(answer.status_code, phrase, f"{request.method} {request.path_info}: {phrase.lower()}.")
    if "Allow" in answer.headers:
        problem["Allow"] = answer["Allow"]
    return problem
