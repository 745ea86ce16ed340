"""Amazon SP-API orders: API v0 (with ``OrderItems`` added to the order) and 2026-01-01.

Prices of an item are those of the whole line. Tax is on top where the marketplace is in North
America, and within the price elsewhere; where Amazon remits it, it is no part of our total.
"""

from ..base import (
    ZERO,
    Found,
    Unmappable,
    as_dict,
    as_list,
    dec,
    flag,
    ident,
    join,
    line,
    require,
    sum_of,
    tax,
    text_of,
    unique_ids,
    when,
)

_TAX_ON_TOP = {"ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"}  # United States, Canada
_CURRENCIES = {
    "ATVPDKIKX0DER": "USD", "A2EUQ1WTGCTBG2": "CAD", "A1AM78C64UM0Y8": "MXN", "A2Q3Y263D00KWC": "BRL",
    "A1PA6795UKMFR9": "EUR", "A13V1IB3VIYZZH": "EUR", "APJ6JRA9NG5V4": "EUR", "A1RKKUPIHCS9HS": "EUR",
    "A1805IZSGTT6HS": "EUR", "AMEN7PMS3EDWL": "EUR", "A28R8C7NBKEWEA": "EUR", "A1F83G8C2ARO7P": "GBP",
    "A2NODRKZP88ZB9": "SEK", "A1C3SOZRARQ6R3": "PLN", "A33AVAJ2PDY3EV": "TRY", "A1VC38T7YXB528": "JPY",
    "A39IBJ37TRP1C6": "AUD", "A19VAU5U5O7RUS": "SGD", "A21TJRUUN4KGV": "INR", "A2VIGQ35RCS4UG": "AED",
    "A17E79C6D8DWNP": "SAR", "ARBP9OOSHTCHU": "EGP", "AE08WJ6YKNBMC": "ZAR",
}  # fmt: skip
_KINDS = {"SHIPPING": "shipping", "GIFT_WRAP": "gift_wrap", "COD": "cod_fee", "COD_FEE": "cod_fee"}
_WAITING = {"PENDING", "PENDINGAVAILABILITY", "PENDING_AVAILABILITY"}


def find(payload, context):
    if isinstance(payload, list):
        for each in payload:
            yield from find(each, context)
        return
    payload = as_dict(payload)
    for key in ("payload", "Orders", "orders", "order", "Order"):
        value = payload.get(key)
        if isinstance(value, dict | list) and not {"AmazonOrderId", "orderId"} & set(payload):
            yield from find(value, context)
            return
    if "FinancialEvents" in payload:
        yield from _financial_events(as_dict(payload["FinancialEvents"]))
    elif "RefundEventList" in payload:
        yield from _financial_events(payload)
    elif "AmazonOrderId" in payload and ("OrderStatus" in payload or "PurchaseDate" in payload):
        yield Found("order", ident(payload["AmazonOrderId"]), lambda: _order_v0(payload, context), payload)
    elif "AmazonOrderId" in payload and "OrderItems" in payload:
        order_id = ident(payload["AmazonOrderId"])
        yield Found("order", order_id, lambda: _items_only(payload), payload)
    elif "orderId" in payload and ("orderItems" in payload or "fulfillment" in payload):
        yield Found("order", ident(payload["orderId"]), lambda: _order_2026(payload, context), payload)


def _items_only(payload):
    raise Unmappable("incomplete", "holds the items of an order without its head: read getOrder too")


def _money(value, currency, what):
    """:return: Decimal of a money object, which must be of the order's currency"""
    value = as_dict(value)
    code = value.get("CurrencyCode") or value.get("currencyCode")
    amount = dec(value.get("Amount", value.get("amount", value.get("CurrencyAmount"))))
    if amount and code and currency and code != currency:
        raise Unmappable("mixed_currencies", f"is in {currency}, but {what} is in {code}")
    return amount


# === v0 === #


def _order_v0(order, context):
    status = order.get("OrderStatus") or ""
    if status.upper() in _WAITING:
        raise Unmappable("not_placed", f"is {status}: Amazon tells address and total once it is paid")
    total = as_dict(order.get("OrderTotal"))
    items = order.get("OrderItems")
    if status == "Canceled" and not total:
        return _cancelled_v0(order, context)
    currency = require(total.get("CurrencyCode"), "no_total", "states no total")
    require(items, "incomplete", "holds no items: read getOrderItems and add them as OrderItems")
    amount = _money(total, currency, "the total")
    on_top = order.get("MarketplaceId") in _TAX_ON_TOP or _adds_up_with_tax(items, amount, currency)
    lines = []
    for item in as_list(items):
        lines += _item_v0(item, currency, on_top)
    lines += _collected(lines, amount) if on_top else []
    address = as_dict(order.get("ShippingAddress"))
    buyer = as_dict(order.get("BuyerInfo"))
    return {
        "external_id": ident(order["AmazonOrderId"]),
        "number": ident(order.get("SellerOrderId")) or ident(order["AmazonOrderId"]),
        "status": _status(status),
        "placed_at": when(order.get("PurchaseDate")),
        "updated_at": when(order.get("LastUpdateDate")),
        "currency": currency,
        "prices_include_tax": not on_top,
        "customer": {
            "external_id": buyer.get("BuyerEmail") or None,
            "name": buyer.get("BuyerName") or address.get("Name"),
            "email": buyer.get("BuyerEmail"),
            "company": as_dict(buyer.get("BuyerTaxInfo")).get("CompanyLegalName"),
        },
        "shipping_address": _address_v0(address),
        "lines": unique_ids(lines),
        "payments": [{"method": order.get("PaymentMethod"), "amount": text_of(amount),
                      "kind": "cash_on_delivery" if order.get("PaymentMethod") == "COD" else None,
                      "state": "pending" if order.get("PaymentMethod") == "COD" else "paid"}],
        "total": text_of(amount),
        "delivery_option": order.get("ShipServiceLevel"),
        "ship_by": when(order.get("LatestShipDate")),
        "deliver_by": when(order.get("LatestDeliveryDate")),
        "fulfilled_by": "platform" if order.get("FulfillmentChannel") == "AFN" else "merchant",
        "tags": _programs_v0(order),
        "extra": {"status": status, "marketplace": order.get("MarketplaceId")},
    }  # fmt: skip


def _cancelled_v0(order, context):
    """A cancelled order has lost its total, and its items their quantities: all that is left to
    say is that it is cancelled."""
    items = as_list(order.get("OrderItems"))
    return _cancelled(
        order["AmazonOrderId"], order.get("PurchaseDate"), order.get("LastUpdateDate"),
        context.get("currency") or _CURRENCIES.get(order.get("MarketplaceId")),
        [(item.get("OrderItemId"), item.get("SellerSKU"), item.get("Title")) for item in items],
    )  # fmt: skip


def _cancelled(order_id, placed, updated, currency, items):
    require(currency, "no_currency", "was cancelled before it had a total, and names no currency")
    return {
        "external_id": ident(order_id),
        "status": "cancelled",
        "placed_at": require(when(placed), "incomplete", "does not say when it was placed"),
        "updated_at": when(updated),
        "currency": currency,
        "lines": unique_ids(
            [line(item_id, 0, ZERO, sku=sku or None, name=name or ident(item_id) or "?")
             for item_id, sku, name in items or [("cancelled", None, "Cancelled")]]
        ),
        "total": "0",
    }  # fmt: skip


def _status(status):
    text = status.upper().replace("CANCELLED", "CANCELED")
    if text in ("CANCELED", "UNFULFILLABLE"):
        return "cancelled"
    return "completed" if text in ("SHIPPED", "INVOICEUNCONFIRMED") else "open"


def _programs_v0(order):
    names = {"IsPrime": "prime", "IsBusinessOrder": "business", "IsISPU": "store pick-up",
             "IsReplacementOrder": "replacement", "IsPremiumOrder": "premium"}  # fmt: skip
    return [name for key, name in names.items() if flag(order.get(key))]


_V0_PARTS = (
    ("", "product", "Item", "PromotionDiscount", "PromotionDiscountTax"),
    ("shipping", "shipping", "Shipping", "ShippingDiscount", "ShippingDiscountTax"),
    ("wrap", "gift_wrap", "GiftWrap", None, None),
    ("cod", "cod_fee", "COD", "CODFeeDiscount", None),
)


def _part_v0(item, name, currency):
    info = as_dict(item.get("BuyerInfo"))
    if name == "COD":
        return _money(item.get("CODFee"), currency, "the COD fee"), ZERO
    price, taxed = f"{name}Price", f"{name}Tax"
    return (
        _money(item.get(price) or info.get(price), currency, price),
        _money(item.get(taxed) or info.get(taxed), currency, taxed),
    )


def _adds_up_with_tax(items, total, currency):
    """Whether the items come to the total with their tax on top, and do not without it."""
    plain = taxed = ZERO
    for item in as_list(items):
        for _suffix, _kind, name, discount, discount_tax in _V0_PARTS:
            price, amount = _part_v0(item, name, currency)
            plain += price - _money(item.get(discount), currency, "a discount")
            taxed += amount - _money(item.get(discount_tax), currency, "a discount's tax")
    return plain != total and plain + taxed == total


def _item_v0(item, currency, on_top):
    item_id = ident(item.get("OrderItemId"))
    ordered = dec(item.get("QuantityOrdered"))
    collected = as_dict(item.get("TaxCollection"))
    platform = collected.get("Model") == "MarketplaceFacilitator"
    lines = []
    for suffix, kind, name, discount_name, discount_tax_name in _V0_PARTS:
        price, amount = _part_v0(item, name, currency)
        discount = _money(item.get(discount_name), currency, "a discount")
        amount -= _money(item.get(discount_tax_name), currency, "a discount's tax")
        if kind == "product":
            if not ordered and not price:
                continue  # cancelled
        elif not price and not discount:
            continue
        net = price - discount if on_top else price - discount - amount
        lines.append(
            line(
                f"{item_id}-{suffix}" if suffix else item_id,
                ordered if kind == "product" else 1, price, discount=discount, kind=kind,
                taxes=[tax(None, amount, base=net, platform=platform)] if amount else [],
                sku=(item.get("SellerSKU") or None) if kind == "product" else None,
                listing_id=ident(item.get("ASIN")) if kind == "product" else None,
                name=(item.get("Title") if kind == "product" else f"{name} of {item_id}") or item_id,
            )
        )  # fmt: skip
    return lines


def _address_v0(address):
    if not address:
        return None
    return {
        "name": address.get("Name"),
        "company": address.get("CompanyName"),
        "street": address.get("AddressLine1"),
        "street2": join(address.get("AddressLine2"), address.get("AddressLine3"), separator=", "),
        "district": address.get("District") or address.get("County"),
        "city": address.get("City"),
        "zip": address.get("PostalCode"),
        "state": address.get("StateOrRegion"),
        "country": address.get("CountryCode"),
        "phone": address.get("Phone"),
    }


# === 2026-01-01 === #


def _order_2026(order, context):
    fulfillment = as_dict(order.get("fulfillment"))
    status = fulfillment.get("fulfillmentStatus") or ""
    if status in _WAITING:
        raise Unmappable("not_placed", f"is {status}: Amazon tells address and total once it is paid")
    grand = as_dict(as_dict(order.get("proceeds")).get("grandTotal"))
    if _status(status) == "cancelled" and not grand:
        items = as_list(order.get("orderItems"))
        return _cancelled(
            order["orderId"], order.get("createdTime"), order.get("lastUpdatedTime"),
            context.get("currency") or _CURRENCIES.get(as_dict(order.get("salesChannel")).get("marketplaceId")),
            [(i.get("orderItemId"), as_dict(i.get("product")).get("sellerSku"), as_dict(i.get("product")).get("title"))
             for i in items],
        )  # fmt: skip
    currency = require(grand.get("currencyCode"), "no_total", "states no total")
    total = _money(grand, currency, "the total")
    lines = []
    items = as_list(require(order.get("orderItems"), "no_lines", "has no items"))
    for item in items:
        lines += _item_2026(item, currency)
    lines += _of_the_order(order, items, currency)
    lines += _collected(lines, total)
    buyer = as_dict(order.get("buyer"))
    recipient = as_dict(as_dict(order.get("recipient")).get("deliveryAddress"))
    channel = as_dict(order.get("salesChannel"))
    company, vat = _tax_registration(order)
    aliases = {a.get("aliasType"): a.get("aliasId") for a in as_list(order.get("orderAliases"))}
    return {
        "external_id": ident(order["orderId"]),
        "number": ident(aliases.get("SELLER_ORDER_ID")) or ident(order["orderId"]),
        "status": _status(status),
        "placed_at": when(order.get("createdTime")),
        "updated_at": when(order.get("lastUpdatedTime")),
        "currency": currency,
        "prices_include_tax": False,
        "customer": {
            "external_id": buyer.get("buyerEmail"),
            "name": buyer.get("buyerName") or recipient.get("name"),
            "company": buyer.get("buyerCompanyName") or company,
            "email": buyer.get("buyerEmail"),
            "vat": vat,
        },
        "shipping_address": _address_2026(recipient),
        "lines": unique_ids(lines),
        "payments": [{"amount": text_of(total), "state": "paid"}],
        "total": text_of(total),
        "delivery_option": fulfillment.get("fulfillmentServiceLevel"),
        "ship_by": when(as_dict(fulfillment.get("shipByWindow")).get("latestDateTime")),
        "deliver_by": when(as_dict(fulfillment.get("deliverByWindow")).get("latestDateTime")),
        "fulfilled_by": "platform" if fulfillment.get("fulfilledBy") == "AMAZON" else "merchant",
        "tags": [str(p).lower() for p in as_list(order.get("programs"))],
        "extra": {"status": status, "marketplace": channel.get("marketplaceId")},
    }


def _collected(lines, total):
    """Where the total holds the tax that Amazon collects and remits: that is charged to the buyer and
    kept by Amazon, and no tax of ours."""
    taxes = [t for entry in lines for t in entry.get("taxes", ()) if t.get("collected_by") == "platform"]
    amount = sum((dec(t.get("amount")) for t in taxes), ZERO)
    if not amount or sum_of(lines) + amount != total:
        return []
    return [line("collected-tax", 1, amount, kind="fee", name="Tax that Amazon collects and remits")]


def _of_the_order(order, items, currency):
    """:return: lines of what stands on the order only, as a tip for the delivery does"""
    inside = {b.get("type") for i in items for b in as_list(as_dict(as_dict(i).get("proceeds")).get("breakdowns")) if isinstance(b, dict)}
    lines = []
    for each in as_list(as_dict(order.get("proceeds")).get("breakdowns")):
        kind = str(each.get("type"))
        amount = _money(each.get("subtotal"), currency, kind)
        if kind in inside or kind in ("ITEM", "TAX") or not amount:
            continue
        name = "tip" if "TIP" in kind else _KINDS.get(kind, "fee")
        lines.append(line(f"order-{kind.lower()}", 1, amount, kind=name if amount > 0 else "discount",
                          name=kind.replace("_", " ").capitalize()))  # fmt: skip
    return lines


def _tax_registration(order):
    """:return: (company, number) of a business buyer"""
    for each in as_list(as_dict(order.get("tax")).get("taxRegistrations")):
        if each.get("entityType") == "BUYER":
            return each.get("legalName"), each.get("taxRegistrationNumber")
    return None, None


def _item_2026(item, currency):
    item_id, quantity = ident(item.get("orderItemId")), dec(item.get("quantityOrdered"))
    product = as_dict(item.get("product"))
    proceeds = as_dict(item.get("proceeds"))
    amounts, details = {}, {}
    for each in as_list(proceeds.get("breakdowns")):
        kind = each.get("type")
        amounts[kind] = amounts.get(kind, ZERO) + _money(each.get("subtotal"), currency, str(kind))
        for part in as_list(each.get("detailedBreakdowns")):
            key = (kind, part.get("subtype"))
            details[key] = details.get(key, ZERO) + _money(part.get("value"), currency, str(key))
    if not quantity and not any(amounts.values()):
        return []
    goods = amounts.pop("ITEM", None)
    if goods is None:
        unit = as_dict(as_dict(product.get("price")).get("unitPrice"))
        goods = _money(unit, currency, "the price") * quantity
    taxes = amounts.pop("TAX", ZERO)
    shipping_tax = details.get(("TAX", "SHIPPING"), ZERO)
    discount = -amounts.pop("DISCOUNT", ZERO)
    collections = as_list(as_dict(item.get("tax")).get("taxCollections"))
    platform = any(as_dict(each).get("model") == "MARKETPLACE_FACILITATOR" for each in collections)
    lines = [
        line(
            item_id, quantity or 1, goods, discount=abs(discount),
            taxes=[tax(None, taxes - shipping_tax, base=goods - abs(discount), platform=platform)] if taxes else [],
            sku=product.get("sellerSku") or None, listing_id=ident(product.get("asin")),
            name=product.get("title") or item_id, note=_gift_message(item),
        )
    ]  # fmt: skip
    for kind, amount in amounts.items():
        if not amount:
            continue
        name = _KINDS.get(kind, "fee")
        lines.append(
            line(
                f"{item_id}-{str(kind).lower()}", 1, amount,
                kind=name if amount > 0 else "discount", name=str(kind).replace("_", " ").capitalize(),
                taxes=[tax(None, shipping_tax, base=amount, platform=platform)] if name == "shipping" and shipping_tax else [],
            )
        )  # fmt: skip
    return lines


def _gift_message(item):
    packing = as_dict(as_dict(item.get("fulfillment")).get("packing"))
    return as_dict(packing.get("giftOption")).get("giftMessage")


def _address_2026(address):
    if not address:
        return None
    return {
        "name": address.get("name"),
        "company": address.get("companyName"),
        "street": address.get("addressLine1"),
        "street2": join(address.get("addressLine2"), address.get("addressLine3"), separator=", "),
        "district": address.get("districtOrCounty") or address.get("municipality")
        or as_dict(address.get("extendedFields")).get("neighborhood"),
        "city": address.get("city"),
        "zip": address.get("postalCode"),
        "state": address.get("stateOrRegion"),
        "country": address.get("countryCode"),
        "phone": address.get("phone"),
    }  # fmt: skip


# === finances === #


def _financial_events(events):
    for event in as_list(events.get("RefundEventList")):
        posted = event.get("PostedDate")
        order_id = ident(event.get("AmazonOrderId"))
        items = [i for i in as_list(event.get("ShipmentItemAdjustmentList")) if isinstance(i, dict)]
        # Two refunds of an order may bear the same second.
        number = ident(next((i.get("OrderAdjustmentItemId") for i in items if i.get("OrderAdjustmentItemId")), None))
        refund_id = f"{order_id}@{posted}" + (f"/{number}" if number else "")
        yield Found("refund", refund_id, lambda event=event, key=refund_id: _refund(event, key), event)


def _refund(event, refund_id):
    currency, lines, amount = None, [], ZERO
    for item in as_list(event.get("ShipmentItemAdjustmentList")):
        money = ZERO
        for charge in as_list(item.get("ItemChargeAdjustmentList")) + as_list(item.get("PromotionAdjustmentList")):
            value = as_dict(charge.get("ChargeAmount") or charge.get("PromotionAmount"))
            currency = currency or value.get("CurrencyCode")
            money += _money(value, currency, "a charge")
        for withheld in as_list(item.get("ItemTaxWithheldList")):
            for charge in as_list(withheld.get("TaxesWithheld")):
                currency = currency or as_dict(charge.get("ChargeAmount")).get("CurrencyCode")
        amount -= money
        lines.append(
            {
                "id": ident(item.get("OrderAdjustmentItemId") or item.get("OrderItemId")),
                "order_line_id": ident(item.get("OrderItemId")),
                "sku": item.get("SellerSKU"),
                "quantity": text_of(abs(dec(item.get("QuantityShipped")))),
                "amount": text_of(-money),
            }
        )
    if amount < 0:
        raise Unmappable("unreadable", "is a refund whose charges are positive")
    return {
        "type": "refund",
        "external_id": refund_id[:128],
        "order_external_id": ident(event.get("AmazonOrderId")),
        "created_at": when(event.get("PostedDate")),
        "currency": require(currency, "no_currency", "names no currency"),
        "amount": text_of(amount),
        "lines": unique_ids(lines),
    }
