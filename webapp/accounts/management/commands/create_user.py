"""``./studio manage create_user EMAIL --password P``: prints the new person's id."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.accounts.services import create_user
from webapp.problems import Refused


class Command(BaseCommand):
    help = "Creates a person with a personal team and prints the person's id. Exits 1 where the address is taken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--password", required=True)

    def handle(self, *, email: str, password: str, **options: object) -> str:
        try:
            return create_user(email=email, password=password).id
        except Refused as refused:
            raise CommandError(str(refused)) from None
