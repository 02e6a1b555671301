"""jobs.ports.ModelStore over the ORM."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from webapp.db import reaching
from webapp.models.models import Version


def folder(version_id: str) -> Path:
    """Where the files of a model's version lie."""
    return settings.DATA / "models" / version_id


class ModelStore:
    """``jobs`` knows no versions: what it calls a model is one of them."""

    @reaching
    def folder(self, model_id: str) -> Path:
        if not Version.objects.filter(id=model_id).exists():
            raise KeyError(model_id)
        return folder(model_id)
