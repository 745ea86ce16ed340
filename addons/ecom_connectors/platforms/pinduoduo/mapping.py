"""Pinduoduo orders and refunds. Amounts are yuan, times are Beijing's."""

from ..base import (
    CENT,
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


def find(payload, context):
    if isinstance(payload, list):
        for each in payload:
            yield from find(each, context)
        return
    payload = as_dict(payload)
    if "order_sn" in payload and "item_list" in payload:
        yield Found("order", ident(payload["order_sn"]), lambda: _order(payload), payload)
        return
    if "order_sn" in payload and "refund_amount" in payload:
        yield Found("refund", ident(payload.get("id") or payload["order_sn"]), lambda: _refund(payload), payload)
        return
    for key, value in payload.items():
        if (str(key).endswith("_response") or key in ("order_info", "order_sn_list", "refund_list")) and isinstance(value, dict | list):
            yield from find(value, context)


def _order(order):
    paid = dec(require(order.get("pay_amount"), "no_total", "states no total"))
    lines = []
    for index, item in enumerate(as_list(require(order.get("item_list"), "no_lines", "has no items")), 1):
        quantity = dec(item.get("goods_count"))
        lines.append(line(
            ident(item.get("sku_id")) or str(index), quantity, dec(item.get("goods_price")) * quantity,
            sku=ident(item.get("outer_id")), listing_id=ident(item.get("sku_id")),
            name=" ".join(filter(None, (item.get("goods_name"), item.get("goods_spec")))) or str(index),
            presale=True if order.get("is_pre_sale") else None,
        ))  # fmt: skip
    postage = dec(order.get("postage"))
    if postage:
        lines.append(line("postage", 1, postage, kind="shipping", name="运费"))
    seller, platform = dec(order.get("seller_discount")), dec(order.get("platform_discount"))
    other = dec(order.get("capital_free_discount"))
    total = paid + platform + other
    goods = sum((dec(e["total"]) for e in lines), dec(0))
    if not seller and dec(order.get("discount_amount")) and abs(goods - dec(order["discount_amount"]) - paid) < CENT:
        seller = dec(order["discount_amount"]) - platform - other
    discounts = []
    if seller:
        discounts.append({"title": "商家优惠", "amount": text_of(seller)})
    payments = [
        {"id": ident(order.get("pay_no")), "method": order.get("pay_type"), "amount": text_of(paid),
         "state": "paid", "paid_at": when(order.get("confirm_time"), TZ)}
    ]  # fmt: skip
    if platform + other:
        # The platform pays its part to the seller: a receivable, no discount.
        payments.append({"kind": "platform_subsidy", "amount": text_of(platform + other), "state": "paid"})
    status, refund = order.get("order_status"), order.get("refund_status")
    return {
        "external_id": ident(order["order_sn"]),
        "status": "completed" if status in (2, 3) else "cancelled" if refund == 4 and status == 1 else "open",
        "placed_at": when(order.get("created_time"), TZ),
        "updated_at": when(order.get("updated_at"), TZ),
        "currency": "CNY",
        "prices_include_tax": True,
        "customer": {"name": order.get("receiver_name"), "phone": order.get("receiver_phone")},
        "shipping_address": _address(order),
        "lines": unique_ids(lines),
        "discounts": discounts,
        "payments": payments,
        "payment_state": {2: None, 4: "refunded"}.get(refund) or "paid",
        "total": text_of(total),
        "buyer_message": order.get("buyer_memo"),
        "seller_memo": order.get("remark"),
        "ship_by": when(order.get("last_ship_time"), TZ),
        "tags": ["lottery"] if order.get("is_lucky_flag") == 2 else [],
        "extra": {"order_status": status, "refund_status": refund, "after_sales_status": order.get("after_sales_status")},
    }


def _address(order):
    """Province and city may stand in the street once more."""
    street = str(order.get("address") or "")
    for _again in range(2):
        for part in (order.get("province"), order.get("city"), order.get("town")):
            if part and street.startswith(str(part)):
                street = street[len(str(part)):]
    return {
        "name": order.get("receiver_name"),
        "street": street or order.get("address"),
        "district": order.get("town"),
        "city": order.get("city"),
        "state": order.get("province"),
        "country": "CN",
        "phone": order.get("receiver_phone"),
    }


def _refund(refund):
    state = refund.get("after_sales_status")
    if state in (0, 2, 3, 4) and refund.get("refund_status") not in (4, None):
        raise Unmappable("not_refunded", "is asked for: no money went back yet")
    return {
        "type": "refund",
        "external_id": ident(refund.get("id")) or f"refund-{ident(refund['order_sn'])}",
        "order_external_id": ident(refund["order_sn"]),
        "created_at": when(refund.get("created_time"), TZ),
        "updated_at": when(refund.get("updated_time"), TZ),
        "currency": "CNY",
        "amount": text_of(abs(dec(refund.get("refund_amount")))),
        "reason": refund.get("after_sale_reason"),
        "lines": [
            {
                "id": ident(refund.get("sku_id")) or "1",
                "order_line_id": ident(refund.get("sku_id")),
                "sku": ident(refund.get("outer_id")),
                "quantity": text_of(dec(refund.get("goods_number"))) if refund.get("after_sales_type") == 3 else "0",
                "amount": text_of(abs(dec(refund.get("refund_amount")))),
            }
        ],
    }
