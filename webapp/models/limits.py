"""How often a shared link may be used, by one address and by everybody together."""

from __future__ import annotations

import time

from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

from webapp.problems import TooMany, Unavailable

WINDOW = 60  # seconds
PER_ADDRESS, PER_LINK = 20, 120  # requests in a window


async def count_request(share_id: str, address: str) -> None:
    """Counts one request through a shared link. Raises TooMany with the seconds to wait, Unavailable without Redis."""
    now = time.time()
    window = int(now // WINDOW)
    try:
        async with Redis.from_url(settings.REDIS_URL) as client, client.pipeline() as pipe:
            for who in (f"{share_id}:{address}", share_id):
                pipe.incr(key := f"unroll:limit:{who}:{window}").expire(key, 2 * WINDOW)
            by_address, _, by_link, _ = await pipe.execute()
    except (RedisError, OSError) as error:
        raise Unavailable("The studio's Redis does not answer. Try again in a moment.") from error
    if by_address > PER_ADDRESS or by_link > PER_LINK:
        wait = int((window + 1) * WINDOW - now) + 1
        limit = f"{PER_ADDRESS} times" if by_address > PER_ADDRESS else f"{PER_LINK} times by everybody together"
        raise TooMany(f"A link can be used {limit} a minute. Try again in {wait} s.", retry_after=wait)
