"""Documents of the simulated shop: canonical orders, with what was refunded, shipped and asked for
after the sale inside."""

from ..base import Found, Unmappable, as_dict, as_list

_OWN = ("refunds", "returns", "shipments", "version")


def find(payload, context):
    if isinstance(payload, dict) and "orders" in payload:
        for order in as_list(payload["orders"]):
            yield from find(order, context)
        return
    if isinstance(payload, dict) and payload.get("type") in ("refund", "return"):
        yield Found(payload["type"], payload.get("external_id"), lambda: payload, payload)
        return
    if not isinstance(payload, dict) or not ({"external_id", "lines"} & set(payload)):
        return
    order_id = payload.get("external_id")
    yield Found("order", order_id, lambda: _order(payload), payload)
    for refund in as_list(payload.get("refunds")):
        yield Found("refund", as_dict(refund).get("id"), lambda refund=refund: _refund(payload, refund))
    for case in as_list(payload.get("returns")):
        yield Found("return", as_dict(case).get("id"), lambda case=case: _return(payload, case))


def _order(payload):
    order = {key: value for key, value in payload.items() if key not in _OWN}
    shipments = as_list(payload.get("shipments"))
    if shipments:
        order["extra"] = {**as_dict(order.get("extra")), "shipments": shipments}
    return order


def _refund(order, refund):
    if not isinstance(refund, dict):
        raise Unmappable("unreadable", "a refund is no object")
    return {
        "type": "refund",
        "external_id": refund["id"],
        "order_external_id": order["external_id"],
        "created_at": refund["created_at"],
        "currency": order["currency"],
        "amount": refund["amount"],
        "reason": refund.get("reason"),
        "lines": [
            {
                "id": f"{refund['id']}-{index}",
                "order_line_id": line["line_id"],
                "quantity": line["quantity"],
                "amount": line["amount"],
            }
            for index, line in enumerate(as_list(refund.get("lines")), 1)
        ],
    }


def _return(order, case):
    if not isinstance(case, dict):
        raise Unmappable("unreadable", "a return is no object")
    known = ("kind", "status", "created_at", "updated_at", "deadline", "reason", "note", "tracking")
    return {
        "type": "return",
        "external_id": case["id"],
        "order_external_id": order["external_id"],
        **{key: case[key] for key in known if case.get(key) is not None},
        "lines": [
            {"order_line_id": line["line_id"], "quantity": line["quantity"], "note": line.get("note")}
            for line in as_list(case.get("lines"))
        ],
    }
