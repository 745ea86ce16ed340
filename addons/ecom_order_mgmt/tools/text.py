"""Keys and clean-up of texts that come from outside."""

import hashlib
import json
import re
import unicodedata

try:
    import phonenumbers
except ImportError:  # optional: without it numbers are compared by their digits alone
    phonenumbers = None

_SURROGATE_OR_NUL = re.compile("[\x00\ud800-\udfff]")
_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")
MIN_PHONE_DIGITS = 7


def clean(value, depth=0, max_depth=24):
    """Make a JSON value storable: NUL and lone surrogates, which PostgreSQL refuses, are taken out.

    :raise ValueError: nested deeper than `max_depth`, or of a type that JSON does not have
    """
    if depth > max_depth:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        return _SURROGATE_OR_NUL.sub("", value)
    if isinstance(value, dict):
        return {clean(str(k)): clean(v, depth + 1, max_depth) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [clean(v, depth + 1, max_depth) for v in value]
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueError("a number that is not finite")
        return value
    raise ValueError(f"a value of type {type(value).__name__}")


def digest(document):
    """:return: hex SHA-256 of a JSON value; the order of keys does not matter"""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def fold(text):
    """:return: `text` for comparison: compatibility forms, case and blanks evened out"""
    return " ".join(unicodedata.normalize("NFKC", text or "").casefold().split())


def email_key(text):
    """:return: comparable e-mail address, or '' where `text` is none or is masked"""
    text = (text or "").strip().lower()
    return text if "*" not in text and _EMAIL.fullmatch(text) else ""


def phone_key(text, country_code=None):
    """:return: comparable phone number, or '' where `text` is none or is masked.
    E.164 where the library phonenumbers is there and can tell, else the bare digits."""
    text = unicodedata.normalize("NFKC", text or "").strip()
    if not text or "*" in text:
        return ""
    number = _parse_phone(text, country_code)
    if number:
        return number
    digits = re.sub(r"\D", "", text)
    if text.startswith("+") or digits.startswith("00"):
        digits = "+" + digits.lstrip("0")
    return digits if len(digits) >= MIN_PHONE_DIGITS else ""


def _parse_phone(text, country_code):
    """:return: E.164 number, or '' where the library is missing or sees no number in `text`"""
    if not phonenumbers:
        return ""
    try:
        number = phonenumbers.parse(text, (country_code or "").upper() or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def address_key(parts):
    """:param parts: iterable of texts (name, street, …) of an address
    :return: short hash that is equal for addresses which differ in case, width or blanks only"""
    text = "\n".join(fold(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def spill(text, *limits):
    """Lay `text` over fields of limited length, broken at blanks where possible.

    :param limits: length of each field
    :return: (list of texts, one per limit, rest that fits in none)
    """
    parts, rest = [], " ".join((text or "").split())
    for limit in limits:
        if len(rest) <= limit:
            parts.append(rest)
            rest = ""
            continue
        cut = rest.rfind(" ", 0, limit + 1)
        cut = cut if cut > limit // 2 else limit
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return parts, rest
