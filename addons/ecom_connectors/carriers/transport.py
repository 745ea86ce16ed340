"""The one seam between carriers' clients and the network.

karrio calls ``urlopen`` without a time limit and turns every failure into a message. Here a
limit is set, and it is noted what became of each call: a label whose answer was lost may have
been bought.
"""

import contextlib
import socket
import ssl
import threading
import urllib.error
import urllib.request

TIMEOUT = 25
MAX_ANSWER = 20 * 1024 * 1024
MAX_KEPT = 4 * 1024 * 1024


def real(request, timeout):
    return urllib.request.urlopen(request, timeout=timeout, context=ssl.create_default_context())


class Calls:
    """What became of the calls of one operation."""

    def __init__(self):
        self.log = []
        self.bodies = []  # what was answered, as far as it was read

    def keep(self, data):
        if data and sum(map(len, self.bodies)) + len(data) <= MAX_KEPT:
            self.bodies.append(data)

    def note(self, method, url, result):
        self.log.append((method, url.split("?")[0], result))

    def outcome(self):
        """:return: see :class:`.result.Answer`; of the last call that may change something"""
        for method, _url, result in reversed(self.log):
            if method == "GET":
                continue
            if result == "not_sent":
                return "not_sent"
            if result == "lost" or (isinstance(result, int) and result >= 500):
                return "unknown"
            return "refused" if isinstance(result, int) and result >= 400 else "ok"
        if not self.log:
            # The library itself found the request wrong, or the carrier cannot do it.
            return "refused"
        return "not_sent" if self.log[-1][2] == "not_sent" else "ok"


# karrio runs calls in threads of its own, which know no context of ours; they are told apart by
# the thread that began the operation, and one process does one operation per account at a time.
_lock = threading.RLock()
_state = threading.local()
_current = {"calls": None, "send": real}


@contextlib.contextmanager
def watched(send=None):
    """:param send: function (request, timeout) instead of the network, for tests and replays
    :return: :class:`Calls` of what happens inside"""
    with _lock:
        before = dict(_current)
        calls = Calls()
        _current.update(calls=calls, send=send or before["send"])
        try:
            yield calls
        finally:
            _current.update(before)


def urlopen(request, *_args, timeout=None, **_kwargs):
    """Stands in for ``urllib.request.urlopen`` inside karrio."""
    if isinstance(request, str):
        request = urllib.request.Request(request)
    calls = _current["calls"]
    method, url = request.get_method(), request.full_url
    if not url.lower().startswith(("https://", "http://")):
        raise urllib.error.URLError(f"refused: {url[:40]}")
    try:
        answer = _current["send"](request, timeout or TIMEOUT)
    except urllib.error.HTTPError as error:
        if calls:
            calls.note(method, url, error.code)
        raise
    except (OSError, urllib.error.URLError) as error:
        reason = getattr(error, "reason", error)
        unsent = isinstance(
            reason, ConnectionRefusedError | socket.gaierror | ssl.SSLCertVerificationError
        )
        if calls:
            calls.note(method, url, "not_sent" if unsent else "lost")
        raise
    if calls:
        calls.note(method, url, getattr(answer, "status", None) or 200)
        return _Kept(answer, calls)
    return answer


class _Kept:
    """An answer whose body is noted while it is read: karrio forgets what it cannot read."""

    def __init__(self, answer, calls):
        self._answer = answer
        self._calls = calls
        self.read = self._read

    def _read(self, *args):
        data = self._answer.read(*args)
        self._calls.keep(data)
        return data

    def __enter__(self):
        self._answer.__enter__()
        return self

    def __exit__(self, *args):
        return self._answer.__exit__(*args)

    def __getattr__(self, name):
        return getattr(self._answer, name)
