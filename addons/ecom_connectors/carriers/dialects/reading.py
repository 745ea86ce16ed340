"""What the dialects have in common: documents, their parts, times."""

import json
import re
from datetime import datetime
from typing import NamedTuple

from lxml import etree

from ..result import Answer, Message

# Zones as North American carriers write them, in minutes from UTC.
ZONES = {
    "NST": -210, "NDT": -150, "AST": -240, "ADT": -180, "EST": -300, "EDT": -240, "CST": -360,
    "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420, "UTC": 0, "GMT": 0,
}  # fmt: skip
_TAGS = re.compile(r"<[^>]*>|&[a-z]+;|&#\d+;")


class Reading(NamedTuple):
    """`kind` is events, rates, labels, errors or info (known, but nothing that we keep);
    `dialect` names who spoke so, None: nobody that we know."""

    dialect: str | None
    kind: str
    answer: Answer


def reading(dialect, kind, items=(), messages=(), outcome=None):
    """:return: :class:`Reading`; without items the outcome is a refusal, unless said otherwise"""
    items, messages = tuple(items), tuple(messages)
    if not items and kind != "info":
        kind = "errors"
    default = "ok" if items or kind == "info" else "refused"
    return Reading(dialect, kind, Answer(items, messages, outcome or default))


def document_of(body):
    """:return: the element inside any envelope, or a dict; None for neither. No document may load
    anything, and no entity is resolved."""
    raw = body.encode() if isinstance(body, str) else body or b""
    text = raw.lstrip()
    if text[:1] == b"{":
        try:
            found = json.loads(text)
        except ValueError:
            return None
        return found if isinstance(found, dict) else None
    if text[:1] != b"<":
        return None
    for recover in (False, True):
        # Some answer with a page around their document that is never closed.
        if recover and b"<Response" not in text:
            return None
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
            recover=recover, remove_comments=True,
        )  # fmt: skip
        try:
            root = etree.fromstring(raw.strip(), parser)
        except (etree.XMLSyntaxError, ValueError):
            continue
        if root is not None:
            return _inside(root)
    return None


def _inside(root):
    if local(root) == "Envelope":
        body = next((child for child in root if local(child) == "Body"), None)
        return next(iter(body), None) if body is not None else None
    if local(root) == "HTML":
        return next((found for found in root.iter() if local(found) == "Response"), root)
    return root


def local(element):
    tag = element.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


def name_of(document):
    if document is None:
        return None
    if isinstance(document, dict):
        return f"json:{next(iter(document), '')}"
    return local(document)


def children(element, *path):
    """:return: elements along a path of local names"""
    found = [element]
    for name in path:
        found = [child for parent in found for child in parent if local(child) == name]
    return found


def text(element, *path):
    """:return: text of the first element along the path, squeezed; "" without one"""
    for found in children(element, *path):
        value = re.sub(r"\s+", " ", "".join(found.itertext())).strip()
        if value:
            return value
    return ""


def plain(value):
    """:return: text without the mark-up that USPS puts into names, however often escaped"""
    for _step in range(3):
        value = value.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    return re.sub(r"\s+", " ", _TAGS.sub("", value)).strip(" *")


def token(value):
    """:return: a name as services are called: "Priority Mail 2-Day" is priority_mail_2_day"""
    return re.sub(r"[^a-z0-9]+", "_", plain(value).lower()).strip("_")


def when(value, *formats):
    """:return: ISO text of a local time in the first of these formats that fits, or None"""
    for pattern in formats:
        try:
            return datetime.strptime(value.strip(), pattern).isoformat()
        except ValueError:
            continue
    return None


def with_zone(at, zone):
    """:return: the time with the offset that the zone's letters stand for, where they are known"""
    minutes = ZONES.get(zone)
    if at is None or minutes is None or len(at) <= 10:
        return at
    sign = "-" if minutes < 0 else "+"
    return f"{at}{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def event(carrier, number, at, code, said, status=None, city="", state="", country=""):
    """:return: dict for ``ecom.shipment``'s ingestion"""
    return {
        "carrier": carrier, "tracking_ref": number, "at": at, "code": code, "text": said,
        "status": status, "city": city.title() if city.isupper() else city, "state": state,
        "country": country,
    }  # fmt: skip


def complaint(code, said):
    return Message(code, plain(said)[:500])


def number(value):
    """:return: int at the beginning of a text, or None"""
    match = re.match(r"\s*(\d+)", value or "")
    return int(match[1]) if match else None
