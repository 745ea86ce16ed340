"""From a GraphQL order to the shape of REST."""

from ..base import as_dict, as_list


def is_graphql(payload):
    return str(payload.get("id", "")).startswith("gid://shopify/Order/")


def tail(gid):
    """:return: the number of a gid"""
    return str(gid).rsplit("/", 1)[-1].split("?")[0] if gid else None


def nodes(value):
    """:return: list of a connection, whichever way it was asked for"""
    if isinstance(value, list):
        return value
    value = as_dict(value)
    if "nodes" in value:
        return as_list(value["nodes"])
    return [edge.get("node") for edge in as_list(value.get("edges"))]


def _money(value):
    return as_dict(as_dict(value).get("shopMoney")).get("amount")


def _taxes(values):
    return [
        {"title": t.get("title"), "rate": t.get("rate"), "price": _money(t.get("priceSet")),
         "channel_liable": t.get("channelLiable")}
        for t in as_list(values)
    ]  # fmt: skip


def _allocations(values):
    return [{"amount": _money(a.get("allocatedAmountSet"))} for a in as_list(values)]


def _address(value):
    if not value:
        return None
    return {
        "name": value.get("name"), "company": value.get("company"),
        "address1": value.get("address1"), "address2": value.get("address2"),
        "city": value.get("city"), "zip": value.get("zip"), "phone": value.get("phone"),
        "province_code": value.get("provinceCode"), "country_code": value.get("countryCodeV2"),
    }  # fmt: skip


def _line(item):
    variant = as_dict(item.get("variant"))
    return {
        "id": tail(item.get("id")),
        "name": item.get("name") or item.get("title"),
        "sku": item.get("sku"),
        "variant_id": tail(variant.get("id")),
        "quantity": item.get("quantity"),
        "current_quantity": item.get("currentQuantity"),
        "price": _money(item.get("originalUnitPriceSet")),
        "discount_allocations": _allocations(item.get("discountAllocations")),
        "tax_lines": _taxes(item.get("taxLines")),
        "properties": [
            {"name": a.get("key"), "value": a.get("value")}
            for a in as_list(item.get("customAttributes"))
        ],
    }


def _shipping(item):
    return {
        "id": tail(item.get("id")),
        "title": item.get("title"),
        "price": _money(item.get("originalPriceSet")),
        "discounted_price": _money(item.get("discountedPriceSet")),
        "discount_allocations": _allocations(item.get("discountAllocations")),
        "tax_lines": _taxes(item.get("taxLines")),
        "is_removed": item.get("isRemoved"),
    }


def _refund(refund):
    return {
        "id": tail(refund.get("id")),
        "created_at": refund.get("createdAt"),
        "note": refund.get("note"),
        "refund_line_items": [
            {
                "id": tail(as_dict(each.get("lineItem")).get("id")),
                "line_item_id": tail(as_dict(each.get("lineItem")).get("id")),
                "quantity": each.get("quantity"),
                "subtotal": _money(each.get("subtotalSet")),
                "total_tax": _money(each.get("totalTaxSet")),
                "line_item": {"sku": as_dict(each.get("lineItem")).get("sku"),
                              "name": as_dict(each.get("lineItem")).get("name")},
            }
            for each in nodes(refund.get("refundLineItems"))
        ],
        "transactions": [
            {"kind": str(t.get("kind", "")).lower(), "status": str(t.get("status", "")).lower(),
             "amount": _money(t.get("amountSet"))}
            for t in nodes(refund.get("transactions"))
        ],
        "order_adjustments": [],
    }  # fmt: skip


def from_graphql(order):
    """:return: the order as REST would write it"""
    customer = as_dict(order.get("customer"))
    return {
        "id": tail(order["id"]),
        "name": order.get("name"),
        "created_at": order.get("createdAt"),
        "processed_at": order.get("processedAt"),
        "updated_at": order.get("updatedAt"),
        "cancelled_at": order.get("cancelledAt"),
        "closed_at": order.get("closedAt"),
        "currency": order.get("currencyCode"),
        "presentment_currency": order.get("presentmentCurrencyCode"),
        "financial_status": str(order.get("displayFinancialStatus") or "").lower() or None,
        "fulfillment_status": str(order.get("displayFulfillmentStatus") or "").lower() or None,
        "taxes_included": order.get("taxesIncluded"),
        "total_price": _money(order.get("totalPriceSet")),
        "current_total_price": _money(order.get("currentTotalPriceSet")),
        "total_outstanding": _money(order.get("totalOutstandingSet")),
        "total_discounts": _money(order.get("totalDiscountsSet")),
        "total_tip_received": as_dict(order.get("totalTipReceived")).get("amount"),
        "original_total_duties_set": {"shop_money": {"amount": _money(order.get("originalTotalDutiesSet"))}},
        "payment_gateway_names": order.get("paymentGatewayNames"),
        "email": order.get("email"),
        "phone": order.get("phone"),
        "note": order.get("note"),
        "tags": order.get("tags"),
        "test": order.get("test"),
        "source_name": order.get("sourceName"),
        "customer_locale": order.get("customerLocale"),
        "customer": {
            "id": tail(customer.get("id")),
            "first_name": customer.get("firstName"),
            "last_name": customer.get("lastName"),
        },
        "billing_address": _address(order.get("billingAddress")),
        "shipping_address": _address(order.get("shippingAddress")),
        "tax_lines": _taxes(order.get("taxLines")),
        "line_items": [_line(item) for item in nodes(order.get("lineItems"))],
        "shipping_lines": [_shipping(item) for item in nodes(order.get("shippingLines"))],
        "refunds": [_refund(refund) for refund in as_list(order.get("refunds"))],
    }
