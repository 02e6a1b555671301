"""REST: datasets. Uploads are :mod:`webapp.datasets.tus`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from ninja import Router, Schema
from pydantic import Field

from webapp.api.lists import Page, only_known, page
from webapp.api.schemas import Body, ListOf
from webapp.datasets import download, roles, selectors, services
from webapp.datasets.checks import problems_of
from webapp.datasets.models import Dataset, Version
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
    format: str | None = Field(None, description="of the text: text, csv, tsv, jsonl, conll, conllu; else by the name")
    synthetic: SyntheticIn | None = None
    example: str | None = Field(None, description="a text that lies on the machine: python")
    dataset_id: str | None = Field(None, description="the dataset of which the text shall be a new version")
    team_id: str | None = None


class DatasetChange(Body):
    name: str | None = None
    columns: dict[str, str | None] | None = Field(None, description="a role by column name, null for none")
    task: str | None = Field(None, description="what it is to be trained for; empty: what its columns suggest")


class DatasetOut(Schema):
    id: str
    team_id: str
    name: str
    version: int
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


class VersionOut(Schema):
    number: int
    status: str
    filename: str
    format: str | None
    sha256: str | None
    same_as: int | None = Field(description="an earlier version with the same bytes")
    bytes: int
    amount: int | None = Field(description="records of a table, characters of a text")
    runs: int
    created_by: str | None
    created_at: datetime
    error: dict[str, Any] | None


class VersionsOut(Schema):
    items: list[VersionOut]


def show(dataset: Dataset) -> dict[str, Any]:
    version = dataset.version
    inspection = version.inspection
    statistics = inspection.get("statistics")
    return {
        "id": dataset.id, "team_id": dataset.team_id, "name": dataset.name,
        "version": version.number, "status": version.status,
        "filename": version.filename, "format": inspection.get("format"), "sha256": version.sha256 or None,
        "bytes": version.bytes, "done_bytes": version.done_bytes, "columns": roles.columns(version) or None,
        "task": proposed(version), "synthetic": version.synthetic, "statistics": statistics,
        "problems": problems_of(version).problems, "error": version.error, "created_at": dataset.created_at,
    }  # fmt: skip


@router.post("/datasets", response={201: DatasetOut})
def create_dataset(request: HttpRequest, body: DatasetIn) -> Any:
    """A dataset of pasted `text`, or one that is made here (`synthetic`), or of a text that lies on the machine
    (`example`); one of the three. With `dataset_id` the text is a new version of that dataset. Files are uploaded: see
    uploads."""
    only_known(request)
    _refuse_several(body)
    if body.dataset_id is not None:
        into = selectors.dataset_for(request.auth, body.dataset_id, right="upload")
        given = {"team": into.team, "into": into}
    else:
        given = {"team": team_for(request.auth, body.team_id, right="upload")}
    given |= {"user": request.auth}
    if body.text is not None:
        dataset = services.create_from_text(**given, name=body.name, text=body.text, format=body.format or "")
    elif body.example is not None:
        dataset = services.create_example(**given, example=body.example, name=body.name)
    else:
        dataset = _made(body.synthetic, **given, name=body.name)
    return show(selectors.dataset_for(request.auth, dataset.id))


def _refuse_several(body: DatasetIn) -> None:
    """Raises Invalid unless one thing is asked for."""
    asked = [name for name in ("text", "synthetic", "example") if getattr(body, name) is not None]
    if not asked:
        raise Invalid.at("text", "is missing")
    if len(asked) > 1:
        raise Invalid.at(
            "text" if "text" in asked else asked[0], f"A dataset is one of {' and '.join(asked)}, not both."
        )
    if body.dataset_id is not None and asked != ["text"]:
        raise Invalid.at("dataset_id", "A new version is a text, here, or an upload.")
    if body.dataset_id is not None and body.team_id is not None:
        raise Invalid.at("team_id", "A new version belongs to its dataset's team.")
    if body.format is not None and asked != ["text"]:
        raise Invalid.at("format", "It is said of a text alone.")


def _made(made: SyntheticIn, **given: Any) -> Dataset:
    try:
        return services.create_synthetic(**given, kind=made.name, count=made.count, seed=made.seed)
    except Invalid as error:
        raise error.renamed(kind="synthetic.name", count="synthetic.count", seed="synthetic.seed") from None


@router.get("/datasets", response=ListOf[DatasetOut])
def list_datasets(request: HttpRequest, paging: Page) -> Any:
    """Your datasets, newest first."""
    return page(request, paging, selectors.datasets_of, show)


@router.get("/datasets/{dataset_id}", response=DatasetOut)
def get_dataset(request: HttpRequest, dataset_id: str, version: int | None = None) -> Any:
    """One dataset: where its reading stands, and what is in it once it is ready. `version`: another than the newest."""
    only_known(request, "version")
    return show(selectors.dataset_for(request.auth, dataset_id, number=version))


@router.get("/datasets/{dataset_id}/versions", response=VersionsOut)
def list_versions(request: HttpRequest, dataset_id: str) -> Any:
    """All versions of a dataset, newest first."""
    only_known(request)
    dataset = selectors.dataset_for(request.auth, dataset_id)
    return {"items": [_show_version(version) for version in selectors.versions_of(dataset)]}


def _show_version(version: Version) -> dict[str, Any]:
    same = ("number", "status", "filename", "same_as", "bytes", "created_at", "error")
    return {
        **{name: getattr(version, name) for name in same}, "format": version.format or None,
        "sha256": version.sha256 or None, "amount": version.summary.get("amount"), "runs": version.used,
        "created_by": version.created_by and version.created_by.email,
    }  # fmt: skip


@router.get("/datasets/{dataset_id}/download", openapi_extra={"responses": {"200": {"description": "the file"}}})
def download_dataset(request: HttpRequest, dataset_id: str, version: int | None = None) -> HttpResponseBase:
    """The file as it was uploaded, of the newest version or another."""
    only_known(request, "version")
    return download.answer(selectors.dataset_for(request.auth, dataset_id, number=version).version)


@router.patch("/datasets/{dataset_id}", response=DatasetOut)
def change_dataset(request: HttpRequest, dataset_id: str, body: DatasetChange) -> Any:
    """Another name, what its columns are for, or what it is to be trained for; columns that are not named stay."""
    only_known(request)
    dataset = selectors.dataset_for(request.auth, dataset_id, right="upload")
    with transaction.atomic():  # all of it, or nothing
        if body.columns is not None:
            services.confirm_roles(user=request.auth, dataset=dataset, roles=body.columns)
        if body.task is not None:
            services.choose_task(user=request.auth, dataset=dataset, task=body.task)
        if body.name is not None:
            services.rename(user=request.auth, dataset=dataset, name=body.name)
    return show(dataset)


@router.delete("/datasets/{dataset_id}", response={204: None})
def delete_dataset(request: HttpRequest, dataset_id: str) -> None:
    """Deletes a dataset with all its versions. Refused with 409, and which runs, while runs use one of them."""
    only_known(request)
    services.delete(user=request.auth, dataset=selectors.dataset_for(request.auth, dataset_id, right="delete"))


@router.delete("/datasets/{dataset_id}/versions/{number}", response={204: None})
def delete_version(request: HttpRequest, dataset_id: str, number: int) -> None:
    """Deletes one version. Refused with 409 while runs use it, or where it is the only one."""
    only_known(request)
    dataset = selectors.dataset_for(request.auth, dataset_id, right="delete", number=number)
    services.delete_version(user=request.auth, version=dataset.version)
