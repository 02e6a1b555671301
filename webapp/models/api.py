"""REST: models, what they write, and the links by which they are shared."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from ninja import Router, Schema
from pydantic import AwareDatetime

from webapp.api.lists import Page, only_known, page
from webapp.api.schemas import Body, ListOf
from webapp.models import generate as generation
from webapp.models import predict as prediction
from webapp.models import selectors, services
from webapp.models.download import zip_of
from webapp.models.models import Model
from webapp.names import clean_filename
from webapp.runs.selectors import run_for
from webapp.threads import in_thread

router = Router(tags=["models"])


class ModelIn(Body):
    run_id: str
    checkpoint: str | int = "best"
    name: str


class ModelChange(Body):
    name: str | None = None
    card: dict[str, Any] | None = None


class ModelOut(Schema):
    id: str
    team_id: str
    name: str
    task: str
    step: int
    bytes: int
    metrics: dict[str, Any]
    baseline: dict[str, Any]
    dataset_id: str | None
    run_id: str | None
    card: dict[str, Any]
    created_at: datetime


class ShareIn(Body):
    expires_at: AwareDatetime | None = None


class ShareOut(Schema):
    id: str
    url: str
    expires_at: datetime | None


class TokenOut(Schema):
    token: str
    probability: float


class TextOut(Schema):
    text: str
    tokens: list[TokenOut]


class GeneratedOut(Schema):
    texts: list[TextOut]
    seed: int


class PredictedOut(Schema):
    outputs: list[dict[str, Any]]


def show(model: Model) -> dict[str, Any]:
    return {name: getattr(model, name) for name in ModelOut.model_fields}


@router.post("/models", response={201: ModelOut})
def publish_model(request: HttpRequest, body: ModelIn) -> Any:
    """Publishes a checkpoint of a run: "best", "last" or a step."""
    only_known(request)
    run = run_for(request.auth, body.run_id, right="publish")
    return show(services.publish(user=request.auth, run=run, checkpoint=body.checkpoint, name=body.name))


@router.get("/models", response=ListOf[ModelOut])
def list_models(request: HttpRequest, paging: Page) -> Any:
    """Your models, newest first."""
    return page(request, paging, selectors.models_of, show)


@router.get("/models/{model_id}", response=ModelOut)
def get_model(request: HttpRequest, model_id: str) -> Any:
    """One model with its card."""
    only_known(request)
    return show(selectors.model_for(request.auth, model_id))


@router.patch("/models/{model_id}", response=ModelOut)
def change_model(request: HttpRequest, model_id: str, body: ModelChange) -> Any:
    """Another name, or other fields of the card: those given are replaced, null takes one away."""
    only_known(request)
    model = selectors.model_for(request.auth, model_id, right="publish")
    return show(services.update(user=request.auth, model=model, name=body.name, card=body.card))


@router.delete("/models/{model_id}", response={204: None})
def delete_model(request: HttpRequest, model_id: str) -> None:
    """Deletes the model. Its links stop working."""
    only_known(request)
    services.delete(user=request.auth, model=selectors.model_for(request.auth, model_id, right="delete"))


@router.get("/models/{model_id}/download", openapi_extra={
    "responses": {200: {"description": "a zip", "content": {"application/zip": {}}}},
})  # fmt: skip
async def download_model(request: HttpRequest, model_id: str) -> HttpResponseBase:
    """A zip that `rnncore generate`, `predict` and `evaluate` run as it is, once unpacked."""
    only_known(request)
    model = await in_thread(selectors.model_for)(request.auth, model_id)
    filename = clean_filename(model.name).replace("/", "-") + ".zip"
    headers = {"Content-Disposition": content_disposition_header(True, filename)}
    return StreamingHttpResponse(zip_of(model), content_type="application/zip", headers=headers)


@router.get("/models/{model_id}/report", response=dict[str, Any])
def get_model_report(request: HttpRequest, model_id: str, split: Literal["valid", "test"] = "valid") -> Any:
    """What the model's metrics hide: confusions, worst examples, by length …"""
    only_known(request, "split")
    report = selectors.report_of(selectors.model_for(request.auth, model_id), split)
    if report is None:
        raise Http404("There is no report on this part.")
    return report


@router.post("/models/{model_id}/generate", response=GeneratedOut)
async def generate(request: HttpRequest, model_id: str, body: generation.Request) -> Any:
    """Writes text. With `Accept: text/event-stream` the tokens come as they are written, with their runners-up."""
    only_known(request)
    model = await in_thread(selectors.model_for)(request.auth, model_id)
    return await generation.answer(request, model, body)


@router.post("/models/{model_id}/predict", response=PredictedOut)
async def predict(request: HttpRequest, model_id: str, body: prediction.Request) -> Any:
    """Answers inputs, one output each: a label with probabilities, a value, tags, another text, or a forecast."""
    only_known(request)
    model = await in_thread(selectors.model_for)(request.auth, model_id)
    return await prediction.answer(model, body)


@router.post("/models/{model_id}/shares", response={201: ShareOut})
def share_model(request: HttpRequest, model_id: str, body: ShareIn | None = None) -> Any:
    """A link to the playground for people without an account. It is shown once: only its hash is kept."""
    only_known(request)
    model = selectors.model_for(request.auth, model_id, right="share")
    share, path = services.share(user=request.auth, model=model, expires_at=body and body.expires_at)
    url = settings.PUBLIC_URL + path if settings.PUBLIC_URL else request.build_absolute_uri(path)
    return {"id": share.id, "url": url, "expires_at": share.expires_at}


@router.delete("/shares/{share_id}", response={204: None})
def revoke_share(request: HttpRequest, share_id: str) -> None:
    """The link stops working at once."""
    only_known(request)
    services.revoke(user=request.auth, share=selectors.share_for(request.auth, share_id))
