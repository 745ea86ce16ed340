"""A limit of requests per caller, kept in the memory of one process. Pure.

It is there against somebody who tries tokens, or hammers a page. Several processes allow several
times as much: a count that they share would make every look at a page a write into the database,
and a page that anybody may ask for is what must not cause writes. The one limit for all processes
is in the web server in front (``limit_req`` in ``config/nginx.conf``); this one holds without it.
"""

import threading
from collections import OrderedDict

MAX_CALLERS = 20_000


class RateLimit:
    """Token bucket per caller: `burst` at once, `per_second` in the long run."""

    def __init__(self, burst, per_second):
        self.burst = burst
        self.per_second = per_second
        self._buckets = OrderedDict()
        self._lock = threading.Lock()

    def take(self, caller, now, cost=1):
        """:param now: seconds of a clock that never goes back
        :return: 0 if the request may pass, else seconds to wait"""
        with self._lock:
            left, at = self._buckets.pop(caller, (self.burst, now))
            left = min(self.burst, left + (now - at) * self.per_second)
            wait = 0 if left >= cost else (cost - left) / self.per_second
            self._buckets[caller] = (left - cost if not wait else left, now)
            if len(self._buckets) > MAX_CALLERS:
                self._buckets.popitem(last=False)
            return wait

    def charge(self, caller, now, cost):
        """Take more of what a caller has, whether it is there or not: it must wait for it."""
        with self._lock:
            left, at = self._buckets.pop(caller, (self.burst, now))
            left = min(self.burst, left + (now - at) * self.per_second)
            self._buckets[caller] = (max(left - cost, -self.burst), now)

    def reset(self):
        with self._lock:
            self._buckets.clear()
