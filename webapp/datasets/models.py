"""Datasets: named collections, their immutable versions, the bytes once, and the uploads on their way."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.functional import cached_property

from webapp.fields import Json
from webapp.ids import new_id


class Dataset(models.Model):
    id = models.CharField(primary_key=True, max_length=16, default=new_id, editable=False)
    team = models.ForeignKey("teams.Team", on_delete=models.CASCADE, related_name="datasets")
    name = models.CharField(max_length=200)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    roles = Json(default=dict)  # {column: role, "" for none}, as a person confirmed them; see webapp.datasets.roles
    task = models.CharField(max_length=40, default="", blank=True)  # the kind of task that a person chose for it
    synthetic = Json(null=True)  # {"name", "count", "seed", "task", "optimum"} where the studio made its first version

    pinned: int | None = None  # the number of the version that was asked for, where one was

    class Meta:
        indexes = [models.Index(fields=["team", "-created_at"])]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def version(self) -> Version:
        """The newest version that could be read, or is being read; where there is none the newest of all.

        The selectors fetch it along, as ``newest``; or another one, where somebody asked for it.
        """
        fetched = getattr(self, "newest", None)
        return fetched[0] if fetched else self.versions.order_by(*CURRENT_FIRST).first()


class Status(models.TextChoices):
    PROCESSING = "processing", "Processing"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


CURRENT_FIRST = (models.Case(models.When(status=Status.FAILED, then=1), default=0), "-number")
"""The order of a dataset's versions in which the one that stands for it is the first."""


class Version(models.Model):
    """One upload of a dataset, immutable once it is ready. Its bytes lie in the blob store under ``sha256``."""

    id = models.CharField(primary_key=True, max_length=16, default=new_id, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(default=1)
    filename = models.CharField(max_length=255)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    example = models.CharField(max_length=20, default="", blank=True)  # what the reading job has to write first
    format = models.CharField(max_length=20, default="", blank=True)  # text, csv …; empty before it was read
    status = models.CharField(max_length=10, choices=Status, default=Status.PROCESSING)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    bytes = models.BigIntegerField(default=0)
    source = models.CharField(max_length=500, blank=True)  # where ingest finds the bytes: a path in the data folder
    inspection = Json(default=dict)  # what rnncore.data.inspect says: format, statistics, preview, problems
    summary = Json(default=dict)  # the little of it that lists show, see webapp.datasets.words
    error = Json(null=True)  # {"message", "hint", "line", "offset"}
    done_bytes = models.BigIntegerField(default=0)  # how far ingest has read
    lease_until = models.DateTimeField(null=True)  # ingest's lease, as a run's
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dataset", "number"], name="version_numbers_are_unique")]
        indexes = [models.Index(fields=["status", "created_at"])]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """As a person may call it."""
        return f"{self.dataset.name}, version {self.number}"

    @property
    def team_id(self) -> str:
        return self.dataset.team_id

    @property
    def synthetic(self) -> dict | None:
        """How the studio made it; only a first version is made."""
        return self.dataset.synthetic if self.number == 1 else None


class Check(models.Model):
    """Something that a job finds out about a version when somebody asks: its problems for other roles than those it
    was read with, or the records that it shares with ``other``. See :mod:`webapp.datasets.checks`."""

    id = models.CharField(primary_key=True, max_length=16, default=new_id, editable=False)
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="checks")
    other = models.ForeignKey(Version, null=True, on_delete=models.CASCADE, related_name="+")
    asked = Json()  # {"task", "roles"} or {"columns"}
    key = models.CharField(max_length=64)  # a hash of ``other`` and ``asked``
    status = models.CharField(max_length=10, choices=Status, default=Status.PROCESSING)
    problems = Json(default=list)
    error = models.TextField(blank=True)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="a_question_is_asked_once")]
        indexes = [models.Index(fields=["status", "created_at"])]

    def __str__(self) -> str:
        return f"check of {self.version_id}"


class Upload(models.Model):
    """A tus upload. ``offset`` on disk is the truth (the length of its part file), not a column."""

    id = models.CharField(primary_key=True, max_length=16, default=new_id, editable=False)
    team = models.ForeignKey("teams.Team", on_delete=models.CASCADE, related_name="uploads")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads")
    filename = models.CharField(max_length=255)
    name = models.CharField(max_length=200)
    length = models.BigIntegerField()
    # the dataset of which it shall be a new version
    into = models.ForeignKey(Dataset, null=True, on_delete=models.CASCADE, related_name="incoming")
    # what became of it once it was whole
    dataset = models.ForeignKey(Dataset, null=True, on_delete=models.SET_NULL, related_name="uploads")
    version = models.ForeignKey(Version, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.filename
