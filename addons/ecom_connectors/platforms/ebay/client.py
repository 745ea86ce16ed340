import base64
import re
from datetime import datetime, timezone

from odoo import models

from ...exceptions import EcomAuthError, EcomDataError
from ...models.ecom_connector import Page

_SCOPES = ("https://api.ebay.com/oauth/api_scope/sell.fulfillment https://api.ebay.com/oauth/api_scope/sell.inventory")


class EcomConnectorEbay(models.AbstractModel):
    """eBay: Fulfillment API for orders, Inventory API for stock."""

    _name = "ecom.connector.ebay"
    _inherit = "ecom.connector"
    _description = "Connector: eBay"

    _platform = "ebay"

    def _get_auth(self, channel, secrets, method, url, params):
        language = (channel.connector_options or {}).get("content_language") or "en-US"
        return {"Authorization": f"Bearer {self._get_token(channel, secrets)}", "Content-Language": language}, {}

    def _request_token(self, channel, secrets):
        pair = base64.b64encode(f"{secrets['key']}:{secrets['secret']}".encode()).decode()
        answer = self._send_api_request(
            "POST", self._get_url(channel, "/identity/v1/oauth2/token"),
            data={"grant_type": "refresh_token", "refresh_token": secrets["token"], "scope": _SCOPES},
            headers={"Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded"},
            internal=channel.sudo().connector_internal, secrets=list(secrets.values()),
        )  # fmt: skip
        if answer.status in (400, 401, 403):
            raise EcomAuthError(self.env._("eBay does not accept the sign-in any more."), answer.text[:300])
        self._check_status(channel, answer, list(secrets.values()), signed=False)
        value = answer.json()
        return value["access_token"], float(value.get("expires_in") or 7200)

    def _test_connection(self, channel):
        value = self._call_json(channel, "GET", "/sell/fulfillment/v1/order", params={"limit": 1}) or {}
        return self.env._("eBay (%(count)s orders)", count=value.get("total") or 0)

    # === READING === #

    def _fetch_orders(self, channel, since, until=None, cursor=None):
        """eBay sorts by no change: how far was read is known with the last page only."""
        cursor = cursor or {"offset": 0, "newest": None}
        end = until or datetime.now(timezone.utc).replace(tzinfo=None, microsecond=0)
        size = self._get_capabilities().page_size
        value = self._call_json(
            channel, "GET", "/sell/fulfillment/v1/order",
            params={
                "filter": f"lastmodifieddate:[{since.isoformat()}.000Z..{end.isoformat()}.000Z]",
                "limit": size, "offset": cursor["offset"],
            },
        ) or {}  # fmt: skip
        orders = value.get("orders") or []
        newest = max([cursor["newest"] or "", *(order.get("lastModifiedDate") or "" for order in orders)]) or None
        if value.get("next") and orders:
            return Page(orders, {"offset": cursor["offset"] + size, "newest": newest}, None)
        return Page(orders, None, newest)

    def _fetch_order(self, channel, external_id):
        return self._call_json(channel, "GET", f"/sell/fulfillment/v1/order/{external_id}", accept=(404,))

    # === TELLING === #

    def _push_shipment(self, channel, task, values):
        """Known again by its number, or (without one) by the moment that it left at."""
        path = f"/sell/fulfillment/v1/order/{values['order_id']}/shipping_fulfillment"
        tracking = re.sub(r"[^A-Za-z0-9]", "", values.get("tracking") or "")
        moment = values["shipped_at"].replace("Z", ".000Z")
        known = self._call_json(channel, "GET", path, accept=(404,)) or {}
        for each in known.get("fulfillments") or []:
            if tracking and each.get("shipmentTrackingNumber") == tracking or each.get("shippedDate") == moment:
                return {"ref": each.get("fulfillmentId"), "answer": self.env._("The shop knew of it already.")}
        body = {
            "lineItems": [{"lineItemId": line["line_id"], "quantity": int(line["quantity"])} for line in values["lines"]],
            "shippedDate": moment,
        }
        if tracking:
            carriers = (channel.connector_options or {}).get("carriers") or {}
            body |= {"trackingNumber": tracking, "shippingCarrierCode": carriers.get(values.get("carrier") or "") or values.get("carrier") or "Other"}
        answer = self._call(channel, "POST", path, json=body)
        return {"ref": (answer.headers.get("Location") or "").rsplit("/", 1)[-1] or None, "answer": str(answer.status)}

    def _push_stock(self, channel, items):
        body = {"requests": [{"sku": item["key"], "shipToLocationAvailability": {"quantity": item["quantity"]}} for item in items]}
        value = self._call_json(channel, "POST", "/sell/inventory/v1/bulk_update_price_quantity", json=body) or {}
        answers = {each.get("sku"): each for each in value.get("responses") or []}
        result = {}
        for item in items:
            answer = answers.get(item["key"])
            if answer is None:
                raise EcomDataError(self.env._("The shop's answer leaves out %(sku)s.", sku=item["key"]))
            said = "; ".join(error.get("message") or "" for error in answer.get("errors") or [])
            result[item["key"]] = None if int(answer.get("statusCode") or 0) < 300 else said or str(answer)[:200]
        return result
