"""The wire under the HTTP seam: where connections may go, and what logs may show."""

import ipaddress
import json
import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

MAX_ANSWER = 64 * 1024 * 1024
SHOWN_ANSWER = 2000
_SECRET_HEADERS = re.compile(r"auth|token|key|secret|cookie|signature|password", re.IGNORECASE)
_SECRET_FIELDS = re.compile(
    r"""((?:access_token|refresh_token|client_secret|password|secret|token|api_?key|signature|sign)"""
    r"""["']?\s*[=:]\s*["']?)([^"'&\s,}]+)""",
    re.IGNORECASE,
)


class PrivateAddressError(requests.exceptions.RequestException):
    """The shop's address leads into a private network."""


def is_public(address):
    """Whether an IP address is one of the internet, none of this machine or its networks."""
    ip = ipaddress.ip_address(address.split("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return ip.is_global and not ip.is_multicast


class _PeerCheck:
    """Looks at the other end of a connection before anything is sent. A look at the name alone
    would not do: it may resolve to another address a moment later."""

    def _new_conn(self):
        sock = super()._new_conn()
        peer = sock.getpeername()[0]
        if not is_public(peer):
            sock.close()
            raise PrivateAddressError(f"{self.host} is at the private address {peer}")
        return sock


class _CheckedHTTP(_PeerCheck, HTTPConnection):
    pass


class _CheckedHTTPS(_PeerCheck, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _CheckedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _CheckedHTTPS


class _PublicOnly(HTTPAdapter):
    def init_poolmanager(self, *args, **kwargs):  # pylint: disable=missing-return
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


def session(internal=False):
    """:param internal: private addresses may be called
    :return: requests.Session that ignores proxies and password files of the environment"""
    result = requests.Session()
    result.trust_env = False
    result.max_redirects = 0
    if not internal:
        result.mount("http://", _PublicOnly())
        result.mount("https://", _PublicOnly())
    return result


class Answer:
    """What a platform answered."""

    def __init__(self, status, headers, content):
        self.status = status
        self.headers = requests.structures.CaseInsensitiveDict(headers)
        self.content = content

    @property
    def text(self):
        return self.content.decode("utf-8", "replace")

    def json(self):
        """:raise ValueError: the body is no JSON"""
        return json.loads(self.content)


def read(response, limit=MAX_ANSWER):
    """:return: Answer of a streamed response
    :raise ValueError: larger than `limit`"""
    body, size = [], 0
    for chunk in response.iter_content(65536):
        size += len(chunk)
        if size > limit:
            raise ValueError(f"the answer is larger than {limit // 1024 // 1024} MB")
        body.append(chunk)
    return Answer(response.status_code, response.headers, b"".join(body))


def retry_after(headers, now=None):
    """:return: seconds of a Retry-After header (a number or a date), or None"""
    value = (headers.get("Retry-After") or "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except (ValueError, TypeError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        seconds = (moment - (now or datetime.now(timezone.utc))).total_seconds()
    # A platform's wrong clock must not put a channel to sleep for a year.
    return min(max(seconds, 0.0), 24 * 3600.0) if seconds == seconds else None


def mask(text, secrets=()):
    """:return: `text` for logs and screens, without any of the `secrets` or what looks like one"""
    text = "" if text is None else str(text)
    for secret in sorted((s for s in secrets if s and len(s) >= 4), key=len, reverse=True):
        text = text.replace(secret, "***")
    text = _SECRET_FIELDS.sub(r"\1***", text)
    return text if len(text) <= SHOWN_ANSWER else text[:SHOWN_ANSWER] + "…"


def mask_headers(headers):
    return {k: "***" if _SECRET_HEADERS.search(k) else v for k, v in (headers or {}).items()}
