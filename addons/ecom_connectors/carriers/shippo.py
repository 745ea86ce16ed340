"""Shippo's answers: rates, labels (transactions), tracking. karrio has no plug-in for it."""

from .result import Answer, Label, Message, Rate, money

STATUSES = {
    "PRE_TRANSIT": "info_received",
    "UNKNOWN": "info_received",
    "TRANSIT": "in_transit",
    "DELIVERED": "delivered",
    "RETURNED": "returned",
    "FAILURE": "exception",
}
# Details that say more than the status does.
SUBSTATUSES = {
    "out_for_delivery": "out_for_delivery",
    "pickup_available": "available_for_pickup",
    "delivery_attempted": "attempt_failed",
    "address_issue": "exception",
    "return_to_sender": "returned",
}


def rates(document):
    """:return: Answer of rates out of a shipment, a list of rates or one of them"""
    found, messages = [], list(_messages(document))
    for rate in _objects(document, "rates", "results"):
        amount = money(rate.get("amount"))
        level = rate.get("servicelevel") or {}
        if amount is not None and rate.get("provider"):
            service = level.get("token") or rate.get("servicelevel_token") or ""
            found.append(
                Rate(
                    str(rate["provider"]).lower(),
                    service,
                    amount,
                    rate.get("currency") or "",
                    rate.get("estimated_days") or rate.get("days"),
                    None,
                    rate.get("object_id"),
                )
            )
        messages += _messages(rate)
    return Answer(tuple(found), tuple(messages), "ok" if found else "refused")


def labels(document):
    """:return: Answer of labels. Shippo works on some later: QUEUED is neither yes nor no."""
    found, messages, outcome = [], list(_messages(document)), "refused"
    for item in _objects(document, "results"):
        state = item.get("status") or item.get("object_status")
        if state == "SUCCESS" and item.get("tracking_number"):
            found.append(
                Label(
                    item.get("object_id") or "",
                    (str(item["tracking_number"]),),
                    (item.get("label_file_type") or "PDF").split("_")[0].upper(),
                    "",
                    meta={"label_url": item.get("label_url"), "rate": item.get("rate")},
                )
            )
        elif state in ("QUEUED", "WAITING"):
            outcome = "unknown"
        if item is not document:
            messages += _messages(item)
    return Answer(tuple(found), tuple(messages), "ok" if found else outcome)


def read(document):
    """:return: events and facts for ``ecom.shipment``'s ingestion, of a track or its webhook"""
    items = []
    for track in _objects(document, "data", "results"):
        base = {
            "carrier": str(track.get("carrier") or "shippo").lower(),
            "tracking_ref": track.get("tracking_number") or "",
        }
        if not base["tracking_ref"] or not {"tracking_status", "tracking_history"} & set(track):
            continue
        history = list(track.get("tracking_history") or ())
        if track.get("tracking_status"):
            history.append(track["tracking_status"])
        for event in history:
            if not isinstance(event, dict) or not event.get("status_date"):
                continue
            where = event.get("location") or {}
            sub = event.get("substatus") or {}
            detail = sub.get("code") if isinstance(sub, dict) else sub
            items.append(
                {
                    **base,
                    "at": event["status_date"],
                    "code": detail or "",
                    "text": event.get("status_details") or "",
                    "status": SUBSTATUSES.get(detail) or STATUSES.get(event.get("status")),
                    "city": where.get("city"),
                    "state": where.get("state"),
                    "country": where.get("country"),
                }
            )
        if track.get("eta"):
            items.append({**base, "eta": track["eta"][:10]})
    return items


def _objects(document, *names):
    """The document itself, if it is one, and what stands in it under these names."""
    if isinstance(document, list):
        return [item for item in document if isinstance(item, dict)]
    if not isinstance(document, dict):
        return []
    inner = [document]
    for name in names:
        value = document.get(name)
        inner += (
            [item for item in value if isinstance(item, dict)]
            if isinstance(value, list)
            else ([value] if isinstance(value, dict) else [])
        )
    return inner


def _messages(document):
    if not isinstance(document, dict):
        return
    for item in document.get("messages") or ():
        if isinstance(item, dict):
            yield Message(str(item.get("code") or ""), str(item.get("text") or "")[:500])
        else:
            yield Message("", str(item)[:500])
    for name in ("detail", "error", "non_field_errors", "__all__"):
        if document.get(name):
            yield Message("", str(document[name])[:500])
