"""How often a person may ask. Counted in this process; one process serves the API (see DESIGN)."""

import math
import time
from uuid import UUID

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from luna_api.accounts.principal import Principal
from luna_api.errors import ApiError


class AskLimiter:
    """Questions by person within any sixty seconds, counted one by one.

    A counter of whole minutes lets one question too many through whenever a minute of the clock begins.
    """

    def __init__(self, per_minute: int) -> None:
        self._limit = RateLimitItemPerMinute(per_minute)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def check(self, principal: Principal) -> None:
        """Count a question. Raises `ApiError` 429 with Retry-After when there were too many."""
        if not principal.rate_limited:
            return
        key = self._key(principal.tenant_id, principal.user_id)
        if not self._limiter.hit(self._limit, *key):
            reset = self._limiter.get_window_stats(self._limit, *key).reset_time
            wait_s = max(1, math.ceil(reset - time.time()))
            raise ApiError(
                429,
                f"Mehr als {self._limit.amount} Fragen in einer Minute, ich bin beeindruckt. "
                f"In {wait_s} Sekunden bin ich gern wieder für Sie da.",
                data={"limit_per_minute": self._limit.amount, "retry_after_s": wait_s},
                headers={"Retry-After": str(wait_s)},
            )

    @staticmethod
    def _key(tenant: UUID, user: UUID) -> tuple[str, str, str]:
        return ("ask", str(tenant), str(user))
