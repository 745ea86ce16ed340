import json

from odoo import models

from ...exceptions import EcomDataError
from ...models.ecom_connector import Hook, Page
from .. import base
from ..medusa.client import verify_base64

_ORDER = """
fragment F on Order {
  id code state active createdAt updatedAt orderPlacedAt currencyCode subTotal subTotalWithTax
  shipping shippingWithTax total totalWithTax couponCodes
  customer { id firstName lastName emailAddress phoneNumber }
  shippingAddress { fullName company streetLine1 streetLine2 city province postalCode countryCode phoneNumber }
  billingAddress { fullName company streetLine1 streetLine2 city province postalCode countryCode phoneNumber }
  lines { id quantity orderPlacedQuantity unitPrice unitPriceWithTax proratedLinePrice
    proratedLinePriceWithTax taxRate productVariant { id sku name } taxLines { description taxRate } }
  shippingLines { id shippingMethod { code name } price priceWithTax discountedPrice discountedPriceWithTax }
  surcharges { id description sku price priceWithTax taxRate }
  payments { id transactionId amount method state refunds { id state total reason transactionId createdAt } }
  fulfillments { id state method trackingCode lines { orderLineId quantity } }
}
"""
_ERROR = "__typename ... on ErrorResult { errorCode message }"


class EcomConnectorVendure(models.AbstractModel):
    """Vendure 3 over its Admin API (GraphQL)."""

    _name = "ecom.connector.vendure"
    _inherit = "ecom.connector"
    _description = "Connector: Vendure"

    _platform = "vendure"

    def _get_auth(self, channel, secrets, method, url, params):
        return {"vendure-api-key": secrets["token"]}, {}

    def _query(self, channel, query, /, **variables):
        return self._graphql(channel, "/admin-api", query, variables)

    def _mutate(self, channel, query, /, **variables):
        """:return: the result of the one mutation
        :raise EcomDataError: it answers with an error, which is 200 all the same"""
        (result,) = self._query(channel, query, **variables).values()
        for each in result if isinstance(result, list) else [result]:
            if isinstance(each, dict) and each.get("errorCode"):
                detail = each.get("transitionError") or each.get("message")
                raise EcomDataError(
                    self.env._("The shop refused: %(error)s", error=detail), json.dumps(each)
                )
        return result

    def _test_connection(self, channel):
        data = self._query(channel, "{ activeChannel { code } orders(options: {take: 1}) { totalItems } }")
        return f"Vendure ({data['activeChannel']['code']})"

    # === READING === #

    def _fetch_orders(self, channel, since, until=None, cursor=None):
        skip, take = int(cursor or 0), self._get_capabilities().page_size
        moment = {"after": f"{since.isoformat()}Z"}
        if until:
            moment = {"between": {"start": f"{since.isoformat()}Z", "end": f"{until.isoformat()}Z"}}
        options = {
            "take": take, "skip": skip, "sort": {"updatedAt": "ASC"},
            "filter": {"updatedAt": moment, "active": {"eq": False}},
        }  # fmt: skip
        data = self._query(
            channel,
            _ORDER + "query($o: OrderListOptions) { orders(options: $o) { totalItems items { ...F } } }",
            o=options,
        )["orders"]
        items = data["items"]
        more = skip + len(items) < data["totalItems"] and items
        return Page(
            items, skip + len(items) if more else None, items[-1]["updatedAt"] if items else None
        )

    def _fetch_order(self, channel, external_id):
        return self._query(channel, _ORDER + "query($id: ID!) { order(id: $id) { ...F } }", id=external_id)["order"]

    def _fetch_listings(self, channel, cursor=None):
        skip = int(cursor or 0)
        data = self._query(
            channel,
            "query($o: ProductVariantListOptions) { productVariants(options: $o) { totalItems items { "
            "id sku name stockLevels { stockLocationId stockOnHand stockAllocated } } } }",
            o={"take": 100, "skip": skip, "sort": {"id": "ASC"}},
        )["productVariants"]
        items = data["items"]
        more = skip + len(items) < data["totalItems"] and items
        return Page(
            [
                base.listing(
                    each["sku"] or each["id"], listing_id=each["id"], name=each["name"],
                    quantity=sum(s["stockOnHand"] - s["stockAllocated"] for s in each["stockLevels"]),
                )
                for each in items
            ],
            skip + len(items) if more else None,
        )  # fmt: skip

    # === TELLING === #

    def _get_order(self, channel, values):
        order = self._fetch_order(channel, values["order_id"])
        if order is None:
            raise EcomDataError(self.env._("The shop does not know this order."))
        return order

    def _push_shipment(self, channel, task, values):
        order = self._get_order(channel, values)
        code = values.get("tracking") or values["shipment"]
        same = [f for f in order["fulfillments"] or [] if f["trackingCode"] == code and f["state"] != "Cancelled"]
        if same:
            fulfillment = same[0]
        else:
            if order["state"] == "PaymentAuthorized":
                for payment in order["payments"]:
                    if payment["state"] == "Authorized":
                        self._mutate(channel, "mutation($i: ID!) { settlePayment(id: $i) { "
                                     "... on Payment { id state } %s } }" % _ERROR, i=payment["id"])  # fmt: skip
            fulfillment = self._mutate(
                channel,
                "mutation($i: FulfillOrderInput!) { addFulfillmentToOrder(input: $i) { "
                "... on Fulfillment { id state trackingCode } %s } }" % _ERROR,
                i={
                    "lines": [{"orderLineId": e["line_id"], "quantity": e["quantity"]} for e in values["lines"]],
                    "handler": {
                        "code": (channel.connector_options or {}).get("handler") or "manual-fulfillment",
                        "arguments": [
                            {"name": "method", "value": values.get("carrier") or "Parcel"},
                            {"name": "trackingCode", "value": code},
                        ],
                    },
                },
            )  # fmt: skip
        if fulfillment["state"] in ("Created", "Pending"):
            fulfillment = self._mutate(
                channel,
                "mutation($i: ID!, $s: String!) { transitionFulfillmentToState(id: $i, state: $s) { "
                "... on Fulfillment { id state } ... on FulfillmentStateTransitionError { transitionError } %s } }" % _ERROR,
                i=fulfillment["id"], s="Shipped",
            )  # fmt: skip
        return {"ref": fulfillment["id"], "answer": json.dumps(fulfillment)}

    def _push_cancel(self, channel, task, values):
        order = self._get_order(channel, values)
        if order["state"] == "Cancelled":
            return {"ref": order["id"], "answer": self.env._("It was cancelled there already.")}
        result = self._mutate(
            channel,
            "mutation($i: CancelOrderInput!) { cancelOrder(input: $i) { ... on Order { id state } %s } }" % _ERROR,
            i={"orderId": order["id"], "reason": values.get("reason") or "", "cancelShipping": True},
        )
        return {"ref": order["id"], "answer": json.dumps(result)}

    def _push_refund(self, channel, task, values):
        """A refund is pending there until it is settled: both are done, and looked for first."""
        order = self._get_order(channel, values)
        mark = f"[{values['key']}]"
        refund = payment = None
        for each in order["payments"] or []:
            if each["state"] == "Settled":
                payment = each
            for known in each["refunds"] or []:
                if mark in (known["reason"] or ""):
                    refund = known
        if refund is None:
            if payment is None:
                raise EcomDataError(self.env._("The shop took no payment that could be given back."))
            amount = int(base.dec(values["amount"]).scaleb(base.digits_of(values["currency"])))
            refund = self._mutate(
                channel,
                "mutation($i: RefundOrderInput!) { refundOrder(input: $i) { ... on Refund { id state total } %s } }" % _ERROR,
                i={
                    "lines": [], "shipping": 0, "adjustment": 0, "amount": amount,
                    "paymentId": payment["id"], "reason": f"{values.get('reason') or ''} {mark}".strip(),
                },
            )  # fmt: skip
        if refund["state"] == "Pending":
            refund = self._mutate(
                channel,
                "mutation($i: SettleRefundInput!) { settleRefund(input: $i) { ... on Refund { id state } %s } }" % _ERROR,
                i={"id": refund["id"], "transactionId": values["key"]},
            )
        return {"ref": refund["id"], "answer": json.dumps(refund)}

    def _push_stock(self, channel, items):
        """What Vendure has allocated to open orders counts as on hand there: it is put on top."""
        ids = [item["listing_id"] for item in items if item["listing_id"]]
        data = self._query(
            channel,
            "query($o: ProductVariantListOptions) { productVariants(options: $o) { items { "
            "id stockLevels { stockLocationId stockOnHand stockAllocated } } } }",
            o={"take": len(ids) or 1, "filter": {"id": {"in": ids}}},
        )["productVariants"]["items"]
        known, wanted = {each["id"]: each for each in data}, (channel.connector_options or {}).get("location_id")
        result, updates = {}, []
        for item in items:
            levels = (known.get(item["listing_id"]) or {}).get("stockLevels") or []
            level = next((each for each in levels if wanted in (None, each["stockLocationId"])), None)
            if level is None:
                result[item["key"]] = self.env._("The shop does not know it.")
                continue
            updates.append(
                {
                    "id": item["listing_id"],
                    "trackInventory": "TRUE",
                    "stockLevels": [
                        {
                            "stockLocationId": level["stockLocationId"],
                            "stockOnHand": item["quantity"] + level["stockAllocated"],
                        }
                    ],
                }
            )
            result[item["key"]] = None
        if updates:
            self._query(
                channel,
                "mutation($i: [UpdateProductVariantInput!]!) { updateProductVariants(input: $i) { id } }",
                i=updates,
            )
        return result

    # === WEBHOOKS === #

    def _verify_webhook(self, channel, headers, raw, secrets):
        return verify_base64(secrets.get("webhook"), raw, headers.get("x-vendure-signature"))

    def _read_webhook(self, channel, headers, raw):
        value = json.loads(raw)
        data, event = value.get("data") or {}, value.get("event") or ""
        order_id = data.get("orderId") or (data.get("id") if event.startswith("order") else None)
        # Carts change too; they are no orders yet.
        cart = data.get("to") in ("AddingItems", "ArrangingPayment", "Draft")
        ids = [str(order_id)] if order_id and not cart else []
        hook = Hook(f"{event}/{data.get('id')}/{data.get('to')}/{value.get('timestamp')}", event, ids)
        # Parcels, payments and refunds do not say the order's id.
        hook.poll = not ids and not event.startswith("order")
        return hook
