"""Text of a cell -> number, time, id. Exact: Decimal and UTC, never float, never a guess."""

import re
import unicodedata
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from .problems import ValueProblem

# Minor units that are not two (ISO 4217).
_NO_DECIMALS = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
_THREE_DECIMALS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])

_MINUS = str.maketrans({"−": "-", "–": "-", "‒": "-", "﹣": "-", "－": "-", "’": "'"})
_CURRENCY = re.compile(
    r"^(?:[A-Z]{3}|[\$€£¥₩₹元円]|US\$|RMB)\s*|\s*(?:[A-Z]{3}|[\$€£¥₩₹元円]|RMB)$", re.I
)
_PLAIN = re.compile(r"^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$")
_EXPONENT = re.compile(r"^[+-]?\d+(?:\.\d+)?[eE][+-]?\d{1,3}$")
_MANGLED = re.compile(r"^\d(?:[.,]\d+)?[eE]\+\d{2}$")
_FLOAT_ID = re.compile(r"^-?\d+\.0$")
_SPACES = re.compile(r"[\s\u00a0\u202f\u2009]")
_LIMIT = Decimal(10) ** 15
_SIX = Decimal("0.000001")

NULL_DATES = ("0000-00-00", "0001-01-01", "1900-01-00")


def currency_decimals(code):
    """How many decimals an amount in this currency has."""
    if code in _NO_DECIMALS:
        return 0
    return 3 if code in _THREE_DECIMALS else 2


def plain(number, places=6):
    """Decimal as canonical text: no exponent, no needless zeros, at most `places` decimals.

    >>> plain(Decimal("2.50")), plain(Decimal("1E+2")), plain(Decimal("0.1234567"))
    ('2.5', '100', '0.123457')
    """
    quantum = _SIX if places == 6 else Decimal(1).scaleb(-places)
    number = number.quantize(quantum, rounding=ROUND_HALF_UP)
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def money(number, decimals=2):
    """Decimal as an amount of a currency: rounded half up, all decimals shown.

    >>> money(Decimal("2.5")), money(Decimal("0.001")), money(Decimal("-1.005"))
    ('2.50', '0.00', '-1.01')
    """
    number = number.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    text = format(number, "f")
    return text[1:] if text.startswith("-") and not number else text


def parse_number(text, mark="auto"):
    """Read a number as people and programs write it.

    :param mark: "." or "," as decimal mark, or "auto": decided by the text alone, and refused
        where the text allows two readings ("1,234").
    :return: Decimal
    :raise ValueProblem: not_a_number, ambiguous_number, too_large
    """
    if _PLAIN.match(text) and mark != ",":
        number = Decimal(text)
    else:
        number = _parse_decorated(text, mark)
    if abs(number) >= _LIMIT:
        raise ValueProblem("too_large")
    return number


def _parse_decorated(text, mark):
    """The rest of parse_number: currency signs, grouping, brackets and trailing minus."""
    raw = unicodedata.normalize("NFKC", text).translate(_MINUS).strip()
    sign = 1
    if raw.startswith("(") and raw.endswith(")"):
        sign, raw = -1, raw[1:-1].strip()
    # The sign may stand at either end, before or after the currency ("EUR -5.00"), but only once.
    signs = [raw[:1], _CURRENCY.sub("", raw).strip()[:1], raw[-1:]]
    mark_found = next((char for char in signs if char in ("+", "-")), "")
    if mark_found:
        sign = -sign if mark_found == "-" else sign
        raw = raw.replace(mark_found, "", 1)
    raw = _CURRENCY.sub("", raw.strip()).strip()
    raw = _SPACES.sub("", raw)
    if _EXPONENT.match(raw) and mark != ",":
        try:
            return sign * Decimal(raw)
        except InvalidOperation:
            raise ValueProblem("not_a_number") from None
    if not raw or not re.fullmatch(r"[\d.,']+", raw) or not any(c.isdigit() for c in raw):
        raise ValueProblem("not_a_number")
    if mark == "auto":
        mark = _decimal_mark(raw)
    group = "," if mark == "." else "."
    whole, found, fraction = raw.partition(mark)
    if found and not fraction.isdigit() and fraction:
        raise ValueProblem("not_a_number")
    for separator in (group, "'"):
        if separator in whole:
            if not re.fullmatch(rf"\d{{1,3}}(?:{re.escape(separator)}\d{{3}})+", whole):
                raise ValueProblem("not_a_number")
            whole = whole.replace(separator, "")
    if not (whole + fraction).isdigit():
        raise ValueProblem("not_a_number")
    return sign * Decimal(f"{whole or 0}.{fraction or 0}")


def _decimal_mark(raw):
    """Which of point and comma is the decimal mark of this one number."""
    comma, point = raw.rfind(","), raw.rfind(".")
    if comma >= 0 and point >= 0:
        return "," if comma > point else "."
    if comma < 0:
        return "," if raw.count(".") > 1 else "."
    if raw.count(",") > 1:
        return "."
    if len(raw) - comma - 1 == 3 and 1 <= comma <= 3 and raw[0] != "0":
        raise ValueProblem("ambiguous_number")
    return ","


def sample_mark(texts):
    """Decimal mark of a column, from some of its values: ".", "," or "auto" if they don't tell."""
    votes = {".": 0, ",": 0}
    for text in texts:
        raw = _SPACES.sub("", _CURRENCY.sub("", text.strip()))
        match = re.fullmatch(r"[+-]?[\d.,']*?([.,])(\d+)", raw)
        if not match:
            continue
        mark, fraction = match.groups()
        other = "," if mark == "." else "."
        if len(fraction) != 3 or raw.startswith(("0" + mark, "-0" + mark)) or other in raw:
            votes["." if raw.count(mark) > 1 and mark == "," else mark] += 1
    if votes["."] and not votes[","]:
        return "."
    if votes[","] and not votes["."]:
        return ","
    return "auto"


def clean_text(text):
    """A cell's text without the things that nobody typed: controls, odd blanks, our own guard."""
    text = text.replace("\u00a0", " ").replace("\ufeff", "").replace("\x00", "").strip()
    if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@"):
        text = text[1:]  # how a downloaded list of rejected rows protects spreadsheets
    return text


def clean_id(text):
    """An order number, SKU or customer id. Leading zeros stay; "17850.0" was 17850.

    :raise ValueProblem: spreadsheet_number for 1.21146E+18
    """
    text = clean_text(text)
    if _FLOAT_ID.match(text):
        return text[:-2]
    if _MANGLED.match(text):
        raise ValueProblem("spreadsheet_number")
    return text


# --- times -----------------------------------------------------------------------------------

_ISO = re.compile(
    r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T\s]*(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})(?:[.,](\d{1,6})\d*)?)?秒?分?"
    r"\s*([AaPp]\.?[Mm]\.?)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?$"
)
_PARTS = re.compile(
    r"^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})"
    r"(?:[,T\s]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,6})\d*)?)?"
    r"\s*([AaPp]\.?[Mm]\.?)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$"
)
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?)?(Z)?$")
_RFC = re.compile(
    r"^(?:[A-Za-z]{3},?\s+)?(\d{1,2})[\s-]([A-Za-z]{3})[a-z]*[\s-](\d{4})"
    r"(?:[,\s]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$"
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
        start=1,
    )
}


def date_order(texts):
    """Order of day and month in dates such as 03/04/2011: "dmy", "mdy" or "auto" if unclear."""
    votes = set()
    for text in texts:
        match = _PARTS.match(text.strip())
        if not match:
            continue
        first, mark, second = int(match[1]), match[2], int(match[3])
        if mark == "." or first > 12:
            votes.add("dmy")
        elif second > 12:
            votes.add("mdy")
    return votes.pop() if len(votes) == 1 else "auto"


def parse_time(text, order="auto", formats=(), tz="UTC"):
    """Read a date and time; a time without a zone is local in `tz`.

    :param order: "dmy", "mdy" or "auto" for dates such as 03/04/2011
    :param formats: strptime formats that are tried before anything else
    :return: (datetime in UTC or None for an empty date, code of a note or None)
    :raise ValueProblem: not_a_date, ambiguous_date
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if not text or text.startswith(NULL_DATES):
        return None, None
    for pattern in formats:
        try:
            return _to_utc(datetime.strptime(text, pattern), tz)
        except ValueError:
            continue
    try:
        return _read_time(text, order, tz)
    except (ValueError, OverflowError):
        raise ValueProblem("not_a_date") from None


def _read_time(text, order, tz):
    """The known ways of writing a time. ValueError if it is none of them."""
    if match := _ISO.match(text):
        year, month, day, hour, minute, second, fraction, half, zone = match.groups()
    elif match := _PARTS.match(text):
        first, mark, other, year, hour, minute, second, fraction, half, zone = match.groups()
        day, month = _day_month(int(first), int(other), mark, order)
        year = str(2000 + int(year)) if len(year) == 2 else year
    elif match := _COMPACT.match(text):
        year, month, day, hour, minute, second, zone = match.groups()
        fraction = half = None
    elif match := _RFC.match(text):
        day, name, year, hour, minute, second, zone = match.groups()
        month, fraction, half = _MONTHS.get(name.lower(), 0), None, None
    elif re.fullmatch(r"\d{10}|\d{13}", text):
        seconds = int(text) if len(text) == 10 else int(text) / 1000
        return datetime.fromtimestamp(seconds, timezone.utc), None
    else:
        raise ValueError(text)
    hour = int(hour or 0)
    if half:
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    moment = datetime(
        int(year),
        int(month),
        int(day),
        hour,
        int(minute or 0),
        int(second or 0),
        int((fraction or "0").ljust(6, "0")),
    )
    if moment.year < 1970:
        raise ValueError(text)
    if zone:
        return moment.replace(tzinfo=_fixed_zone(zone)).astimezone(timezone.utc), None
    return _to_utc(moment, tz)


def _day_month(first, second, mark, order):
    if order == "mdy" and mark != ".":
        return second, first
    if order == "dmy" or mark == "." or first > 12 or first == second:
        return first, second
    if second > 12:
        return second, first
    raise ValueProblem("ambiguous_date")


def _fixed_zone(zone):
    if zone in ("Z", "UTC", "GMT"):
        return timezone.utc
    digits = zone[1:].replace(":", "").ljust(4, "0")
    delta = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-delta if zone[0] == "-" else delta)


def _to_utc(moment, tz):
    """Local time -> UTC, exact also in the nights when clocks change.

    A time that occurs twice is taken as the first; one that does not exist is read with the
    offset before the change. Both are told in the note.
    """
    if moment.tzinfo:
        return moment.astimezone(timezone.utc), None
    zone = ZoneInfo(tz)
    first = moment.replace(tzinfo=zone, fold=0)
    second = moment.replace(tzinfo=zone, fold=1)
    note = None
    if first.utcoffset() != second.utcoffset():
        note = "time_twice" if first.utcoffset() > second.utcoffset() else "time_never"
    return first.astimezone(timezone.utc), note


def iso(moment):
    """UTC datetime as canonical text."""
    text = moment.replace(tzinfo=None).isoformat(timespec="seconds")
    return text + "Z"
