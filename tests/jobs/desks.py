"""One desk an implementation of the ports: how a test puts rows in and looks at them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jobs import memory
from jobs.ports import Check, Source

LONG_AGO = timedelta(hours=1)


class MemoryDesk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runs, self.datasets = memory.RunStore(), memory.DatasetStore()

    def queue(self, name: str, recipe: dict[str, Any] | None = None) -> str:
        """A queued run; runs are queued in the order of the calls."""
        data = Source(self.folder / "text", "text.txt")
        self.runs.runs[name] = memory.Run(name, self.folder / name, data, recipe or {})
        return name

    def want(self, run_id: str, what: str) -> None:
        self.runs.runs[run_id].wanted = what

    def expire(self, run_id: str) -> None:
        self.runs.runs[run_id].lease_until = datetime.now(UTC) - LONG_AGO

    def status(self, run_id: str) -> str:
        return self.runs.runs[run_id].status

    def wanted(self, run_id: str) -> str:
        return self.runs.runs[run_id].wanted

    def error(self, run_id: str) -> dict[str, Any] | None:
        return self.runs.runs[run_id].error

    def delete(self, run_id: str) -> None:
        del self.runs.runs[run_id]

    def events(self, run_id: str) -> list[dict[str, Any]]:
        return self.runs.runs[run_id].events

    def upload(self, name: str, content: bytes, ending: str = ".txt") -> str:
        """A version that waits to be read; versions wait in the order of the calls."""
        path = self.folder / f"{name}.part"
        path.write_bytes(content)
        self.datasets.versions[name] = memory.Version(name, path, name + ending)
        return name

    def expire_reader(self, version_id: str) -> None:
        self.datasets.versions[version_id].lease_until = datetime.now(UTC) - LONG_AGO

    def version(self, version_id: str) -> dict[str, Any]:
        version = self.datasets.versions[version_id]
        return {"status": version.status, "done": version.done, "error": version.error}

    def delete_version(self, version_id: str) -> None:
        del self.datasets.versions[version_id]

    def ask(self, name: str) -> None:
        """A question about a file; questions wait in the order of the calls."""
        data = Source(self.folder / "data", "data.csv")
        self.datasets.checks[name] = Check(name, data, task="classification", roles={"a": "label"})

    def answer(self, name: str) -> tuple[list[dict[str, Any]], str]:
        return self.datasets.answers[name]


class OrmDesk:
    """Rows of a team without members, in the database of the tests."""

    def __init__(self, folder: Path) -> None:
        from webapp.datasets.models import Dataset
        from webapp.datasets.store import DatasetStore
        from webapp.runs.store import RunStore
        from webapp.teams.models import Team

        self.folder = folder
        self.runs, self.datasets = RunStore(), DatasetStore()
        self.dataset = Dataset.objects.create(team=Team.objects.create(name="desk"), name="desk")

    def queue(self, name: str, recipe: dict[str, Any] | None = None) -> str:
        from webapp.datasets.models import Version
        from webapp.runs.models import Run

        version, _ = Version.objects.get_or_create(
            dataset=self.dataset, number=1, defaults={"filename": "text.txt", "status": "ready", "sha256": "ab" * 32}
        )
        return Run.objects.create(
            id=name, team=self.dataset.team, name=name, version=version, recipe=recipe or {},
            queued_at=datetime.now(UTC),
        ).id  # fmt: skip

    def want(self, run_id: str, what: str) -> None:
        self._rows(run_id).update(wanted=what)

    def expire(self, run_id: str) -> None:
        self._rows(run_id).update(lease_until=datetime.now(UTC) - LONG_AGO)

    def status(self, run_id: str) -> str:
        return self._rows(run_id).get().status

    def wanted(self, run_id: str) -> str:
        return self._rows(run_id).get().wanted

    def error(self, run_id: str) -> dict[str, Any] | None:
        return self._rows(run_id).get().error

    def delete(self, run_id: str) -> None:
        self._rows(run_id).delete()

    def events(self, run_id: str) -> list[dict[str, Any]]:
        from webapp.runs import feed

        return feed.events_after(run_id, 0, 10_000)

    def upload(self, name: str, content: bytes) -> str:
        from django.conf import settings

        from webapp.datasets.models import Version

        path = settings.DATA / "uploads" / f"{name}.part"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        number = self.dataset.versions.count() + 1
        return Version.objects.create(
            id=name, dataset=self.dataset, number=number, filename=f"{name}.txt", source=f"uploads/{name}.part"
        ).id

    def expire_reader(self, version_id: str) -> None:
        self._versions(version_id).update(lease_until=datetime.now(UTC) - LONG_AGO)

    def version(self, version_id: str) -> dict[str, Any]:
        version = self._versions(version_id).get()
        return {"status": version.status, "done": version.done_bytes, "error": version.error}

    def delete_version(self, version_id: str) -> None:
        self._versions(version_id).delete()

    def ask(self, name: str) -> None:
        from webapp.datasets.models import Check, Version

        version, _ = Version.objects.get_or_create(
            dataset=self.dataset, number=1, defaults={"filename": "data.csv", "status": "ready", "sha256": "ab" * 32}
        )
        asked = {"task": "classification", "roles": {"a": "label"}}
        Check.objects.create(id=name, version=version, asked=asked, key=name)

    def answer(self, name: str) -> tuple[list[dict[str, Any]], str]:
        from webapp.datasets.models import Check

        row = Check.objects.get(id=name)
        return row.problems, row.error

    @staticmethod
    def _rows(run_id: str):
        from webapp.runs.models import Run

        return Run.objects.filter(id=run_id)

    @staticmethod
    def _versions(version_id: str):
        from webapp.datasets.models import Version

        return Version.objects.filter(id=version_id)
