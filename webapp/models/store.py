"""jobs.ports.ModelStore over the ORM."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from webapp.db import reaching
from webapp.models.models import Model


def folder(model_id: str) -> Path:
    """Where a published model's files lie."""
    return settings.DATA / "models" / model_id


class ModelStore:
    @reaching
    def folder(self, model_id: str) -> Path:
        if not Model.objects.filter(id=model_id).exists():
            raise KeyError(model_id)
        return folder(model_id)
