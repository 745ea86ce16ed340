"""The result of a bulk operation: one JSON object per line, children right after their parent.

It may be gigabytes, so that it is read in windows of bytes; a window ends before the last order
that it may not hold whole. Where reading goes on is a number of bytes, which outlives a kill.
"""

import json

from .graphql_shape import tail

WINDOW = 4 * 1024 * 1024
_CONNECTIONS = {"LineItem": "lineItems", "ShippingLine": "shippingLines"}


def split(window, at_end):
    """Take the whole orders off the front of a window.

    :param bytes window: part of the file that begins with an order
    :param bool at_end: whether the file ends with it
    :return: (orders, number of bytes that they took up); none and 0: the window is too small
    :raise ValueError: what is there is no export of orders
    """
    end = len(window) if at_end else window.rfind(b"\n") + 1
    orders, taken, position = [], 0, 0
    for raw in window[:end].splitlines(keepends=True):
        if raw.strip():
            value = json.loads(raw)
            parent = value.pop("__parentId", None)
            if parent is None:
                taken = position
                orders.append({**value, "lineItems": {"nodes": []}, "shippingLines": {"nodes": []}})
            else:
                _attach(orders, parent, value)
        position += len(raw)
    if at_end:
        return orders, len(window)
    # The children of the last one may go on in the next window.
    return orders[:-1], taken


def _attach(orders, parent, child):
    if not orders or orders[-1].get("id") != parent:
        raise ValueError(f"{parent} is no order right before")
    kind = str(child.get("id")).rsplit("/", 2)[-2]
    name = _CONNECTIONS.get(kind)
    if name is None:
        raise ValueError(f"an order holds no {kind} ({tail(child.get('id'))})")
    orders[-1][name]["nodes"].append(child)
