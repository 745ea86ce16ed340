import base64
import uuid
from datetime import datetime, timezone
from urllib.parse import quote

from odoo import models

from ...exceptions import EcomAuthError, EcomDataError
from ...models.ecom_connector import Page
from ..base import as_dict, when
from . import mapping


class EcomConnectorWalmart(models.AbstractModel):
    """Walmart Marketplace (US)."""

    _name = "ecom.connector.walmart"
    _inherit = "ecom.connector"
    _description = "Connector: Walmart"

    _platform = "walmart"

    def _headers(self):
        return {"WM_QOS.CORRELATION_ID": str(uuid.uuid4()), "WM_SVC.NAME": "Walmart Marketplace", "Accept": "application/json"}

    def _get_auth(self, channel, secrets, method, url, params):
        return {"WM_SEC.ACCESS_TOKEN": self._get_token(channel, secrets), **self._headers()}, {}

    def _request_token(self, channel, secrets):
        pair = base64.b64encode(f"{secrets['key']}:{secrets['secret']}".encode()).decode()
        answer = self._send_api_request(
            "POST", self._get_url(channel, "/v3/token"), data={"grant_type": "client_credentials"},
            headers={"Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded", **self._headers()},
            internal=channel.sudo().connector_internal, secrets=list(secrets.values()),
        )  # fmt: skip
        if answer.status in (400, 401, 403):
            raise EcomAuthError(self.env._("Walmart does not accept the sign-in any more."), answer.text[:300])
        self._check_status(channel, answer, list(secrets.values()), signed=False)
        value = answer.json()
        return value["access_token"], float(value.get("expires_in") or 900)

    def _test_connection(self, channel):
        value = self._call_json(channel, "GET", "/v3/orders", operation="orders", params={"limit": 1, "createdStartDate": "2020-01-01"}, accept=(404,))
        count = as_dict(as_dict(as_dict(value).get("list")).get("meta")).get("totalCount") or 0
        return self.env._("Walmart (%(count)s orders)", count=count)

    # === READING === #

    def _fetch_orders(self, channel, since, until=None, cursor=None):
        """The cursor is a query that Walmart wrote. It sorts by no change: how far was read is known
        with the last page only."""
        cursor = cursor or {}
        if cursor.get("query"):
            value = self._call_json(channel, "GET", f"/v3/orders{cursor['query']}", operation="orders", accept=(404,))
        else:
            params = {"lastModifiedStartDate": f"{since.isoformat()}Z", "limit": self._get_capabilities().page_size}
            if until:
                params["lastModifiedEndDate"] = f"{until.isoformat()}Z"
            value = self._call_json(channel, "GET", "/v3/orders", operation="orders", params=params, accept=(404,))
        found = as_dict(as_dict(value).get("list"))
        orders = mapping._many(found.get("elements"), "order")
        for order in orders:
            self._acknowledge(channel, order)
        newest = max([cursor.get("newest") or "", *filter(None, map(_changed, orders))]) or None
        following = as_dict(found.get("meta")).get("nextCursor")
        if following and orders:
            return Page(orders, {"query": following, "newest": newest}, None)
        return Page(orders, None, newest)

    def _acknowledge(self, channel, order):
        """Walmart cancels what is not acknowledged within hours. In shadow mode nothing is told."""
        states = {status.get("status") for line in mapping._lines(order) for status in _statuses(line)}
        if "Created" in states and not channel.connector_shadow:
            self._call_json(channel, "POST", f"/v3/orders/{order['purchaseOrderId']}/acknowledge", operation="orders")

    def _fetch_order(self, channel, external_id):
        value = self._call_json(channel, "GET", f"/v3/orders/{external_id}", operation="orders", accept=(404,))
        return as_dict(value).get("order")

    # === TELLING === #

    def _push_shipment(self, channel, task, values):
        if not values.get("tracking"):
            raise EcomDataError(self.env._("Walmart takes no shipment without a tracking number."))
        order = self._fetch_order(channel, values["order_id"])
        if order is None:
            raise EcomDataError(self.env._("The shop does not know this order."))
        for line in mapping._lines(order):
            for status in _statuses(line):
                if as_dict(status.get("trackingInfo")).get("trackingNumber") == values["tracking"]:
                    return {"ref": values["tracking"], "answer": self.env._("The shop knew of it already.")}
        self._acknowledge(channel, order)
        carriers = (channel.connector_options or {}).get("carriers") or {}
        known = carriers.get(values.get("carrier") or "")
        moment = datetime.fromisoformat(values["shipped_at"].replace("Z", "+00:00")).astimezone(timezone.utc)
        info = {
            "shipDateTime": int(moment.timestamp() * 1000), "methodCode": "Standard", "trackingNumber": values["tracking"],
            "carrierName": {"carrier": known} if known else {"otherCarrier": values.get("carrier") or "Other"},
            **({"trackingURL": values["tracking_url"]} if values.get("tracking_url") else {}),
        }  # fmt: skip
        lines = [
            {"lineNumber": line["line_id"], "orderLineStatuses": {"orderLineStatus": [
                {"status": "Shipped", "trackingInfo": info,
                 "statusQuantity": {"unitOfMeasurement": "EACH", "amount": str(int(line["quantity"]))}}]}}
            for line in values["lines"]
        ]  # fmt: skip
        self._call_json(channel, "POST", f"/v3/orders/{values['order_id']}/shipping", operation="orders",
                        json={"orderShipment": {"orderLines": {"orderLine": lines}}})  # fmt: skip
        return {"ref": values["tracking"], "answer": "Shipped"}

    def _push_stock(self, channel, items):
        def tell(item):
            self._call_json(
                channel, "PUT", f"/v3/inventory?sku={quote(item['key'], safe='')}", operation="inventory",
                json={"sku": item["key"], "quantity": {"unit": "EACH", "amount": item["quantity"]}},
            )  # fmt: skip

        return self._push_each(items, tell)


def _statuses(line):
    return mapping._many(line.get("orderLineStatuses"), "orderLineStatus")


def _changed(order):
    """:return: ISO time of the latest change of a line, or of the order"""
    moments = [when(line.get("statusDate")) for line in mapping._lines(order)]
    return max([each for each in moments if each], default=when(order.get("orderDate")))
