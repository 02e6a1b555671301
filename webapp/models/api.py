"""REST: models, what they write, and the links by which they are shared."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from ninja import Query, Router, Schema
from pydantic import Field

from webapp.api.lists import Page, only_known, page
from webapp.api.schemas import Body, ListOf, Moment
from webapp.models import generate as generation
from webapp.models import predict as prediction
from webapp.models import selectors, services
from webapp.models.download import zipped
from webapp.models.models import Model, Share, Version
from webapp.origins import absolute
from webapp.problems import Changed, Invalid
from webapp.runs.selectors import run_for
from webapp.threads import in_thread

router = Router(tags=["models"])


Number = Annotated[int | None, Query(None, ge=1, le=10**9, description="a version; left out: the newest")]


class ModelIn(Body):
    run_id: str
    checkpoint: str | int = "best"
    name: str | None = Field(None, description="of the model; with model_id it may be left out")
    model_id: str | None = Field(None, description="the model of which this becomes the next version")


class ModelChange(Body):
    name: str | None = None
    card: dict[str, Any] | None = None
    revision: int | None = Field(None, ge=1, description="the one that was read; `If-Match` says the same")


class VersionOut(Schema):
    version: int
    step: int
    bytes: int
    metrics: dict[str, Any]
    baseline: dict[str, Any]
    dataset_id: str | None
    run_id: str | None
    created_at: datetime


class ModelOut(Schema):
    id: str
    team_id: str
    name: str
    task: str
    version: int
    versions: list[VersionOut]
    revision: int
    step: int
    bytes: int
    metrics: dict[str, Any]
    baseline: dict[str, Any]
    dataset_id: str | None
    run_id: str | None
    card: dict[str, Any]
    created_at: datetime


class ShareIn(Body):
    expires_at: Moment | None = None
    version: int | Literal["newest"] | None = Field(
        None, description="the version that the link stays with, or `newest`: it follows; left out: today's newest"
    )


class OpeningOut(Schema):
    email: str
    times: int
    last_at: datetime


class ShareOut(Schema):
    id: str
    version: int | None = Field(None, description="the one it stays with; null: it follows the newest")
    expires_at: datetime | None
    opened: int
    last_opened_at: datetime | None
    opened_by: list[OpeningOut] = Field(description="people who were signed in; `opened` counts all others too")
    created_at: datetime


class NewShareOut(ShareOut):
    url: str


class Links(Schema):
    items: list[ShareOut]


class TokenOut(Schema):
    token: str
    probability: float


class TextOut(Schema):
    text: str
    tokens: list[TokenOut]


class GeneratedOut(Schema):
    texts: list[TextOut]
    seed: int
    unknown: list[str] = Field([], description="words of the prompt that the model does not know; there where some are")
    unknown_at: list[tuple[int, int]] = Field([], description="where they stand in it")
    tokens_read: int = Field(0, description="words and marks of the prompt")


class PredictedOut(Schema):
    outputs: list[dict[str, Any]]


def show(model: Model) -> dict[str, Any]:
    version = selectors.version_of(model)
    versions = sorted(model.versions.all(), key=lambda one: -one.number)
    own = {name: getattr(model, name) for name in ("id", "team_id", "name", "task", "revision", "created_at")}
    measured = {name: value for name, value in _version(version).items() if name != "created_at"}
    return {**own, **measured, "card": version.card, "versions": [_version(each) for each in versions]}


def _version(version: Version) -> dict[str, Any]:
    own = {name: getattr(version, name) for name in VersionOut.model_fields if name not in ("version", "run_id")}
    return {"version": version.number, "run_id": version.from_run and version.from_run.id, **own}


def _share(share: Share) -> dict[str, Any]:
    own = ("id", "expires_at", "opened", "last_opened_at", "created_at")
    people = [
        {"email": opening.user.email, "times": opening.times, "last_at": opening.last_at}
        for opening in share.openings.all()
    ]
    version = share.version and share.version.number
    return {name: getattr(share, name) for name in own} | {"version": version, "opened_by": people}


def _tagged(response: HttpResponse, model: Model) -> dict[str, Any]:
    """The model, and in the answer's head the revision that ``If-Match`` takes."""
    response["ETag"] = f'"{model.revision}"'
    return show(model)


@router.post("/models", response={201: ModelOut})
def publish_model(request: HttpRequest, body: ModelIn) -> Any:
    """Publishes a checkpoint of a run ("best", "last" or a step): as a new model, or as a model's next version."""
    only_known(request)
    user = request.auth
    run = run_for(user, body.run_id, right="publish")
    model = selectors.model_for(user, body.model_id, right="publish") if body.model_id else None
    return show(services.publish(user=user, run=run, checkpoint=body.checkpoint, name=body.name, model=model))


@router.get("/models", response=ListOf[ModelOut])
def list_models(request: HttpRequest, paging: Page) -> Any:
    """Your models, newest first."""
    versions = Prefetch("versions", Version.objects.select_related("run").defer("facts", "run__recipe", "run__filled"))
    return page(request, paging, lambda user, team: selectors.models_of(user, team).prefetch_related(versions), show)


@router.get("/models/{model_id}", response=ModelOut)
def get_model(request: HttpRequest, response: HttpResponse, model_id: str) -> Any:
    """One model with the card and the figures of its newest version, and the figures of all."""
    only_known(request)
    return _tagged(response, selectors.model_for(request.auth, model_id))


@router.patch("/models/{model_id}", response=ModelOut)
def change_model(request: HttpRequest, response: HttpResponse, model_id: str, body: ModelChange) -> Any:
    """Another name, or other fields of the card: those given are replaced, null takes one away.

    With `If-Match: "REVISION"` (else 412) or `revision` (else 409) nothing is changed that somebody changed meanwhile.
    """
    only_known(request)
    model = selectors.model_for(request.auth, model_id, right="publish")
    matched = _matched(request.headers.get("If-Match"))
    revision = body.revision if matched is None else matched
    try:
        changed = services.update(user=request.auth, model=model, name=body.name, card=body.card, revision=revision)
    except services.Stale as stale:
        raise stale if matched is None else Changed(str(stale)) from None
    return _tagged(response, changed)


def _matched(header: str | None) -> int | None:
    """The revision that ``If-Match`` names. Raises Invalid where it is none of ours, Changed for a weak tag, which
    never matches (RFC 9110, 13.1.1)."""
    if header is None or header.strip() == "*":
        return None
    if re.fullmatch(r'W/"[^"]*"', header.strip()):
        raise Changed('If-Match: a weak tag matches nothing. Send the one of the answer\'s ETag, without "W/".')
    text = header.strip().strip('"')
    if not (text.isdecimal() and text.isascii() and len(text) < 10):
        raise Invalid.at("If-Match", 'is no revision: it is a number in quotes, as the answer\'s ETag, like "3"')
    return int(text)


@router.delete("/models/{model_id}", response={204: None})
def delete_model(request: HttpRequest, model_id: str) -> None:
    """Deletes the model with all its versions. Its links stop working."""
    only_known(request)
    services.delete(user=request.auth, model=selectors.model_for(request.auth, model_id, right="delete"))


@router.delete("/models/{model_id}/versions/{number}", response={204: None})
def delete_model_version(request: HttpRequest, model_id: str, number: int) -> None:
    """Deletes one version, with the links that stay with it; 409 where it is the only one. Its number is not given
    again."""
    only_known(request)
    model = selectors.model_for(request.auth, model_id, right="delete")
    services.delete_version(user=request.auth, version=selectors.version_of(model, number))


def _chosen(request: HttpRequest, model_id: str, number: int | None, *known: str) -> Version:
    """The version of a model that was asked for; ``known`` may stand in the query beside it."""
    only_known(request, "version", *known)
    return selectors.version_of(selectors.model_for(request.auth, model_id), number)


@router.get("/models/{model_id}/download", openapi_extra={
    "responses": {200: {"description": "a zip", "content": {"application/zip": {}}}},
})  # fmt: skip
async def download_model(request: HttpRequest, model_id: str, version: Number) -> HttpResponseBase:
    """A zip that `rnncore generate`, `predict` and `evaluate` run as it is, once unpacked."""
    return await in_thread(zipped)(await in_thread(_chosen)(request, model_id, version))


@router.get("/models/{model_id}/report", response=dict[str, Any])
def get_model_report(
    request: HttpRequest, model_id: str, version: Number, split: Literal["valid", "test"] = "valid"
) -> Any:
    """What the model's metrics hide: confusions, worst examples, by length …"""
    report = selectors.report_of(_chosen(request, model_id, version, "split"), split)
    if report is None:
        raise Http404("There is no report on this part.")
    return report


@router.post("/models/{model_id}/generate", response=GeneratedOut, exclude_unset=True)
async def generate(request: HttpRequest, model_id: str, version: Number, body: generation.Request) -> Any:
    """Writes text. With `Accept: text/event-stream` the tokens come as they are written, with their runners-up."""
    return await generation.answer(request, await in_thread(_chosen)(request, model_id, version), body)


@router.post("/models/{model_id}/predict", response=PredictedOut)
async def predict(request: HttpRequest, model_id: str, version: Number, body: prediction.Request) -> Any:
    """Answers inputs, one output each: a label with probabilities, a value, tags, another text, or a forecast.

    An output also has `unknown` where the model does not know all words (or characters) of its input: those that it
    reads as unknown, once each; `unknown_at`, `[start, end]` of each place, in characters of a text or items of a list;
    and `tokens_read`, how many there are in all.
    """
    return await prediction.answer(await in_thread(_chosen)(request, model_id, version), body)


@router.get("/models/{model_id}/shares", response=Links)
def list_shares(request: HttpRequest, model_id: str) -> Any:
    """The links to the model that were not revoked, newest first, and how often each was opened; without addresses."""
    only_known(request)
    model = selectors.model_for(request.auth, model_id, right="share")
    return {"items": [_share(share) for share in selectors.shares_of(request.auth, model)]}


@router.post("/models/{model_id}/shares", response={201: NewShareOut})
def share_model(request: HttpRequest, model_id: str, body: ShareIn | None = None) -> Any:
    """A link to the playground for people without an account. It is shown once: only its hash is kept."""
    only_known(request)
    body = body or ShareIn()
    model = selectors.model_for(request.auth, model_id, right="share")
    follows = body.version == "newest"
    version = selectors.version_of(model, None if follows else body.version)
    share, path = services.share(
        user=request.auth, model=model, expires_at=body.expires_at, version=version, follows=follows
    )
    return {**_share(share), "url": absolute(request, path)}


@router.delete("/shares/{share_id}", response={204: None})
def revoke_share(request: HttpRequest, share_id: str) -> None:
    """The link stops working at once."""
    only_known(request)
    services.revoke(user=request.auth, share=selectors.share_for(request.auth, share_id))
