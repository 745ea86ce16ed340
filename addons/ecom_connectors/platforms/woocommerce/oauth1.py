"""OAuth 1.0a with one leg, as WooCommerce asks for over plain http. Pure functions."""

import base64
import hashlib
import hmac
import secrets
import time
from urllib.parse import parse_qsl, quote, urlsplit


def _escape(text):
    return quote(str(text), safe="~-._")


def sign(method, url, params, key, secret, *, nonce=None, timestamp=None):
    """:return: parameters to add to the query: the request's signature and what it is made of"""
    parts = urlsplit(url)
    oauth = {
        "oauth_consumer_key": key,
        "oauth_nonce": nonce or secrets.token_hex(16),
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": str(timestamp or int(time.time())),
    }
    pairs = [*parse_qsl(parts.query, keep_blank_values=True)]
    for name, value in {**params, **oauth}.items():
        pairs += [(name, each) for each in (value if isinstance(value, list) else [value])]
    query = "&".join(f"{k}={v}" for k, v in sorted((_escape(k), _escape(v)) for k, v in pairs))
    text = "&".join((method.upper(), _escape(f"{parts.scheme}://{parts.netloc}{parts.path}"), _escape(query)))
    digest = hmac.new(f"{_escape(secret)}&".encode(), text.encode(), hashlib.sha256).digest()
    return {**oauth, "oauth_signature": base64.b64encode(digest).decode()}
