"""What a person fills in about a team. Names and roles are checked by the services."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import forms
from django.utils import timezone

from webapp.problems import Refused
from webapp.teams.invitations import RECIPIENT
from webapp.teams.models import Membership, Role


class Blamed(forms.Form):
    """A form that says what a service refused, at the field that it names or on top."""

    def blame(self, refused: Refused) -> None:
        for field, message in refused.errors or [(None, str(refused))]:
            self.add_error(field if field in self.fields else None, message)


class TeamForm(Blamed):
    name = forms.CharField(
        max_length=100,
        help_text="A group, a course, a project",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class InvitationForm(Blamed):
    ENDS = {"1": "in a day", "7": "in a week", "30": "in 30 days"}

    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.EDITOR)
    recipient = forms.CharField(
        label="For whom (optional)",
        max_length=RECIPIENT,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    ends = forms.ChoiceField(label="The link ends", choices=list(ENDS.items()), initial="7")

    def expires_at(self) -> datetime:
        return timezone.now() + timedelta(days=int(self.cleaned_data["ends"]))


class HeirForm(Blamed):
    """Somebody else of the team."""

    person = forms.ChoiceField(label="New owner")

    def __init__(self, members: list[Membership], *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = [(member.user.id, member.user.email) for member in members]
