"""What can go wrong, and who has to mend it.

::

    RnncoreError
    ├── RequestError          the request is wrong: exit code 2, one line that names the field or the place
    │   ├── RecipeError       a field of the recipe (``field`` is its dotted path)
    │   ├── DataError         the file (``line`` or ``offset`` where it is known)
    │   └── PromptError       what a reader typed into a prompt
    ├── Diverged              the loss or a gradient is no longer a finite number
    ├── Busy                  another process writes to this folder
    └── CheckpointError       a checkpoint is missing, incomplete or does not belong to this run
"""

from __future__ import annotations


class RnncoreError(Exception):
    """Base of everything rnncore raises on purpose.

    ``hint`` says what to do about it, in one sentence, or is empty.
    """

    hint: str = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class RequestError(RnncoreError):
    """The request itself is wrong; repeating it as it is cannot work."""


class RecipeError(RequestError):
    """One or more fields of a recipe are wrong.

    ``errors`` lists ``(field, message)`` with the field as a dotted path, e.g. ``training.learning_rate``.
    """

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{field}: {message}" for field, message in errors))

    @classmethod
    def at(cls, field: str, message: str) -> RecipeError:
        return cls([(field, message)])


class DataError(RequestError):
    """A file cannot be used. ``line`` counts from 1, ``offset`` counts bytes from 0; either may be unknown."""

    def __init__(self, message: str, *, line: int | None = None, offset: int | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.line = line
        self.offset = offset


class PromptError(RequestError):
    """A prompt holds what the model has no token for, or is too long."""


class Diverged(RnncoreError):
    """Training produced a number that is not finite. ``step`` is the step that did."""

    def __init__(self, message: str, *, step: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.step = step


class Busy(RnncoreError):
    """Another process holds the lock of the folder."""


class CheckpointError(RnncoreError):
    """A checkpoint is missing, incomplete or belongs to something else."""
