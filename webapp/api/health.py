"""Is the studio well? For whoever watches over it, and for the supervisor."""

from __future__ import annotations

import redis
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from webapp import workers


@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """200 with {"database": "ok", "redis": "ok", "workers": N}; 503 with what is wrong. Answers within a second."""
    database = _database()
    try:
        count, store = len(workers.names()), "ok"
    except (redis.RedisError, OSError) as error:
        count, store = 0, f"Redis does not answer: {error}"
    well = database == "ok" and store == "ok"
    return JsonResponse({"database": database, "redis": store, "workers": count}, status=200 if well else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"the database does not answer: {error}"
    return "ok"
