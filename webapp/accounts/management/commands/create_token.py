"""``./studio manage create_token EMAIL``: prints a new API token, alone."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.accounts.models import User
from webapp.accounts.services import create_token


class Command(BaseCommand):
    help = "Makes an API token and prints it, alone. It is kept nowhere: this is the one time it can be read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *, email: str, **options: object) -> str:
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise CommandError(f"Nobody here has the address {email}.")
        return create_token(user=user, name="made in a terminal")[1]
