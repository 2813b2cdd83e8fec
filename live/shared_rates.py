"""How often each person has asked of all processes together, counted in Redis. Loaded only where there is one."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from data.errors import UnavailableError

PREFIX = "creditpulse:rate:"
ANSWER_SECONDS = 0.25  # a Redis that takes longer is not waited for


class SharedRates:
    """Opens nothing until the first count."""

    def __init__(self, url: str) -> None:
        self.redis: Redis = Redis.from_url(
            url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS, retry=Retry(NoBackoff(), 0)
        )

    async def count(self, key: str, number: int, seconds: int) -> tuple[int, int]:
        """How often was asked in the window of that number, with this time, and in the one before.

        Raises UnavailableError where Redis does not answer.
        """
        try:
            async with self.redis.pipeline(transaction=False) as pipe:
                pipe.incr(f"{PREFIX}{key}:{number}")
                pipe.expire(f"{PREFIX}{key}:{number}", 2 * seconds)
                pipe.get(f"{PREFIX}{key}:{number - 1}")
                count, _, before = await pipe.execute()
        except (RedisError, OSError) as error:
            raise UnavailableError(str(error)) from error
        return int(count), int(before or 0)

    async def close(self) -> None:
        await self.redis.aclose()
