"""Credentials at rest: Fernet, with a key that is never in the database."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

MIN_KEY = 16


class SecretError(ValueError):
    """:param code: ``no_key``, ``short_key`` or ``other_key``"""

    def __init__(self, code):
        self.code = code
        super().__init__(code)


def fernet(keys):
    """:param str keys: one key or several, separated by commas; the first one encrypts, the others
        only decrypt, so that a key can be replaced
    :raise SecretError: there is none, or one is too short to protect anything"""
    parts = [part.strip() for part in (keys or "").split(",") if part.strip()]
    if not parts:
        raise SecretError("no_key")
    if any(len(part) < MIN_KEY for part in parts):
        raise SecretError("short_key")
    return MultiFernet([Fernet(_as_key(part)) for part in parts])


def _as_key(part):
    try:
        is_key = len(base64.urlsafe_b64decode(part.encode())) == 32
    except ValueError:
        is_key = False
    if is_key:
        return part.encode()
    # A pass phrase.
    return base64.urlsafe_b64encode(hashlib.sha256(part.encode()).digest())


def encrypt(keys, text):
    return fernet(keys).encrypt(text.encode()).decode()


def decrypt(keys, token):
    """:raise SecretError: no key, or none of them encrypted this"""
    try:
        return fernet(keys).decrypt(token.encode()).decode()
    except InvalidToken:
        raise SecretError("other_key") from None
