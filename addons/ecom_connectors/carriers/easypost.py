"""What EasyPost tells by webhook, and answers to a look at a tracker."""

import hashlib
import hmac
import unicodedata

STATUSES = {
    "pre_transit": "info_received",
    "in_transit": "in_transit",
    "out_for_delivery": "out_for_delivery",
    "available_for_pickup": "available_for_pickup",
    "delivered": "delivered",
    "return_to_sender": "returned",
    "failure": "exception",
    "error": "exception",
    "cancelled": "exception",
}


def signature_ok(body, header, secret):
    """:param header: X-Hmac-Signature; :return: whether EasyPost sent this body"""
    key = unicodedata.normalize("NFKD", secret or "").encode()
    digest = hmac.new(key, body, hashlib.sha256).hexdigest()
    return bool(secret) and hmac.compare_digest(f"hmac-sha256-hex={digest}", header or "")


def trackers(document):
    """:return: trackers in whatever EasyPost sent: an event, a list, a shipment, one of them"""
    if isinstance(document, list):
        return [tracker for item in document for tracker in trackers(item)]
    if not isinstance(document, dict):
        return []
    if document.get("object") == "Tracker":
        return [document]
    found = []
    for name in ("result", "tracker", "trackers", "shipments", "shipment", "events"):
        found += trackers(document.get(name))
    return found


def read(document):
    """:return: events and facts for ``ecom.shipment``'s ingestion"""
    return [item for tracker in trackers(document) for item in _read_tracker(tracker)]


def _read_tracker(tracker):
    base = {
        "carrier": str(tracker.get("carrier") or "easypost").lower(),
        "tracking_ref": tracker.get("tracking_code") or "",
    }
    if not base["tracking_ref"]:
        return
    for detail in tracker.get("tracking_details") or ():
        where = detail.get("tracking_location") or {}
        if detail.get("datetime"):
            yield {
                **base,
                "at": detail["datetime"],
                "code": detail.get("carrier_code") or detail.get("status_detail") or "",
                "text": detail.get("message") or detail.get("description") or "",
                "status": STATUSES.get(detail.get("status")),
                "city": where.get("city"),
                "state": where.get("state"),
                "country": where.get("country"),
            }
    if tracker.get("est_delivery_date") and tracker.get("status") != "delivered":
        yield {**base, "eta": tracker["est_delivery_date"][:10]}
