import hashlib
import hmac
import json
import time
from urllib.parse import quote

from odoo import models

from ...exceptions import EcomDataError
from ...models.ecom_connector import Hook, Page
from .. import base

MAX_AGE = 300


class EcomConnectorSim(models.AbstractModel):
    """The simulated shop, and any shop of one's own that speaks its protocol."""

    _name = "ecom.connector.sim"
    _inherit = "ecom.connector"
    _description = "Connector: Simulated Shop"

    _platform = "sim"

    def _get_auth(self, channel, secrets, method, url, params):
        return {"Authorization": f"Bearer {secrets['token']}"}, {}

    def _read(self, channel, method, path, **options):
        """:return: the answer's object; an error inside of a 200 is an error all the same"""
        value = self._call_json(channel, method, path, **options)
        if isinstance(value, dict) and value.get("error"):
            raise EcomDataError(
                self.env._("The shop refused: %(error)s", error=value["error"]), json.dumps(value)
            )
        return value

    def _test_connection(self, channel):
        return (self._read(channel, "GET", "/api/ping") or {}).get("shop") or "?"

    # === READING === #

    def _fetch_orders(self, channel, since, until=None, cursor=None):
        params = {"limit": self._get_capabilities().page_size}
        if cursor:
            params["cursor"] = cursor
        else:
            params["changed_since"] = f"{since.isoformat()}Z"
            if until:
                params["changed_until"] = f"{until.isoformat()}Z"
        value = self._read(channel, "GET", "/api/orders", params=params) or {}
        orders = value.get("orders") or []
        return Page(orders, value.get("next"), value.get("newest"))

    def _fetch_order(self, channel, external_id):
        return self._read(
            channel, "GET", f"/api/orders/{quote(external_id, safe='')}", accept=(404,)
        )

    def _fetch_listings(self, channel, cursor=None):
        value = self._read(channel, "GET", "/api/products", params={"cursor": cursor or ""}) or {}
        return Page(
            [
                base.listing(
                    product["sku"],
                    listing_id=product.get("id"),
                    name=product.get("name"),
                    barcode=product.get("barcode"),
                    quantity=product.get("stock"),
                )
                for product in value.get("products") or []
            ],
            value.get("next"),
        )

    # === TELLING === #

    def _order_path(self, values, part):
        return f"/api/orders/{quote(values['order_id'], safe='')}/{part}"

    def _tell(self, channel, values, part, body):
        """The shop keeps the key and carries nothing out twice."""
        value = self._read(
            channel, "POST", self._order_path(values, part),
            json=body, headers={"Idempotency-Key": values["key"]},
        )  # fmt: skip
        return {"ref": (value or {}).get("id"), "answer": json.dumps(value)[:2000]}

    def _push_shipment(self, channel, task, values):
        keys = ("tracking", "tracking_url", "carrier", "shipped_at", "lines")
        return self._tell(channel, values, "shipments", {key: values.get(key) for key in keys})

    def _push_cancel(self, channel, task, values):
        return self._tell(channel, values, "cancel", {"reason": values.get("reason")})

    def _push_refund(self, channel, task, values):
        keys = ("amount", "currency", "reason", "restock", "lines")
        return self._tell(channel, values, "refunds", {key: values.get(key) for key in keys})

    def _push_return(self, channel, task, values):
        part = f"returns/{quote(values['case_id'], safe='')}"
        return self._tell(
            channel, values, part, {"answer": values["answer"], "reason": values.get("reason")}
        )

    def _push_stock(self, channel, items):
        value = self._read(
            channel, "PUT", "/api/stock",
            json={"items": [{"sku": i["key"], "quantity": i["quantity"]} for i in items]},
        ) or {}  # fmt: skip
        unknown = set(value.get("unknown") or ())
        return {
            item["key"]: self.env._("The shop does not know it.") if item["key"] in unknown else None
            for item in items
        }

    # === WEBHOOKS === #

    def _verify_webhook(self, channel, headers, raw, secrets):
        secret, stamp = secrets.get("webhook"), headers.get("x-sim-time", "")
        if not secret or not stamp.isdigit() or abs(time.time() - int(stamp)) > MAX_AGE:
            return False
        wanted = hmac.new(secret.encode(), f"{stamp}.".encode() + raw, hashlib.sha256).hexdigest()
        return hmac.compare_digest(wanted, headers.get("x-sim-signature", ""))

    def _read_webhook(self, channel, headers, raw):
        value = json.loads(raw)
        return Hook(
            headers.get("x-sim-delivery"), value.get("topic") or "", [str(value["order_id"])]
        )

    def _register_webhooks(self, channel, url, secret):
        self._read(channel, "POST", "/api/webhooks", json={"url": url, "secret": secret})
        return self.env._("The shop calls %(url)s from now on.", url=url)

    def _unregister_webhooks(self, channel, url):
        self._read(channel, "DELETE", "/api/webhooks", json={"url": url})
        return self.env._("The shop does not call any more.")
