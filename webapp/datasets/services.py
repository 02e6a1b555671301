"""What is done with datasets: uploads begun and ended, pasted text, names, deletion.

Services check the person's role in the team; they raise what :mod:`webapp.problems` lists.
"""

from __future__ import annotations

from webapp.accounts.models import User
from webapp.datasets.models import Dataset, Upload
from webapp.teams.models import Team


def create_upload(*, user: User, team: Team, filename: str, length: int, name: str = "") -> Upload:
    """An upload of ``length`` bytes that may now be written. ``filename`` and ``name`` are cleaned, not trusted.

    Raises TooLarge (over the limit), DiskFull (it would not fit), both before the first byte is sent.
    """
    raise NotImplementedError


def finish_upload(*, upload: Upload) -> Dataset:
    """The upload is whole: a dataset whose version is processing, and the readers are woken. Twice is no error."""
    raise NotImplementedError


def cancel_upload(*, user: User, upload: Upload) -> None:
    """Takes an unfinished upload back, with the bytes that came. Raises Conflict while somebody writes to it."""
    raise NotImplementedError


def create_from_text(*, user: User, team: Team, name: str, text: str) -> Dataset:
    """A dataset of pasted text; from here on it is an upload like any other. Raises Invalid at name or text."""
    raise NotImplementedError


def rename(*, user: User, dataset: Dataset, name: str) -> Dataset:
    """Raises Invalid at ``name``."""
    raise NotImplementedError


def delete(*, user: User, dataset: Dataset) -> None:
    """Deletes the dataset; bytes that no other dataset has go too. Raises Conflict (InUse) while a run uses it."""
    raise NotImplementedError
