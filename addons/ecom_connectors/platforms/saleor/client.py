import hashlib
import hmac
import json

from odoo import models

from ...exceptions import EcomAuthError, EcomDataError, EcomRetryableError
from ...models.ecom_connector import Hook, Page
from .. import base

_MONEY = "{ net { amount } gross { amount currency } }"
_ADDRESS = ("{ firstName lastName companyName streetAddress1 streetAddress2 city cityArea postalCode countryArea "
            "country { code } phone }")  # fmt: skip
_ORDER = (
    "fragment F on Order { id number status created updatedAt userEmail languageCodeEnum customerNote "
    "shippingMethodName shippingTaxRate paymentStatus chargeStatus channel { slug } "
    "user { id firstName lastName email } "
    f"billingAddress {_ADDRESS} shippingAddress {_ADDRESS} total {_MONEY} shippingPrice {_MONEY} "
    "totalCharged { amount } totalAuthorized { amount } totalRefunded { amount } "
    "lines { id productName variantName productSku quantity quantityFulfilled isGift taxRate "
    f"variant {{ id sku }} unitPrice {_MONEY} totalPrice {_MONEY} undiscountedTotalPrice {_MONEY} }} "
    "fulfillments { id status trackingNumber lines { quantity orderLine { id } } } "
    "transactions { id actions events { id type createdAt message amount { amount currency } } } "
    "payments { id isActive gateway transactions { id kind isSuccess created amount { amount currency } } } }"
)
_EVENTS = ("ORDER_CREATED", "ORDER_UPDATED", "ORDER_CONFIRMED", "ORDER_FULLY_PAID", "ORDER_CANCELLED",
           "ORDER_FULFILLED", "ORDER_REFUNDED")  # fmt: skip


_AUTH_ERRORS = {"ExpiredSignatureError", "InvalidTokenError", "InvalidSignatureError", "DecodeError",
                "JSONWebTokenError"}  # fmt: skip


class EcomConnectorSaleor(models.AbstractModel):
    """Saleor over GraphQL."""

    _name = "ecom.connector.saleor"
    _inherit = "ecom.connector"
    _description = "Connector: Saleor"

    _platform = "saleor"

    def _get_auth(self, channel, secrets, method, url, params):
        return {"Authorization": f"Bearer {secrets['token']}"}, {}

    def _query(self, channel, query, /, **variables):
        url = (channel.connector_url or "").strip()
        path = url.rstrip("/") + "/" if "/graphql" in url else "/graphql/"
        return self._graphql(channel, path, query, variables)

    def _mutate(self, channel, query, /, **variables):
        """:return: the result of the one mutation
        :raise EcomDataError: it lists errors, which is 200 all the same"""
        (result,) = self._query(channel, query, **variables).values()
        errors = (result or {}).get("errors")
        if errors:
            said = "; ".join(f"{e.get('field') or ''} {e.get('message') or e.get('code')}".strip() for e in errors)
            raise EcomDataError(self.env._("The shop refused: %(error)s", error=said), json.dumps(errors))
        return result

    def _explain_graphql_errors(self, channel, errors, value):
        """Saleor puts the class of what went wrong into its errors. A token that was taken back
        is told by the same words as one that may not do this."""
        known = [e for e in errors or () if isinstance(e, dict)] if isinstance(errors, list) else []
        kinds = {((e.get("extensions") or {}).get("exception") or {}).get("code") for e in known}
        said = "; ".join(str(e.get("message")) for e in known)
        if kinds & _AUTH_ERRORS or ("PermissionDenied" in kinds and not self._is_signed_in(channel)):
            return EcomAuthError(self.env._("The shop refuses our credentials."), said)
        if any(e.get("message") == "Internal Server Error" for e in known):
            return EcomRetryableError(self.env._("The shop has a fault of its own."), said, unsure=True)
        return super()._explain_graphql_errors(channel, errors, value)

    def _is_signed_in(self, channel):
        """Whether the token is of an app that the shop still has."""
        if self.env.context.get("saleor_asked"):
            return False
        try:
            asked = self.with_context(saleor_asked=True)
            return bool(asked._query(channel, "{ app { id } }")["app"])
        except (EcomAuthError, EcomDataError):
            return False

    def _test_connection(self, channel):
        data = self._query(channel, "{ shop { name version } }")
        return f"{data['shop']['name']} (Saleor {data['shop'].get('version') or '?'})"

    # === READING === #

    def _fetch_orders(self, channel, since, until=None, cursor=None):
        moment = {"gte": f"{since.isoformat()}Z"}
        if until:
            moment["lte"] = f"{until.isoformat()}Z"
        only = (channel.connector_options or {}).get("channels")
        data = self._query(
            channel,
            _ORDER + " query($n: Int!, $after: String, $filter: OrderFilterInput) { orders(first: $n, after: $after, "
            "filter: $filter, sortBy: {field: LAST_MODIFIED_AT, direction: ASC}) "
            "{ pageInfo { hasNextPage endCursor } edges { node { ...F } } } }",
            n=self._get_capabilities().page_size, after=cursor, filter={"updatedAt": moment, **({"channels": only} if only else {})},
        )["orders"]  # fmt: skip
        orders = [edge["node"] for edge in data["edges"]]
        info = data["pageInfo"]
        return Page(
            orders, info["endCursor"] if info["hasNextPage"] else None, orders[-1]["updatedAt"] if orders else None
        )

    def _fetch_order(self, channel, external_id):
        return self._query(channel, _ORDER + " query($id: ID!) { order(id: $id) { ...F } }", id=external_id)["order"]

    def _fetch_listings(self, channel, cursor=None):
        data = self._query(
            channel,
            "query($after: String) { productVariants(first: 100, after: $after) { pageInfo { hasNextPage endCursor } "
            "edges { node { id sku name product { name } stocks { quantity quantityAllocated warehouse { id } } } } } }",
            after=cursor,
        )["productVariants"]
        info = data["pageInfo"]
        return Page(
            [
                base.listing(
                    node["sku"] or node["id"], listing_id=node["id"],
                    name=", ".join(filter(None, (node["product"]["name"], node["name"]))),
                    quantity=sum(s["quantity"] - s["quantityAllocated"] for s in node["stocks"] or []),
                )
                for node in (edge["node"] for edge in data["edges"])
            ],
            info["endCursor"] if info["hasNextPage"] else None,
        )  # fmt: skip

    # === TELLING === #

    def _get_order(self, channel, values):
        order = self._fetch_order(channel, values["order_id"])
        if order is None:
            raise EcomDataError(self.env._("The shop does not know this order."))
        return order

    def _get_warehouse(self, channel):
        known = (channel.connector_options or {}).get("warehouse_id")
        if known:
            return known
        edges = self._query(channel, "{ warehouses(first: 2) { edges { node { id } } } }")["warehouses"]["edges"]
        if len(edges) != 1:
            raise EcomDataError(
                self.env._("The shop has several warehouses. Set warehouse_id in the connector's settings.")
            )
        return edges[0]["node"]["id"]

    def _push_shipment(self, channel, task, values):
        order = self._get_order(channel, values)
        code = values.get("tracking") or values["shipment"]
        for fulfillment in order["fulfillments"]:
            if fulfillment["trackingNumber"] == code and fulfillment["status"] != "CANCELED":
                if fulfillment["status"] == "WAITING_FOR_APPROVAL":
                    self._approve(channel, fulfillment)
                return {"ref": fulfillment["id"], "answer": self.env._("The shop knew of it already.")}
        warehouse = self._get_warehouse(channel)
        result = self._mutate(
            channel,
            "mutation($order: ID!, $input: OrderFulfillInput!) { orderFulfill(order: $order, input: $input) { "
            "fulfillments { id trackingNumber status } errors { field message code } } }",
            order=order["id"],
            input={
                "notifyCustomer": True, "allowStockToBeExceeded": True, "trackingNumber": code,
                "lines": [
                    {"orderLineId": each["line_id"], "stocks": [{"quantity": int(each["quantity"]), "warehouse": warehouse}]}
                    for each in values["lines"]
                ],
            },
        )  # fmt: skip
        made = (result.get("fulfillments") or [{}])[-1]
        if made.get("status") == "WAITING_FOR_APPROVAL":
            self._approve(channel, made)
        return {"ref": made.get("id"), "answer": json.dumps(result)[:2000]}

    def _approve(self, channel, fulfillment):
        """A shop may be set up so that somebody approves each parcel: it has left, so that we do."""
        self._mutate(
            channel,
            "mutation($id: ID!) { orderFulfillmentApprove(id: $id, notifyCustomer: true, allowStockToBeExceeded: true) { "
            "errors { field message code } } }",
            id=fulfillment["id"],
        )  # fmt: skip

    def _push_cancel(self, channel, task, values):
        order = self._get_order(channel, values)
        if order["status"] == "CANCELED":
            return {"ref": order["id"], "answer": self.env._("It was cancelled there already.")}
        self._mutate(channel, "mutation($id: ID!) { orderCancel(id: $id) { errors { field message code } } }", id=order["id"])
        return {"ref": order["id"], "answer": "CANCELED"}

    def _push_refund(self, channel, task, values):
        """By the transaction that was charged, or by the payment of an older order. The key stands
        in the reason; where a shop keeps none, what was refunded since the first try tells."""
        order = self._get_order(channel, values)
        asked = _asked_refunds(order)
        refunded = base.dec((order.get("totalRefunded") or {}).get("amount"))
        before = (task.payload or {}).get("refunded_before")
        if task.attempts > 1 and before is not None:
            known = set((task.payload or {}).get("asked_before") or ())
            again = any(amount == base.dec(values["amount"]) for key, amount in asked.items() if key not in known)
            # A payment provider may take days: what was asked for counts, not only what is done.
            if again or refunded - base.dec(before) >= base.dec(values["amount"]):
                return {"ref": order["id"], "answer": self.env._("It was refunded already.")}
        else:
            task.payload = {**(task.payload or {}), "refunded_before": str(refunded), "asked_before": sorted(asked)}
            task._commit()
        transactions = order["transactions"] or []
        for transaction in transactions:
            if "REFUND" in (transaction["actions"] or []):
                self._mutate(
                    channel,
                    "mutation($id: ID!, $amount: PositiveDecimal) { transactionRequestAction(id: $id, actionType: REFUND, "
                    "amount: $amount) { errors { field message code } } }",
                    id=transaction["id"], amount=values["amount"],
                )  # fmt: skip
                return {"ref": transaction["id"], "answer": self.env._("Asked for at the payment provider.")}
        if transactions:
            return self._grant_refund(channel, order, transactions[0], values)
        self._mutate(
            channel,
            "mutation($id: ID!, $amount: PositiveDecimal!) { orderRefund(id: $id, amount: $amount) { "
            "errors { field message code } } }",
            id=order["id"], amount=values["amount"],
        )  # fmt: skip
        return {"ref": order["id"], "answer": "orderRefund"}

    def _grant_refund(self, channel, order, transaction, values):
        """No app takes refunds of this payment: the refund is granted there, and a person sends it."""
        mark = f"[{values['key']}]"
        granted = self._query(
            channel, "query($id: ID!) { order(id: $id) { grantedRefunds { id reason } } }", id=order["id"]
        )["order"]["grantedRefunds"]  # fmt: skip
        for known in granted:
            if mark in (known["reason"] or ""):
                return {"ref": known["id"], "answer": self.env._("It was refunded already.")}
        result = self._mutate(
            channel,
            "mutation($id: ID!, $input: OrderGrantRefundCreateInput!) { orderGrantRefundCreate(id: $id, input: $input) { "
            "grantedRefund { id } errors { field message code } } }",
            id=order["id"],
            input={"amount": values["amount"], "reason": f"{values.get('reason') or ''} {mark}".strip(),
                   "transactionId": transaction["id"]},
        )  # fmt: skip
        return {
            "ref": (result.get("grantedRefund") or {}).get("id"),
            "answer": self.env._("Granted in the shop. Its payment cannot be sent back from here: send the money by hand."),
        }

    def _push_stock(self, channel, items):
        """What Saleor has allocated to open orders is part of its quantity: it is put on top."""
        warehouse = self._get_warehouse(channel)
        ids = [item["listing_id"] for item in items if item["listing_id"]]
        data = self._query(
            channel,
            "query($ids: [ID!]) { productVariants(ids: $ids, first: 100) { edges { node { id stocks { "
            "quantityAllocated warehouse { id } } } } } }",
            ids=ids,
        )["productVariants"]["edges"]
        allocated = {
            edge["node"]["id"]: sum(s["quantityAllocated"] for s in edge["node"]["stocks"] or [] if s["warehouse"]["id"] == warehouse)
            for edge in data
        }

        def tell(item):
            if item["listing_id"] not in allocated:
                return self.env._("The shop does not know it.")
            self._mutate(
                channel,
                "mutation($id: ID!, $stocks: [StockInput!]!) { productVariantStocksUpdate(variantId: $id, stocks: $stocks) { "
                "errors { field message code } } }",
                id=item["listing_id"],
                stocks=[{"warehouse": warehouse, "quantity": item["quantity"] + allocated[item["listing_id"]]}],
            )
            return None

        return self._push_each(items, tell)

    # === WEBHOOKS === #

    def _verify_webhook(self, channel, headers, raw, secrets):
        secret, signature = secrets.get("webhook"), headers.get("saleor-signature", "")
        if not secret or not signature:
            return False
        wanted = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        return hmac.compare_digest(wanted, signature.strip())

    def _read_webhook(self, channel, headers, raw):
        value = json.loads(raw)
        event = headers.get("saleor-event") or ""
        first = value[0] if isinstance(value, list) and value else value
        first = first.get("order") or (first.get("event") or {}).get("order") or first
        number = first.get("id")
        stamp = first.get("updatedAt") or first.get("updated_at") or ""
        key = f"{event}/{number}/{stamp}/{hashlib.sha256(raw).hexdigest()[:16]}"
        return Hook(key, event, [str(number)] if number and event.startswith("order") else [])

    def _register_webhooks(self, channel, url, secret):
        # The secret of one webhook; a subscription of ids is enough: the order is read anew.
        query = ("subscription { event { ... on OrderCreated { order { id updatedAt } } "
                 "... on OrderUpdated { order { id updatedAt } } ... on OrderConfirmed { order { id updatedAt } } "
                 "... on OrderFullyPaid { order { id updatedAt } } ... on OrderCancelled { order { id updatedAt } } "
                 "... on OrderFulfilled { order { id updatedAt } } ... on OrderRefunded { order { id updatedAt } } } }")  # fmt: skip
        self._unregister_webhooks(channel, url)
        self._mutate(
            channel,
            "mutation($input: WebhookCreateInput!) { webhookCreate(input: $input) { webhook { id } errors { field message code } } }",
            input={"name": "Odoo", "targetUrl": url, "asyncEvents": list(_EVENTS), "isActive": True,
                   "secretKey": secret, "query": query},
        )  # fmt: skip
        return self.env._("The shop calls %(url)s when an order changes.", url=url)

    def _unregister_webhooks(self, channel, url):
        app = self._query(channel, "{ app { webhooks { id targetUrl } } }")["app"] or {}
        ours = [hook["id"] for hook in app.get("webhooks") or [] if hook["targetUrl"] == url]
        for number in ours:
            self._mutate(channel, "mutation($id: ID!) { webhookDelete(id: $id) { errors { field message code } } }", id=number)
        return self.env._("%(count)s webhooks were removed.", count=len(ours))


def _asked_refunds(order):
    """:return: {id of the event: amount} of all refunds that the payment provider was asked for"""
    return {
        event["id"]: base.dec((event.get("amount") or {}).get("amount"))
        for transaction in order.get("transactions") or []
        for event in transaction.get("events") or []
        if event.get("type") == "REFUND_REQUEST"
    }
