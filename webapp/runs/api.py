"""REST: plans, runs, their events and checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from rnncore import catalog
from webapp.accounts.models import User
from webapp.api.lists import MOST, Page, only_known, page
from webapp.api.schemas import Body, ListOf, RecipeBody
from webapp.datasets.selectors import dataset_for
from webapp.problems import Invalid
from webapp.runs import beginnings, feed, filters, selectors, services
from webapp.runs.estimate import estimate
from webapp.runs.models import Run, Status
from webapp.runs.views_checkpoints import zipped
from webapp.teams.models import Team
from webapp.teams.selectors import team_for

router = Router(tags=["runs"])


class PlanIn(Body):
    dataset_id: str
    version: int | None = None
    recipe: RecipeBody
    from_model_id: str | None = None
    from_run_id: str | None = None
    checkpoint: str | int | None = None


class PlanOut(Schema):
    parameters: int
    training_bytes: int
    steps_per_epoch: int
    steps: int
    seconds: float
    calibrated: bool
    recipe: dict[str, Any]


class RunIn(PlanIn):
    valid_dataset_id: str | None = None
    test_dataset_id: str | None = None
    name: str = ""
    team_id: str | None = None
    continue_run_id: str | None = None


class RunOut(Schema):
    id: str
    team_id: str
    name: str
    status: str
    recipe: dict[str, Any]
    filled: dict[str, Any]
    dataset_id: str
    from_model_id: str | None
    from_run_id: str | None
    continue_run_id: str | None
    origin: dict[str, Any] | None
    step: int
    steps: int | None
    last_seq: int
    best: dict[str, Any] | None
    baselines: dict[str, Any]
    error: dict[str, Any] | None
    queue_position: int | None
    waiting_for: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


def _of(*known: str) -> Any:
    """A part of the query that is one of a few words."""
    return Field(None, json_schema_extra={"enum": known})


class Narrowing(Schema):
    """What a list of runs may be narrowed to, and in which order it comes."""

    q: str | None = Field(None, description="in the name of the run or of its dataset")
    status: str | None = _of(*Status.values)
    task: str | None = _of(*catalog.TASKS)
    cell: str | None = _of(*catalog.CELLS)
    dataset: str | None = Field(None, description="the id of a dataset")
    by: str | None = Field(None, description="the id of who started it")
    sort: str | None = Field(
        None, json_schema_extra={"enum": list(filters.ORDERS)},
        description="; ".join(f"`{order.name}`: {order.label.lower()}" for order in filters.ORDERS.values())
        + ". A cursor goes on in the order that it was given out for.",
    )  # fmt: skip


Narrow = Query[Narrowing]


class EventsOut(Schema):
    events: list[dict[str, Any]]
    last_seq: int


class CheckpointOut(Schema):
    step: int
    best: bool
    last: bool
    bytes: int
    sha256: str


class CheckpointsOut(Schema):
    items: list[CheckpointOut]


def show(run: Run, queue: dict[str, int]) -> dict[str, Any]:
    position = queue.get(run.id)
    same = (
        "id", "team_id", "name", "status", "recipe", "filled", "step", "steps", "last_seq", "best", "baselines",
        "error", "created_at", "started_at", "ended_at",
    )  # fmt: skip
    continued = run.origin.get("how") == "continued"
    return {
        **{name: getattr(run, name) for name in same}, "dataset_id": run.version.dataset_id,
        "from_model_id": run.from_version and run.from_version.model_id, "origin": run.origin or None,
        "from_run_id": None if continued else run.from_run_id,
        "continue_run_id": run.from_run_id if continued else None,
        "queue_position": position, "waiting_for": selectors.waiting_for(run, position),
    }  # fmt: skip


@router.post("/plan", response=PlanOut)
def plan(request: HttpRequest, body: PlanIn) -> Any:
    """What a run would take: size, memory, steps, time. A formula and this machine's calibration.

    `from_model_id`, or `from_run_id` with a `checkpoint`: the weights that it would start from.
    """
    only_known(request)
    version = dataset_for(request.auth, body.dataset_id, number=body.version).version
    begin = _begin(request.auth, body)
    try:
        return estimate(version=version, recipe=body.recipe, weights=begin and begin.weights)
    except Invalid as error:
        raise error.renamed(start=_start_field(body)) from None


@router.post("/runs", response={201: RunOut})
def start_run(request: HttpRequest, body: RunIn) -> Any:
    """Queues a run of the recipe on the dataset's newest version.

    `from_model_id` (the newest version) or `from_run_id` (its `checkpoint`: "best", "last" or a step) names weights to
    start from in place of drawn ones: what the recipe leaves open of the network is as they have it. `continue_run_id`
    names an ended run to go on with from its `checkpoint` (by default the last), exactly, as a new run with a copy of
    its checkpoints and events; that one stays as it was. Its recipe may differ in its ends and its patience only.
    """
    only_known(request)
    user = request.auth
    if body.continue_run_id is not None:
        return show(_go_on(user, body), selectors.queue())
    other = {
        name: dataset_for(user, dataset_id)
        for name, dataset_id in (("valid", body.valid_dataset_id), ("test", body.test_dataset_id))
        if dataset_id is not None
    }
    try:
        run = services.start(
            user=user, team=team_for(user, body.team_id, right="train"),
            dataset=dataset_for(user, body.dataset_id, number=body.version), recipe=body.recipe, name=body.name,
            begin=_begin(user, body), **other,
        )  # fmt: skip
    except Invalid as error:
        raise error.renamed(valid="valid_dataset_id", test="test_dataset_id", start=_start_field(body)) from None
    return show(run, selectors.queue())


def _start_field(body: PlanIn) -> str:
    """Which field names the weights to start from."""
    return "from_model_id" if body.from_model_id is not None else "from_run_id"


def _begin(user: User, body: PlanIn) -> beginnings.Start | None:
    """The weights that the run is to start from."""
    if body.from_model_id is not None and body.from_run_id is not None:
        raise Invalid.at("from_run_id", "A run starts from one thing: from_model_id names one already.")
    if body.checkpoint is not None and body.from_run_id is None:
        raise Invalid.at("checkpoint", "It is one of the run in from_run_id or continue_run_id; there is none.")
    if body.from_model_id is not None:
        return beginnings.from_model(user, body.from_model_id)
    if body.from_run_id is not None:
        return beginnings.from_checkpoint(
            user, body.from_run_id, "best" if body.checkpoint is None else body.checkpoint
        )
    return None


def _go_on(user: User, body: RunIn) -> Run:
    """The run that continues another. What else the body says must agree with that one."""
    source = selectors.run_for(user, body.continue_run_id, right="train")
    for field in ("from_model_id", "from_run_id"):
        if getattr(body, field) is not None:
            raise Invalid.at(field, "A run that goes on with another has its weights; leave it out.")
    ours = {"team_id": source.team_id, "dataset_id": source.version.dataset_id, "version": source.version.number}
    for part in ("valid", "test"):
        version = getattr(source, f"{part}_version")
        ours[f"{part}_dataset_id"] = version and version.dataset_id
    for field, known in ours.items():
        if (asked := getattr(body, field)) is not None and asked != known:
            raise Invalid.at(field, f"The run that is gone on with has {known or 'none'}; it must be the same.")
    return services.go_on(
        user=user, run=source, recipe=body.recipe, name=body.name,
        checkpoint="last" if body.checkpoint is None else body.checkpoint,
    )  # fmt: skip


@router.get("/runs", response=ListOf[RunOut])
def list_runs(request: HttpRequest, paging: Page, narrow: Narrow) -> Any:
    """Your runs, newest first or in the order of `sort`."""
    asked = filters.read(narrow.dict(exclude_none=True))
    if asked.wrong:
        raise Invalid("; ".join(f"{name}: {message}" for name, message in asked.wrong), errors=asked.wrong)

    def rows(user: User, team: Team | None) -> QuerySet[Run]:
        return asked.narrow(selectors.runs_of(user, team))

    queue = selectors.queue()
    return page(request, paging, rows, partial(show, queue=queue), Narrowing.model_fields, asked.order)


@router.get("/runs/{run_id}", response=RunOut)
def get_run(request: HttpRequest, run_id: str) -> Any:
    """One run: where it stands, what it waits for, why it failed."""
    only_known(request)
    return show(selectors.run_for(request.auth, run_id), selectors.queue())


@router.get("/runs/{run_id}/events", response=EventsOut)
def get_events(
    request: HttpRequest, run_id: str, after: int = Query(0, ge=0, le=2**62), limit: int = Query(MOST, ge=1, le=MOST)
) -> Any:
    """The events past seq `after`, in order. `last_seq` is the run's newest."""
    only_known(request, "after", "limit")
    run = selectors.run_for(request.auth, run_id)
    return {"events": feed.events_after(run.id, after, limit), "last_seq": run.last_seq}


@router.get("/runs/{run_id}/checkpoints", response=CheckpointsOut)
def get_checkpoints(request: HttpRequest, run_id: str) -> Any:
    """The checkpoints that are kept, earliest first; bytes and sha256 are those of the weights."""
    only_known(request)
    found = selectors.checkpoints(selectors.run_for(request.auth, run_id))
    return {"items": [{name: getattr(point, name) for name in CheckpointOut.model_fields} for point in found]}


@router.get("/runs/{run_id}/checkpoints/{step}/download")
def download_checkpoint(request: HttpRequest, run_id: str, step: int) -> Any:
    """A checkpoint as a zip that `rnncore generate`, `predict` and `evaluate` run as it is, once unpacked."""
    only_known(request)
    run = selectors.run_for(request.auth, run_id)
    point = next((point for point in selectors.checkpoints(run) if point.step == step), None)
    if point is None:
        raise Http404("There is no such checkpoint, or it was thinned out by now.")
    return zipped(run, point)


@router.get("/runs/{run_id}/report", response=dict[str, Any])
def get_report(request: HttpRequest, run_id: str, split: Literal["valid", "test"] = "valid") -> Any:
    """What the metrics hide, of the best validation so far or of the test: confusions, worst examples, by length …"""
    only_known(request, "split")
    report = selectors.report_of(selectors.run_for(request.auth, run_id), split)
    if report is None:
        raise Http404("There is no report on this part, or not yet.")
    return report


def _act(request: HttpRequest, run_id: str, service: Callable[..., None]) -> dict[str, Any]:
    only_known(request)
    run = selectors.run_for(request.auth, run_id, right="train")
    service(user=request.auth, run=run)
    return show(run, selectors.queue())


@router.post("/runs/{run_id}/stop", response={202: RunOut})
def stop_run(request: HttpRequest, run_id: str) -> Any:
    """Ends the run: at once where it waits, after a checkpoint where it trains. Twice is no error."""
    return _act(request, run_id, services.stop)


@router.post("/runs/{run_id}/pause", response={202: RunOut})
def pause_run(request: HttpRequest, run_id: str) -> Any:
    """Puts the run aside until it is resumed. Twice is no error."""
    return _act(request, run_id, services.pause)


@router.post("/runs/{run_id}/resume", response={202: RunOut})
def resume_run(request: HttpRequest, run_id: str) -> Any:
    """Queues a paused or stopped run again: it goes on from its checkpoint. Twice is no error."""
    return _act(request, run_id, services.resume)


@router.post("/runs/{run_id}/front", response={202: RunOut})
def front_run(request: HttpRequest, run_id: str) -> Any:
    """Makes a waiting run the next one. Twice is no error."""
    return _act(request, run_id, services.front)


@router.delete("/runs/{run_id}", response={204: None})
def delete_run(request: HttpRequest, run_id: str) -> None:
    """Deletes the run with its checkpoints. Published models stay."""
    only_known(request)
    services.delete(user=request.auth, run=selectors.run_for(request.auth, run_id, right="delete"))
