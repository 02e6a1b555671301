"""The description of the API, for programs and for people."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client


def references(part: object):
    if isinstance(part, dict):
        yield from ([part["$ref"]] if isinstance(part.get("$ref"), str) else [])
        part = list(part.values())
    if isinstance(part, list):
        for item in part:
            yield from references(item)


@pytest.mark.django_db
def test_openapi_stands_by_itself():
    schema = Client().get("/api/v1/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    for reference in references(schema):
        part = schema
        for key in reference.removeprefix("#/").split("/"):
            part = part[key]
    recipe = json.dumps(schema["components"]["schemas"])
    assert "units" in recipe, "the recipe's own texts are in it"
    assert "what it can hold in mind" in recipe


@pytest.mark.django_db
def test_the_page_shows_every_route_and_needs_nothing_from_elsewhere():
    page = Client().get("/api/v1/docs")
    html = page.content.decode()
    schema = Client().get("/api/v1/openapi.json").json()
    for path, operations in schema["paths"].items():
        for method in operations:
            assert f"{method.upper()} {path}" in html
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', html)
    assert "<style" not in html
    assert not re.findall(r"<script(?![^>]*\bsrc=)", html)
    assert "default-src 'self'" in page["Content-Security-Policy"]


@pytest.mark.django_db
def test_a_reader_who_is_not_signed_in_may_sign_in_and_is_not_asked_to_sign_out(client, alice):
    html = client.get("/api/v1/docs").content.decode()
    assert "Sign out" not in html
    assert 'href="/accounts/login/?next=%2Fapi%2Fv1%2Fdocs"' in html
    client.force_login(alice)
    html = client.get("/api/v1/docs").content.decode()
    assert "Sign out" in html
    assert "Sign in" not in html


@pytest.mark.django_db
def test_an_operation_says_what_it_does_in_words_of_its_own():
    html = Client().get("/api/v1/docs").content.decode()
    assert "<span>Makes a waiting run the next one</span>" in html
    assert "Front Run" not in html, "a function's name is no sentence"
    assert "<span>Begin an upload</span>" in html, "what was given stays"
    assert "<code>rnncore generate</code>" in html
    assert "`" not in html
