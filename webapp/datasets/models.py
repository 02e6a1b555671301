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
    synthetic = Json(null=True)  # {"name", "count", "seed", "optimum"} where the studio made the data

    class Meta:
        indexes = [models.Index(fields=["team", "-created_at"])]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def version(self) -> Version:
        """The newest version; the selectors fetch it along, as ``newest``."""
        fetched = getattr(self, "newest", None)
        return fetched[0] if fetched else self.versions.latest("number")


class Status(models.TextChoices):
    PROCESSING = "processing", "Processing"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


class Version(models.Model):
    """One upload of a dataset, immutable once it is ready. Its bytes lie in the blob store under ``sha256``."""

    id = models.CharField(primary_key=True, max_length=16, default=new_id, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(default=1)
    filename = models.CharField(max_length=255)
    status = models.CharField(max_length=10, choices=Status, default=Status.PROCESSING)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    bytes = models.BigIntegerField(default=0)
    source = models.CharField(max_length=500, blank=True)  # where ingest finds the bytes: a path in the data folder
    inspection = Json(default=dict)  # what rnncore.data.inspect says: format, statistics, preview, problems
    error = Json(null=True)  # {"message", "hint", "line", "offset"}
    done_bytes = models.BigIntegerField(default=0)  # how far ingest has read
    lease_until = models.DateTimeField(null=True)  # ingest's lease, as a run's
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dataset", "number"], name="version_numbers_are_unique")]
        indexes = [models.Index(fields=["status", "created_at"])]

    def __str__(self) -> str:
        return f"{self.dataset} v{self.number}"


class Upload(models.Model):
    """A tus upload. ``offset`` on disk is the truth (the length of its part file), not a column."""

    id = models.CharField(primary_key=True, max_length=16, default=new_id, editable=False)
    team = models.ForeignKey("teams.Team", on_delete=models.CASCADE, related_name="uploads")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads")
    filename = models.CharField(max_length=255)
    name = models.CharField(max_length=200)
    length = models.BigIntegerField()
    dataset = models.ForeignKey(Dataset, null=True, on_delete=models.SET_NULL, related_name="uploads")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.filename
