"""Whatever is wrong is said as problem+json that names the field."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(alice, token):
    """Asks as alice; (status, problem)."""
    headers = {"Authorization": f"Bearer {token(alice)}"}

    def ask(method: str, path: str, body: object = None, *, raw: bytes | None = None):
        client = Client(raise_request_exception=False)
        given = {"data": raw if raw is not None else body, "content_type": "application/json", "headers": headers}
        answer = getattr(client, method.lower())(path, **given)
        if answer.status_code >= 400:
            assert answer["Content-Type"] == "application/problem+json", answer.content
        return answer.status_code, answer.json() if answer.content else None

    return ask


def fields(problem: dict) -> list[str]:
    return [error["field"] for error in problem["errors"]]


def test_malformed_json_is_400(ask):
    assert ask("POST", "/api/v1/datasets", raw=b'{"name": ')[0] == 400


def test_unknown_fields_are_named(ask):
    status, problem = ask("POST", "/api/v1/datasets", {"name": "a", "text": "b", "colour": "red"})
    assert (status, fields(problem)) == (422, ["colour"])
    status, problem = ask("GET", "/api/v1/datasets?limti=3")
    assert (status, fields(problem)) == (422, ["limti"])


def test_missing_fields_and_wrong_types_are_named(ask):
    status, problem = ask("POST", "/api/v1/datasets", {"text": 3})
    assert (status, sorted(fields(problem))) == (422, ["name", "text"])
    assert ask("POST", "/api/v1/datasets", [1, 2])[0] == 422
    assert ask("POST", "/api/v1/datasets", raw=b"")[0] == 422


def test_wrong_recipes_are_told_field_by_field(ask, alice, make):
    dataset = make.dataset(alice.personal_team)
    recipe = {
        "task": {"kind": "language_model"},
        "network": {"hidden_size": "big", "cell": "transistor"},
        "training": {"learning_rate": -1, "magic": True},
    }
    status, problem = ask("POST", "/api/v1/runs", {"dataset_id": dataset.id, "recipe": recipe})
    assert status == 422
    assert sorted(fields(problem)) == [
        "recipe.network.cell", "recipe.network.hidden_size", "recipe.training.learning_rate", "recipe.training.magic",
    ]  # fmt: skip
    contradiction = {"task": {"kind": "language_model"}, "network": {"bidirectional": True}}
    status, problem = ask("POST", "/api/v1/plan", {"dataset_id": dataset.id, "recipe": contradiction})
    assert (status, fields(problem)) == (422, ["recipe.network.bidirectional"])


def test_a_body_that_is_too_large_is_413(ask, settings):
    assert ask("POST", "/api/v1/datasets", {"name": "a", "text": "b" * 3_000_001})[0] == 413
    assert ask("POST", "/api/v1/datasets", {"name": "a", "text": "b" * 5_000_000})[0] == 413


def test_a_prompt_of_a_megabyte_is_refused_at_its_field(ask, alice, make):
    model = make.model(alice.personal_team, alice)
    status, problem = ask("POST", f"/api/v1/models/{model.id}/generate", {"prompt": "a" * 1_000_000})
    assert (status, fields(problem)) == (422, ["prompt"])
    wrong = {"temperature": "hot", "top_p": 0, "length": 0}
    status, problem = ask("POST", f"/api/v1/models/{model.id}/generate", wrong)
    assert sorted(fields(problem)) == ["length", "temperature", "top_p"]


def test_ids_that_cannot_be_ids_are_not_found(ask):
    for kind in ("datasets", "runs", "models"):
        for made_up in ("%00", "a%00b", "ü", "a" * 300, "..", "'--"):
            assert ask("GET", f"/api/v1/{kind}/{made_up}")[0] == 404
    assert ask("DELETE", "/api/v1/shares/%00")[0] == 404
    assert ask("GET", "/api/v1/runs?team_id=%00")[0] == 404


def test_addresses_and_methods_that_mean_nothing_are_problems_too(ask):
    assert ask("GET", "/api/v1/nothing")[0] == 404
    assert ask("PUT", "/api/v1/datasets")[0] == 405


def test_what_nobody_foresaw_is_a_problem_without_its_words(ask, monkeypatch):
    def broken(*args: object, **kwargs: object):
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("webapp.teams.api.teams_of", broken)
    status, problem = ask("GET", "/api/v1/me")
    assert status == 500
    assert "secret" not in str(problem)


def test_a_dataset_in_use_or_unready_is_409(ask, alice, make):
    dataset = make.dataset(alice.personal_team)
    make.run(alice.personal_team, dataset=dataset)
    status, problem = ask("DELETE", f"/api/v1/datasets/{dataset.id}")
    assert status == 409
    assert "1 run uses it" in problem["detail"]
    recipe = {"task": {"kind": "language_model"}}
    for unready in ("processing", "failed"):
        other = make.dataset(alice.personal_team, status=unready)
        assert ask("POST", "/api/v1/runs", {"dataset_id": other.id, "recipe": recipe})[0] == 409


def test_names_are_checked(ask, alice, make):
    dataset = make.dataset(alice.personal_team)
    for name in ("", " \n ", "\x00", "a" * 201):
        status, problem = ask("PATCH", f"/api/v1/datasets/{dataset.id}", {"name": name})
        assert (status, fields(problem)) == (422, ["name"]), name
    status, shown = ask("PATCH", f"/api/v1/datasets/{dataset.id}", {"name": " <b>bold</b>\x00 🦊\n"})
    assert (status, shown["name"]) == (200, "<b>bold</b> 🦊")
