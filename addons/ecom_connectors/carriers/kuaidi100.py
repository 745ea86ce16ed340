"""Kuaidi100 (快递100): one interface to the numbers of Chinese couriers. Query and push.

Times are Beijing time without a zone; the newest event comes first. The courier's name stands in
front of our short name (``kuaidi100`` knows the codes, ``yunda`` owns the number), so the codes of
all couriers are mapped once, under ``kuaidi100``.
"""

import hashlib
import hmac
import json
import re

from .result import Answer, Message

QUERY_URL = "https://poll.kuaidi100.com/poll/query.do"
SUBSCRIBE_URL = "https://poll.kuaidi100.com/poll"
ZONE = "Asia/Shanghai"

# State of the whole parcel, where an event has no status of its own.
STATES = {
    "0": "in_transit", "1": "in_transit", "2": "exception", "3": "delivered", "4": "exception",
    "5": "out_for_delivery", "6": "returned", "7": "in_transit", "8": "in_transit",
    "14": "exception",
}  # fmt: skip
# Status of an event, by the words that it begins with.
WORDS = (
    ("投柜或驿站", "available_for_pickup"),
    ("待取件", "available_for_pickup"),
    ("派件", "out_for_delivery"),
    ("签收", "delivered"),
    ("退签", "exception"),
    ("拒签", "exception"),
    ("退回", "returned"),
    ("疑难", "exception"),
    ("揽收", "in_transit"),
    ("在途", "in_transit"),
    ("干线", "in_transit"),
    ("转投", "in_transit"),
    ("清关", "in_transit"),
    ("转单", "in_transit"),
)
_CITY = re.compile(r"【([^】]{2,12}市)】")


def sign(param, key, customer):
    """Signature of a query: upper-case MD5 of what is sent, the key and the customer's number."""
    return (
        hashlib.md5(f"{param}{key}{customer}".encode(), usedforsecurity=False).hexdigest().upper()
    )


def query(number, company, key, customer, phone=""):
    """:return: (URL, form fields) of a query"""
    param = json.dumps(
        {"com": company, "num": number, "phone": phone, "resultv2": "4", "order": "desc"},
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return QUERY_URL, {"customer": customer, "sign": sign(param, key, customer), "param": param}


def subscribe(number, company, key, callback, salt, phone=""):
    """:return: (URL, form fields) of a subscription: changes are pushed to `callback`"""
    param = json.dumps(
        {
            "company": company,
            "number": number,
            "key": key,
            "parameters": {
                "callbackurl": callback,
                "salt": salt,
                "resultv2": "4",
                "phone": phone,
                "autoCom": "0" if company else "1",
            },
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return SUBSCRIBE_URL, {"schema": "json", "param": param}


def push_ok(param, signature, salt):
    """:param param: form field `param` as received; :return: whether Kuaidi100 sent it"""
    expected = hashlib.md5(f"{param}{salt}".encode(), usedforsecurity=False).hexdigest().upper()
    return bool(salt) and hmac.compare_digest(expected, (signature or "").upper())


def companies(document):
    """:return: couriers that a number may belong to, the likeliest first"""
    found = document if isinstance(document, list) else (document or {}).get("auto") or []
    names = [item.get("comCode") for item in found if isinstance(item, dict)]
    own = document.get("comCode") if isinstance(document, dict) else None
    return list(dict.fromkeys(filter(None, [own, *names])))


def read(document):
    """:param document: answer to a query, or the pushed document
    :return: Answer of events for ``ecom.shipment``'s ingestion"""
    if not isinstance(document, dict):
        return Answer((), (Message("", "not an answer of Kuaidi100"),), "refused")
    status = document.get("status")
    result = document.get("lastResult") if "lastResult" in document else document
    if not isinstance(result, dict):
        result = {}
    number = str(result.get("nu") or "")
    rows = result.get("data") or []
    if not number or not rows:
        # "abort" means: nothing was found for three days. That is no loss of the parcel.
        text = str(result.get("message") or document.get("message") or "")
        return Answer(
            (), (Message(str(result.get("status") or status or ""), text[:500]),), "refused"
        )
    courier = str(document.get("comNew") or result.get("com") or "kuaidi100").lower()
    items = []
    for index, row in enumerate(rows):
        if not isinstance(row, dict) or not (row.get("ftime") or row.get("time")):
            continue
        words = str(row.get("status") or "")
        status = next((meaning for word, meaning in WORDS if words.startswith(word)), None)
        if not status and not words and index == 0:
            status = STATES.get(str(result.get("state") or ""))
        items.append(
            {
                "carrier": courier,
                "tracking_ref": number,
                "at": row.get("ftime") or row["time"],
                "zone": ZONE,
                "code": str(row.get("statusCode") or words or ""),
                "text": str(row.get("context") or ""),
                "status": status,
                "city": _city(row),
                "country": str(row.get("areaCode") or "CN")[:2],
            }
        )
    if document.get("lastResult") and result.get("arrivalTime"):
        items.append(
            {"carrier": courier, "tracking_ref": number, "eta": result["arrivalTime"][:10]}
        )
    return Answer(tuple(items), (), "ok")


def _city(row):
    """The city out of "省,市,区" or, where that is missing, of the text's first brackets."""
    parts = str(row.get("areaName") or "").split(",")
    if len(parts) > 1:
        return parts[1]
    if parts[0]:
        return parts[0]
    match = _CITY.search(str(row.get("context") or ""))
    return match[1] if match else ""
