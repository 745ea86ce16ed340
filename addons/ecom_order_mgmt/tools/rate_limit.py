"""A limit of requests per caller, in memory that all workers of a server share. Pure.

It is there against somebody who tries tokens, or hammers a page. A count in the database would make
every look at a page a write, and a page that anybody may ask for is what must not cause writes.

Workers are forked from a process that has loaded the addons, so memory that was mapped before is
the same in all of them. Where each worker loads the addons by itself (no database was named at the
start), or there are several servers, each has a limit of its own; the one limit for all of them is
in the web server in front (``limit_req`` in ``config/nginx.conf``). This one holds without it.

There is no lock between processes: a worker that is killed while it holds one would stop the others.
Two of them that see the same caller in the same moment may let one request too many pass.
"""

import hashlib
import mmap
import secrets
import struct
import threading

# Of a caller: who it is, what is left, and when that was so.
SLOT = struct.Struct("=Qdd")
# A caller is remembered in one of a few places. Whoever was not seen for longest makes room.
ROWS, WAYS = 4096, 8


class RateLimit:
    """Token bucket per caller: `burst` at once, `per_second` in the long run."""

    def __init__(self, burst, per_second, rows=ROWS):
        self.burst = burst
        self.per_second = per_second
        self._rows = rows
        self._memory = mmap.mmap(-1, rows * WAYS * SLOT.size)
        # Nobody outside can find callers that share a row.
        self._salt = secrets.token_bytes(16)
        self._lock = threading.Lock()

    def take(self, caller, now, cost=1):
        """:param now: seconds of a clock that never goes back, the same for all processes
        :return: 0 if the request may pass, else seconds to wait"""
        with self._lock:
            offset, key, left = self._open(caller, now)
            wait = 0 if left >= cost else (cost - left) / self.per_second
            SLOT.pack_into(self._memory, offset, key, left if wait else left - cost, now)
            return wait

    def charge(self, caller, now, cost):
        """Take more of what a caller has, whether it is there or not: it must wait for it."""
        with self._lock:
            offset, key, left = self._open(caller, now)
            SLOT.pack_into(self._memory, offset, key, max(left - cost, -self.burst), now)

    def reset(self):
        with self._lock:
            self._memory[:] = bytes(len(self._memory))

    def _open(self, caller, now):
        """:return: (where a caller is remembered, its key, what it has left)"""
        digest = hashlib.blake2b(str(caller).encode(), key=self._salt, digest_size=8).digest()
        key = int.from_bytes(digest, "big") or 1
        start = key % self._rows * WAYS * SLOT.size
        slots = range(start, start + WAYS * SLOT.size, SLOT.size)
        oldest = None
        for offset in slots:
            known, left, at = SLOT.unpack_from(self._memory, offset)
            if known == key:
                if not -self.burst <= left <= self.burst:
                    # Two processes wrote at once: what is there means nothing.
                    return offset, key, self.burst
                left += max(now - at, 0) * self.per_second
                return offset, key, min(self.burst, left)
            # Empty places first.
            age = (known != 0, at)
            if oldest is None or age < oldest[0]:
                oldest = age, offset
        return oldest[1], key, self.burst
