"""Teams: what everything belongs to."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from webapp.fields import Json
from webapp.ids import new_id


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    EDITOR = "editor", "Editor"
    VIEWER = "viewer", "Viewer"


class Team(models.Model):
    id = models.CharField(primary_key=True, max_length=16, default=new_id, editable=False)
    name = models.CharField(max_length=100)
    personal_of = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="personal_team"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="teams")

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    created_at = models.DateTimeField(auto_now_add=True)
    chosen_at = models.DateTimeField(null=True)  # when the person last chose the team to work in

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="one_membership_a_person")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team} as {self.role}"


class Invitation(models.Model):
    """A link by which one person joins the team. Only the hash of its secret is kept."""

    id = models.CharField(primary_key=True, max_length=16, default=new_id, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Role)
    recipient = models.CharField(max_length=100, blank=True)  # whom it is meant for: tells links apart, checks nobody
    sha256 = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    # who made an account by it (where that needs an invitation): then it is theirs alone
    brought = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    def __str__(self) -> str:
        return f"invitation {self.id} to {self.team} as {self.role}"


class Entry(models.Model):
    """A line of a team's history; see :mod:`webapp.teams.history`. It refers to nothing, so that it can outlive all."""

    team_id = models.CharField(max_length=16)
    at = models.DateTimeField(auto_now_add=True)
    who_id = models.CharField(max_length=16)
    who = models.CharField(max_length=254)  # the address as it was
    what = models.CharField(max_length=20)
    kind = models.CharField(max_length=20)  # of the thing: dataset, run, model, team
    thing_id = models.CharField(max_length=16)
    thing = models.CharField(max_length=200)  # its name as it was
    details = Json(default=dict)

    class Meta:
        indexes = [models.Index(fields=["team_id", "-id"])]

    def __str__(self) -> str:
        return f"{self.who} {self.what} {self.kind} {self.thing}"
