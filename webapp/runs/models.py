"""Runs, and the facts that they state. The row is the truth of what shall happen; events.jsonl of what did."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from rnncore import catalog
from webapp.fields import Json
from webapp.ids import new_id
from webapp.runs.figures import Figure, headline


class Status(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Training"
    PAUSED = "paused", "Paused"
    FINISHED = "finished", "Finished"
    STOPPED = "stopped", "Stopped"
    FAILED = "failed", "Failed"


UNDER_WAY = (Status.QUEUED, Status.RUNNING)
"""Of a run that goes on by itself."""

ASKED = {"stop": "Stopping", "pause": "Pausing"}
"""What is said of a run by what is wanted of it."""


class Present(models.Manager):
    """Runs that were not deleted: all that anybody sees, claims or counts."""

    def get_queryset(self) -> models.QuerySet[Run]:
        return super().get_queryset().filter(deleted_at=None)


class Run(models.Model):
    id = models.CharField(primary_key=True, max_length=16, default=new_id, editable=False)
    team = models.ForeignKey("teams.Team", on_delete=models.CASCADE, related_name="runs")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=200)
    version = models.ForeignKey("datasets.Version", on_delete=models.PROTECT, related_name="runs")
    valid_version = models.ForeignKey("datasets.Version", null=True, on_delete=models.PROTECT, related_name="+")
    test_version = models.ForeignKey("datasets.Version", null=True, on_delete=models.PROTECT, related_name="+")
    recipe = Json()  # as it was given
    filled = Json(default=dict)  # every field concrete, as the trainer will use it
    created_at = models.DateTimeField(auto_now_add=True)

    # what it began with, where not with drawn weights
    origin = Json(default=dict)  # {"how": "weights" or "continued", "name", "version", "step"}, as it was then
    from_version = models.ForeignKey("models.Version", null=True, on_delete=models.SET_NULL, related_name="led_to")
    from_run = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="led_to")

    # the queue and the lease
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    queued_at = models.DateTimeField()  # place in the queue: earlier first
    wanted = models.CharField(max_length=10, blank=True)  # "stop" or "pause" while it is asked for
    attempt = models.PositiveIntegerField(default=0)
    fence = models.BigIntegerField(default=0)  # grows with every claim; a write with an older one is refused
    worker = models.CharField(max_length=200, blank=True)
    lease_until = models.DateTimeField(null=True)
    planned_seconds = models.FloatField(null=True)  # what it would take as a whole, by the plan it was started with
    deaths = models.PositiveSmallIntegerField(default=0)  # workers that it lost in a row without getting further
    died_at_step = models.BigIntegerField(null=True)  # the furthest step at which it lost one

    # a projection of its events
    step = models.BigIntegerField(default=0)
    steps = models.BigIntegerField(null=True)
    last_seq = models.BigIntegerField(default=0)
    rewinds = Json(default=list)  # [[seq, step], …]: where facts were taken back
    started = Json(default=dict)  # the last `started` event's own fields
    latest = Json(default=dict)  # the last `progress` event's own fields
    best = Json(null=True)  # {"step", "loss", "metrics"}
    baselines = Json(default=dict)  # {name: {"loss", "metrics"}}
    sparkline = Json(default=list)  # [[step, loss], …], at most 64 points
    error = Json(null=True)  # {"error", "hint", "step"}, and "resumable" where it may go on as it is
    tiled = models.BooleanField(default=True)  # False: from before there were tiles; who draws it first makes them
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)  # it may still be brought back, see services.KEPT

    # what lists are narrowed and ordered by, out of the columns above
    task_kind = models.CharField(max_length=30, default="", editable=False)
    cell = models.CharField(max_length=20, default="", editable=False)
    best_loss = models.FloatField(null=True, editable=False)

    objects = Present()
    everything = models.Manager()  # noqa: DJ012 (the first manager is the default one)

    class Meta:
        indexes = [
            models.Index(fields=["team", "-created_at", "-id"], name="runs_of_a_team"),
            models.Index(fields=["status", "queued_at"]),
            models.Index(fields=["deleted_at"]),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, **options: Any) -> None:
        """Keeps the columns that lists are narrowed by in step with those they are taken from."""
        recipe = self.filled or self.recipe
        self.task_kind = recipe.get("task", {}).get("kind", "")
        self.cell = recipe.get("network", {}).get("cell", "")
        self.best_loss = self.best and self.best["loss"]
        if "best" in (options.get("update_fields") or ()):
            options["update_fields"] = [*options["update_fields"], "best_loss"]
        super().save(**options)

    @property
    def kind(self) -> str:
        """Of its task."""
        return self.recipe["task"]["kind"]

    @property
    def task(self) -> catalog.TaskChoice:
        return catalog.TASKS[self.kind]

    @property
    def done(self) -> float | None:
        """The share of the training that is done, by the nearest of its ends; None where only patience ends it."""
        minutes = (self.filled or self.recipe).get("training", {}).get("max_minutes")
        shares = [self.step / self.steps] if self.steps else []
        if minutes:
            shares.append((self.latest.get("seconds") or 0) / (60 * minutes))
        return min(1.0, max(shares)) if shares else None

    @property
    def under_way(self) -> bool:
        return self.status in UNDER_WAY

    @property
    def state(self) -> str:
        """How people read where it stands: its status, or what is asked for and not done yet."""
        if self.deleted_at:
            return "Deleted"
        return ASKED.get(self.wanted) or self.get_status_display()

    @property
    def resumable(self) -> bool:
        """Whether it may go on from its checkpoint when somebody says so."""
        failed = self.status == Status.FAILED and bool((self.error or {}).get("resumable"))
        return failed or self.status in (Status.PAUSED, Status.STOPPED)

    @property
    def figure(self) -> Figure | None:
        """What stands for its best validation beside the loss."""
        return headline(self.kind, self.best and self.best["metrics"])


class Fact(models.Model):
    """Any event but ``progress``: few and of many shapes."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="facts")
    seq = models.BigIntegerField()
    step = models.BigIntegerField()
    kind = models.CharField(max_length=20)
    at = models.BigIntegerField()  # milliseconds since 1970, UTC
    body = Json()  # the event's own fields

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="fact_seq_is_unique")]
        indexes = [models.Index(fields=["run", "kind", "seq"])]

    def __str__(self) -> str:
        return f"{self.kind} #{self.seq}"


class PointBlock(models.Model):
    """Up to 256 ``progress`` events as packed columns (see :mod:`webapp.runs.points`)."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="blocks")
    first_seq = models.BigIntegerField()
    last_seq = models.BigIntegerField()
    first_step = models.BigIntegerField()
    last_step = models.BigIntegerField()
    count = models.PositiveIntegerField()
    columns = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "first_seq"], name="block_seq_is_unique")]
        indexes = [models.Index(fields=["run", "last_step", "first_step", "count"])]

    def __str__(self) -> str:
        return f"{self.count} points from #{self.first_seq}"


class PointTile(models.Model):
    """64 pixels of a level of the pyramid over a run's points (see :mod:`webapp.runs.pyramid`)."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="tiles")
    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    last_step = models.BigIntegerField()
    as_of = models.BigIntegerField()  # the run's last seq when it was made
    columns = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "level", "index"], name="tile_is_unique")]
        indexes = [models.Index(fields=["run", "last_step"])]

    def __str__(self) -> str:
        return f"tile {self.index} of level {self.level}"
