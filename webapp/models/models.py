"""Published models and the links by which they are shared."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from rnncore import catalog
from webapp.fields import Json
from webapp.ids import new_id
from webapp.runs.figures import Figure, headline


class Model(models.Model):
    """A published checkpoint. Its folder (weights, network, tokenizer, recipe, card) lies under ``models/<id>``."""

    id = models.CharField(primary_key=True, max_length=16, default=new_id, editable=False)
    team = models.ForeignKey("teams.Team", on_delete=models.CASCADE, related_name="models")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=200)
    task = models.CharField(max_length=30)
    run = models.ForeignKey("runs.Run", null=True, on_delete=models.SET_NULL, related_name="models")
    dataset = models.ForeignKey("datasets.Dataset", null=True, on_delete=models.SET_NULL, related_name="models")
    step = models.BigIntegerField()
    metrics = Json(default=dict)
    baseline = Json(default=dict)
    card = Json(default=dict)
    bytes = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["team", "-created_at"])]

    def __str__(self) -> str:
        return self.name

    @property
    def choice(self) -> catalog.TaskChoice:
        """Its task's entry in the catalog."""
        return catalog.TASKS[self.task]

    @property
    def figure(self) -> Figure | None:
        """What stands for it beside its loss."""
        return headline(self.task, self.metrics)


class Share(models.Model):
    """A public link to a model's playground. Only the hash of its secret is kept."""

    id = models.CharField(primary_key=True, max_length=16, default=new_id, editable=False)
    model = models.ForeignKey(Model, on_delete=models.CASCADE, related_name="shares")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    opened = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"share {self.id} of {self.model}"
