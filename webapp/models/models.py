"""Published models, their versions, and the links by which they are shared."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from rnncore import catalog
from webapp.fields import Json
from webapp.ids import new_id
from webapp.runs.figures import Figure, headline
from webapp.runs.models import Run


class Model(models.Model):
    """A name under which a team publishes checkpoints of one task, with what people wrote about them.

    ``revision`` grows with every change of the name or of those words: who changes them says which one they read.
    """

    id = models.CharField(primary_key=True, max_length=16, default=new_id, editable=False)
    team = models.ForeignKey("teams.Team", on_delete=models.CASCADE, related_name="models")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=200)
    task = models.CharField(max_length=30)
    numbered = models.PositiveIntegerField(default=0)  # the last number that a version got, deleted ones among them
    newest = models.OneToOneField("models.Version", null=True, on_delete=models.SET_NULL, related_name="+")
    words = Json(default=dict)  # the card's fields that people write: description, licence, …
    tags = models.CharField(max_length=1000, blank=True)  # of the card, ", " between them; they are searched for
    revision = models.PositiveIntegerField(default=1)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    changed_at = models.DateTimeField(null=True)
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
        """What stands for its newest version beside the loss."""
        return headline(self.task, self.newest.metrics) if self.newest else None

    @property
    def tag_list(self) -> list[str]:
        return self.tags.split(", ") if self.tags else []


class Version(models.Model):
    """One published checkpoint, which never changes. Its folder (weights, network, tokenizer, recipe) is
    ``models/<id>``."""

    id = models.CharField(primary_key=True, max_length=16, default=new_id, editable=False)
    model = models.ForeignKey(Model, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(default=1)
    run = models.ForeignKey("runs.Run", null=True, on_delete=models.SET_NULL, related_name="published")
    dataset = models.ForeignKey("datasets.Dataset", null=True, on_delete=models.SET_NULL, related_name="+")
    step = models.BigIntegerField()
    metrics = Json(default=dict)
    baseline = Json(default=dict)
    facts = Json(default=dict)  # the card's fields that the run stated
    bytes = models.BigIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "number"], name="model_versions_are_numbered")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """As a person may call it."""
        return f"{self.model.name}, version {self.number}"

    @property
    def team_id(self) -> str:
        return self.model.team_id

    @property
    def from_run(self) -> Run | None:
        """The run that it comes from, unless that was deleted."""
        return self.run if self.run and self.run.deleted_at is None else None

    @property
    def card(self) -> dict[str, Any]:
        """What its run stated and what people wrote about the model."""
        tags = {"tags": self.model.tag_list} if self.model.tags else {}
        return {"description": "", **self.facts, **self.model.words, **tags}


class Share(models.Model):
    """A public link to a model's playground. Only the hash of its secret is kept. ``opened``: how often, by anybody."""

    id = models.CharField(primary_key=True, max_length=16, default=new_id, editable=False)
    model = models.ForeignKey(Model, on_delete=models.CASCADE, related_name="shares")
    version = models.ForeignKey(Version, null=True, on_delete=models.CASCADE, related_name="+")  # None: the newest
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    opened = models.PositiveIntegerField(default=0)
    last_opened_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"share {self.id} of {self.model}"

    @property
    def shown(self) -> Version:
        """The version that the link opens."""
        version = self.version or self.model.newest
        version.model = self.model
        return version

    @property
    def opened_by_others(self) -> int:
        """How often it was opened by people who were not signed in."""
        return self.opened - sum(opening.times for opening in self.openings.all())


class Opening(models.Model):
    """How often somebody who was signed in opened a link."""

    share = models.ForeignKey(Share, on_delete=models.CASCADE, related_name="openings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    times = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("share", "user"), name="one_opening_a_person"),)

    def __str__(self) -> str:
        return f"{self.user} opened {self.share_id} {self.times} times"
