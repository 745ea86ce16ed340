"""The signature that Taobao's and Pinduoduo's open platforms share. Pure functions."""

import hashlib


def sign(secret, params):
    """:return: MD5 of the secret, all parameters by name, and the secret again; capitals"""
    text = "".join(f"{key}{params[key]}" for key in sorted(params) if params[key] not in (None, ""))
    return hashlib.md5(f"{secret}{text}{secret}".encode()).hexdigest().upper()
