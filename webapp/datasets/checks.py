"""What a job finds out when somebody asks: a table's problems for the roles that it has now, and the records that stand
in two files. Answers are kept; the same question is asked once.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from jobs.wake import wake
from webapp.datasets.models import Check, Dataset, Status, Version

Problem = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """``waiting``: a job is at it. ``error``: why there is no answer."""

    problems: list[Problem]
    waiting: bool = False
    error: str = ""


def purpose(version: Version) -> dict[str, Any]:
    """What a version's problems depend on: the task that was chosen or that it was made for, and confirmed roles."""
    dataset = version.dataset
    made = version.synthetic
    return {"task": dataset.task or (made["task"] if made else None), "roles": dataset.roles}


def problems_of(version: Version) -> Answer:
    """The problems for what the columns are for now."""
    inspection = version.inspection
    known = inspection.get("problems", [])
    if not inspection.get("columns") or purpose(version) == inspection.get("purpose", {"task": None, "roles": {}}):
        return Answer(known)
    asked = getattr(version, "asked_again", None)  # fetched along by the selectors
    asked = version.checks.filter(other=None) if asked is None else asked
    key = _key(None, purpose(version))
    return next((_answer(check) for check in asked if check.key == key), Answer(known))


def ask_again(dataset: Dataset) -> None:
    """The purpose of a dataset has changed: what is wrong with its versions for the new one?"""
    versions = list(dataset.versions.filter(status=Status.READY).exclude(format="text"))
    for version in versions:
        version.dataset = dataset
        asked = purpose(version)
        key = _key(None, asked)
        Check.objects.filter(version=version, other=None).exclude(key=key).delete()
        if asked != version.inspection.get("purpose"):
            Check.objects.get_or_create(version=version, key=key, defaults={"asked": asked})
    if versions:
        wake("jobs.ingest.work")


def overlap(version: Version, other: Version, columns: list[str]) -> Answer:
    """The records of ``other`` that stand in ``version``, by the columns that are read; asked for where nobody did."""
    asked = {"columns": columns}
    check, new = Check.objects.get_or_create(
        version=version, key=_key(other.id, asked), defaults={"asked": asked, "other": other}
    )
    if new:
        wake("jobs.ingest.work")
    return _answer(check)


def _answer(check: Check) -> Answer:
    return Answer(check.problems, waiting=check.status == Status.PROCESSING, error=check.error)


def _key(other_id: str | None, asked: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps([other_id, asked], sort_keys=True).encode()).hexdigest()
