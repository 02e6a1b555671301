"""What a service refuses, once: REST renders these as problem+json, pages as messages at the field or on top.

::

    Refused            status, title; ``errors`` lists (field, message) where fields are to blame, ``headers`` go along
    ├── Unauthorized   401
    ├── Invalid        422  the values are wrong
    ├── Conflict       409  the state of things forbids it now (a run uses the dataset, a run has ended …)
    ├── Changed        412  somebody changed what was read (``If-Match``)
    ├── TooLarge       413
    ├── DiskFull       507
    ├── TooMany        429  with Retry-After in seconds
    └── Unavailable    503  something that is needed does not answer

Beside them stand Django's own Http404 (no such thing, or not yours to see) and PermissionDenied (yours to see, not to
change), and :class:`rnncore.errors.RecipeError` for the fields of a recipe.
"""

from __future__ import annotations


class Refused(Exception):
    """A request that a service turns down; the message is written for the person who asked."""

    status = 400
    title = "Bad request"

    def __init__(
        self, message: str, *, errors: list[tuple[str, str]] | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.errors = errors or []
        self.headers = headers or {}


class Unauthorized(Refused):
    status = 401
    title = "Who is asking?"

    def __init__(self) -> None:
        message = "Log in, or send a token that is not revoked: `Authorization: Bearer TOKEN`."
        super().__init__(message, headers={"WWW-Authenticate": "Bearer"})


class Invalid(Refused):
    status = 422
    title = "Some values are wrong"

    @classmethod
    def at(cls, field: str, message: str) -> Invalid:
        return cls(f"{field}: {message}", errors=[(field, message)])

    def renamed(self, **fields: str) -> Invalid:
        """The same with other names of fields: those that the person who asked knows."""
        errors = [(fields.get(field, field), message) for field, message in self.errors]
        return Invalid("; ".join(f"{field}: {message}" for field, message in errors), errors=errors)


class Conflict(Refused):
    status = 409
    title = "Not possible now"


class Changed(Refused):
    status = 412
    title = "Changed meanwhile"


class TooLarge(Refused):
    status = 413
    title = "Too large"


class DiskFull(Refused):
    status = 507
    title = "The disk is too full"


class TooMany(Refused):
    status = 429
    title = "Too many requests"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message, headers={"Retry-After": str(retry_after)})


class Unavailable(Refused):
    status = 503
    title = "Something that is needed does not answer"
