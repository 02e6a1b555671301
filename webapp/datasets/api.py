"""REST: datasets. Uploads are :mod:`webapp.datasets.tus`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from webapp.api.lists import Page, only_known, page
from webapp.api.schemas import Body, ListOf
from webapp.datasets import roles, selectors, services
from webapp.datasets.models import Dataset
from webapp.datasets.tasks import proposed
from webapp.problems import Invalid
from webapp.teams.selectors import team_for

router = Router(tags=["datasets"])


class SyntheticIn(Body):
    name: str
    count: int | None = None
    seed: int = 1


class DatasetIn(Body):
    name: str
    text: str | None = None
    synthetic: SyntheticIn | None = None
    team_id: str | None = None


class DatasetChange(Body):
    name: str | None = None
    columns: dict[str, str | None] | None = Field(None, description="a role by column name, null for none")


class DatasetOut(Schema):
    id: str
    team_id: str
    name: str
    status: str
    filename: str
    format: str | None
    sha256: str | None
    bytes: int
    done_bytes: int
    columns: list[dict[str, Any]] | None
    task: str | None
    synthetic: dict[str, Any] | None
    statistics: dict[str, Any] | None
    problems: list[dict[str, Any]]
    error: dict[str, Any] | None
    created_at: datetime


def show(dataset: Dataset) -> dict[str, Any]:
    version = dataset.version
    inspection = version.inspection
    return {
        "id": dataset.id, "team_id": dataset.team_id, "name": dataset.name, "status": version.status,
        "filename": version.filename, "format": inspection.get("format"), "sha256": version.sha256 or None,
        "bytes": version.bytes, "done_bytes": version.done_bytes, "columns": roles.columns(version) or None,
        "task": proposed(version), "synthetic": dataset.synthetic, "statistics": inspection.get("statistics"),
        "problems": inspection.get("problems", []), "error": version.error, "created_at": dataset.created_at,
    }  # fmt: skip


@router.post("/datasets", response={201: DatasetOut})
def create_dataset(request: HttpRequest, body: DatasetIn) -> Any:
    """A dataset of pasted text, or (`synthetic`) one that is made here. Files are uploaded: see uploads."""
    only_known(request)
    team = team_for(request.auth, body.team_id, right="upload")
    given = {"user": request.auth, "team": team, "name": body.name}
    if body.synthetic is None:
        if body.text is None:
            raise Invalid.at("text", "is missing")
        return show(services.create_from_text(**given, text=body.text))
    if body.text is not None:
        raise Invalid.at("text", "A dataset is either text or synthetic, not both.")
    made = body.synthetic
    try:
        return show(services.create_synthetic(**given, kind=made.name, count=made.count, seed=made.seed))
    except Invalid as error:
        raise error.renamed(kind="synthetic.name", count="synthetic.count", seed="synthetic.seed") from None


@router.get("/datasets", response=ListOf[DatasetOut])
def list_datasets(request: HttpRequest, paging: Page) -> Any:
    """Your datasets, newest first."""
    return page(request, paging, selectors.datasets_of, show)


@router.get("/datasets/{dataset_id}", response=DatasetOut)
def get_dataset(request: HttpRequest, dataset_id: str) -> Any:
    """One dataset: where its reading stands, and what is in it once it is ready."""
    only_known(request)
    return show(selectors.dataset_for(request.auth, dataset_id))


@router.patch("/datasets/{dataset_id}", response=DatasetOut)
def change_dataset(request: HttpRequest, dataset_id: str, body: DatasetChange) -> Any:
    """Another name, or what its columns are for; columns that are not named stay as they are."""
    only_known(request)
    dataset = selectors.dataset_for(request.auth, dataset_id, right="upload")
    if body.columns is not None:
        services.confirm_roles(user=request.auth, dataset=dataset, roles=body.columns)
    if body.name is not None:
        services.rename(user=request.auth, dataset=dataset, name=body.name)
    return show(dataset)


@router.delete("/datasets/{dataset_id}", response={204: None})
def delete_dataset(request: HttpRequest, dataset_id: str) -> None:
    """Deletes a dataset. Refused with 409 while a run uses it."""
    only_known(request)
    services.delete(user=request.auth, dataset=selectors.dataset_for(request.auth, dataset_id, right="delete"))
