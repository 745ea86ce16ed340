"""Taobao and Tmall trades. Amounts are yuan, times are Beijing's.

`payment` of the trade is what the buyer paid, postage included. A line's `divide_order_fee` is its
share of that after the trade's discounts, without postage. Where these do not add up the trade is
not guessed at.
"""

from ..base import (
    CENT,
    ZERO,
    Found,
    Unmappable,
    as_dict,
    as_list,
    dec,
    ident,
    line,
    require,
    text_of,
    unique_ids,
    when,
)

TZ = "Asia/Shanghai"
_UNPAID = ("WAIT_BUYER_PAY", "PAY_PENDING", "TRADE_NO_CREATE_PAY")
_CANCELLED = ("TRADE_CLOSED", "TRADE_CLOSED_BY_TAOBAO")
_COMPLETED = ("WAIT_BUYER_CONFIRM_GOODS", "TRADE_BUYER_SIGNED", "TRADE_FINISHED")


def find(payload, context):
    if isinstance(payload, list):
        for each in payload:
            yield from find(each, context)
        return
    payload = as_dict(payload)
    if "tid" in payload and ("orders" in payload or "payment" in payload):
        yield Found("order", ident(payload["tid"]), lambda: _order(payload), payload)
        return
    if "refund_id" in payload:
        yield Found("refund", ident(payload["refund_id"]), lambda: _refund(payload), payload)
        return
    for key, value in payload.items():
        if (str(key).endswith("_response") or key in ("trade", "trades", "refund", "refunds")) and isinstance(value, dict | list):
            yield from find(value, context)


def _orders(trade):
    orders = trade.get("orders")
    return as_list(orders.get("order") if isinstance(orders, dict) else orders)


def _order(trade):
    paid = dec(require(trade.get("payment"), "no_total", "states no payment"))
    postage = dec(trade.get("post_fee"))
    entries = require(_orders(trade), "no_lines", "has no orders: read it by fullinfo.get")
    lines, nets = [], []
    for entry in entries:
        quantity, gross = dec(entry.get("num")), dec(entry.get("price")) * dec(entry.get("num"))
        net = entry.get("divide_order_fee")
        if net in (None, ""):
            net = dec(entry.get("payment")) - (postage if len(entries) == 1 else ZERO)
        net = dec(net)
        nets.append(net)
        lines.append(line(
            ident(entry["oid"]), quantity, gross, discount=gross - net,
            sku=ident(entry.get("outer_sku_id")) or ident(entry.get("outer_iid")),
            listing_id=ident(entry.get("sku_id")) or ident(entry.get("num_iid")),
            name=" ".join(filter(None, (entry.get("title"), entry.get("sku_properties_name")))),
        ))  # fmt: skip
    if postage:
        lines.append(line("post", 1, postage, kind="shipping", name="运费"))
    if abs(sum(nets, ZERO) + postage - paid) > CENT:
        raise Unmappable(
            "does_not_add_up",
            f"was paid with {paid}, but its lines are {sum(nets, ZERO)} and its postage {postage}",
        )
    status = trade.get("status")
    cod = trade.get("type") == "cod"
    return {
        "external_id": ident(trade["tid"]),
        "status": "cancelled" if status in _CANCELLED else "completed" if status in _COMPLETED else "open",
        "placed_at": when(trade.get("created"), TZ),
        "updated_at": when(trade.get("modified"), TZ),
        "currency": "CNY",
        "prices_include_tax": True,
        "customer": {
            "external_id": trade.get("buyer_open_uid") or trade.get("buyer_nick"),
            "name": (trade.get("receiver_name") or trade.get("buyer_nick") or "").strip(),
            "email": trade.get("buyer_email"),
            "phone": trade.get("receiver_mobile") or trade.get("receiver_phone"),
        },
        "shipping_address": {
            "name": trade.get("receiver_name"),
            "street": trade.get("receiver_address"),
            "district": trade.get("receiver_district"),
            "city": trade.get("receiver_city"),
            "zip": trade.get("receiver_zip"),
            "state": trade.get("receiver_state"),
            "country": "CN",
            "phone": trade.get("receiver_mobile") or trade.get("receiver_phone"),
        },
        "lines": unique_ids(lines),
        "payments": [
            {
                "id": ident(trade.get("alipay_no")),
                "kind": "cash_on_delivery" if cod else None,
                "amount": text_of(paid),
                "state": "pending" if status in _UNPAID or cod else "paid",
                "paid_at": when(trade.get("pay_time"), TZ),
            }
        ],
        "total": text_of(paid),
        "buyer_message": trade.get("buyer_message"),
        "seller_memo": trade.get("seller_memo"),
        "delivery_option": trade.get("shipping_type"),
        "extra": {"status": status},
    }


def _refund(refund):
    if refund.get("status") not in (None, "SUCCESS"):
        raise Unmappable("not_refunded", f"is {refund.get('status')}: no money went back yet")
    return {
        "type": "refund",
        "external_id": ident(refund["refund_id"]),
        "order_external_id": ident(refund.get("tid")),
        "created_at": when(refund.get("created"), TZ),
        "updated_at": when(refund.get("modified"), TZ),
        "currency": "CNY",
        "amount": text_of(dec(refund.get("refund_fee"))),
        "reason": refund.get("reason"),
        "lines": [
            {
                "id": ident(refund.get("oid")) or "1",
                "order_line_id": ident(refund.get("oid")),
                "quantity": text_of(dec(refund.get("num"))) if refund.get("has_good_return") else "0",
                "amount": text_of(dec(refund.get("refund_fee"))),
            }
        ],
    }
