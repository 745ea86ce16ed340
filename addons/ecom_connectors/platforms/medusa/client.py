import base64
import hashlib
import hmac
import json

from odoo import models

from ...exceptions import EcomDataError
from ...models.ecom_connector import Hook, Page
from .. import base

_FIELDS = ",".join(
    ["+currency_code", "+email", "+created_at", "+updated_at", "+canceled_at", "+status", "+display_id", "+custom_display_id", "+customer_id", "+locale", "+metadata", "+payment_status", "+fulfillment_status", "+total", "+summary", "*items", "*items.variant", "*items.detail", "*items.tax_lines", "*items.adjustments", "*credit_lines", "*shipping_address", "*billing_address", "*shipping_methods", "*shipping_methods.tax_lines", "*shipping_methods.adjustments", "*payment_collections", "*payment_collections.payments", "*payment_collections.payments.captures", "*payment_collections.payments.refunds", "*fulfillments", "*fulfillments.items", "*fulfillments.labels", "*customer"]
)
_RETURN_FIELDS = "id,order_id,exchange_id,claim_id,display_id,status,created_at,updated_at,*items,*items.reason"


class EcomConnectorMedusa(models.AbstractModel):
    """Medusa v2 over its Admin API."""

    _name = "ecom.connector.medusa"
    _inherit = "ecom.connector"
    _description = "Connector: Medusa"

    _platform = "medusa"

    def _get_auth(self, channel, secrets, method, url, params):
        token = base64.b64encode(f"{secrets['token']}:".encode()).decode()
        return {"Authorization": f"Basic {token}"}, {}

    def _api(self, channel, method, path, **options):
        return self._call_json(channel, method, f"/admin{path}", **options)

    def _test_connection(self, channel):
        stores = (self._api(channel, "GET", "/stores") or {}).get("stores") or [{}]
        return stores[0].get("name") or "Medusa"

    # === READING === #

    def _fetch_orders(self, channel, since, until=None, cursor=None):
        offset, limit = int(cursor or 0), self._get_capabilities().page_size
        params = {
            "order": "updated_at",
            "updated_at[$gte]": f"{since.isoformat()}Z",
            "limit": limit,
            "offset": offset,
            "fields": _FIELDS,
        }
        if until:
            params["updated_at[$lte]"] = f"{until.isoformat()}Z"
        value = self._api(channel, "GET", "/orders", params=params) or {}
        orders = value.get("orders") or []
        more = offset + len(orders) < (value.get("count") or 0) and orders
        return Page(
            orders,
            offset + len(orders) if more else None,
            orders[-1].get("updated_at") if orders else None,
        )

    def _fetch_order(self, channel, external_id):
        value = self._api(
            channel, "GET", f"/orders/{external_id}", params={"fields": _FIELDS}, accept=(404,)
        )
        return (value or {}).get("order")

    def _fetch_returns(self, channel, since, cursor=None):
        offset, limit = int(cursor or 0), 50
        value = self._api(
            channel, "GET", "/returns",
            params={
                "order": "updated_at", "updated_at[$gte]": f"{since.isoformat()}Z", "limit": limit,
                "offset": offset, "fields": _RETURN_FIELDS,
            },
        ) or {}  # fmt: skip
        found = value.get("returns") or []
        more = offset + len(found) < (value.get("count") or 0) and found
        newest = found[-1].get("updated_at") if found else None
        # An exchange and a claim are begun by the shop's own staff, and seen to there.
        wanted = [each for each in found if not (each.get("exchange_id") or each.get("claim_id"))]
        return Page(wanted, offset + len(found) if more else None, newest)

    def _fetch_listings(self, channel, cursor=None):
        offset, limit = int(cursor or 0), 100
        value = self._api(
            channel, "GET", "/inventory-items",
            params={"limit": limit, "offset": offset, "fields": "id,sku,title,*location_levels"},
        ) or {}  # fmt: skip
        items = value.get("inventory_items") or []
        location = self._get_location(channel)
        more = offset + len(items) < (value.get("count") or 0) and items
        return Page(
            [
                base.listing(
                    item.get("sku") or item["id"],
                    listing_id=item["id"],
                    name=item.get("title"),
                    quantity=self._get_level(item, location, "available_quantity"),
                )
                for item in items
            ],
            offset + len(items) if more else None,
        )

    def _get_level(self, item, location, field):
        for level in item.get("location_levels") or []:
            if level.get("location_id") == location:
                if field == "available_quantity" and level.get(field) is None:
                    return (level.get("stocked_quantity") or 0) - (level.get("reserved_quantity") or 0)
                return level.get(field) or 0
        return None

    def _get_location(self, channel):
        """:return: the stock location that this channel ships from: a setting, else the only one"""
        known = (channel.connector_options or {}).get("location_id")
        if known:
            return known
        value = self._api(channel, "GET", "/stock-locations", params={"limit": 2}) or {}
        locations = value.get("stock_locations") or []
        if len(locations) != 1:
            raise EcomDataError(
                self.env._(
                    "The shop has several stock locations. Set location_id in the connector's "
                    "settings."
                )
            )
        channel.sudo().connector_options = {
            **(channel.connector_options or {}), "location_id": locations[0]["id"],
        }  # fmt: skip
        return locations[0]["id"]

    # === TELLING === #

    def _get_order(self, channel, values):
        order = self._fetch_order(channel, values["order_id"])
        if order is None:
            raise EcomDataError(self.env._("The shop does not know this order."))
        return order

    def _push_shipment(self, channel, task, values):
        """Two calls there: pack, then ship. A look at the order tells which of them was made."""
        order = self._get_order(channel, values)
        tracking, found = values.get("tracking"), None
        for fulfillment in order.get("fulfillments") or []:
            ours = (fulfillment.get("metadata") or {}).get("ecom_key") == values["key"]
            if ours and not fulfillment.get("canceled_at"):
                found = fulfillment
        if found and found.get("shipped_at"):
            return {"ref": found["id"], "answer": self.env._("The shop knew of it already.")}
        items = [
            {"id": each["line_id"], "quantity": each["quantity"]} for each in values["lines"]
        ]
        path = f"/orders/{values['order_id']}/fulfillments"
        if not found:
            before = {each["id"] for each in order.get("fulfillments") or []}
            value = self._api(
                channel, "POST", path,
                params={"fields": "*fulfillments,*fulfillments.items"},
                json={
                    "location_id": self._get_location(channel),
                    "items": items,
                    "metadata": {"ecom_key": values["key"]},
                },
            )  # fmt: skip
            made = [
                each for each in (value or {}).get("order", {}).get("fulfillments") or []
                if each["id"] not in before
            ]  # fmt: skip
            if not made:
                order = self._get_order(channel, values)
                made = [e for e in order.get("fulfillments") or [] if e["id"] not in before]
            found = made[-1]
        labels = [
            {
                "tracking_number": tracking,
                "tracking_url": values.get("tracking_url") or "",
                "label_url": "",
            }
        ]
        answer = self._api(
            channel, "POST", f"{path}/{found['id']}/shipments",
            json={"items": items, **({"labels": labels} if tracking else {})},
        )  # fmt: skip
        return {"ref": found["id"], "answer": _short(answer)}

    def _push_cancel(self, channel, task, values):
        order = self._get_order(channel, values)
        if order.get("status") == "canceled":
            return {"ref": order["id"], "answer": self.env._("It was cancelled there already.")}
        answer = self._api(channel, "POST", f"/orders/{values['order_id']}/cancel", json={})
        return {"ref": order["id"], "answer": _short(answer)}

    def _push_refund(self, channel, task, values):
        """The key stands in the refund's note: a second look finds it and gives nothing twice."""
        order = self._get_order(channel, values)
        mark, captured = f"[{values['key']}]", None
        for collection in order.get("payment_collections") or []:
            for payment in collection.get("payments") or []:
                for refund in payment.get("refunds") or []:
                    if mark in (refund.get("note") or ""):
                        return {"ref": refund["id"], "answer": self.env._("It was refunded already.")}
                if payment.get("captured_at") and not payment.get("canceled_at"):
                    captured = payment
        if not captured:
            raise EcomDataError(self.env._("The shop took no payment that could be given back."))
        value = self._api(
            channel, "POST", f"/payments/{captured['id']}/refund",
            json={
                "amount": float(values["amount"]),
                "note": f"{values.get('reason') or ''} {mark}".strip(),
            },
        )  # fmt: skip
        made = [
            refund["id"]
            for refund in ((value or {}).get("payment") or {}).get("refunds") or []
            if mark in (refund.get("note") or "")
        ]
        return {"ref": made[0] if made else None, "answer": _short(value)}

    def _push_return(self, channel, task, values):
        """Medusa waits for no approval: a return that was requested stands until it is cancelled."""
        value = self._api(
            channel, "GET", f"/returns/{values['case_id']}", params={"fields": _RETURN_FIELDS}, accept=(404,)
        )  # fmt: skip
        found = (value or {}).get("return")
        if not found:
            raise EcomDataError(self.env._("The shop does not know this return."))
        cancelled = found.get("status") == "canceled"
        if values["answer"] == "approved":
            if cancelled:
                raise EcomDataError(self.env._("The return was cancelled in the shop meanwhile."))
            return {"ref": found["id"], "answer": self.env._("The return stands there: no answer is needed.")}
        if cancelled:
            return {"ref": found["id"], "answer": self.env._("The shop knew of it already.")}
        answer = self._api(channel, "POST", f"/returns/{found['id']}/cancel", json={})
        return {"ref": found["id"], "answer": _short(answer)}

    def _push_stock(self, channel, items):
        """Medusa counts what it has reserved for open orders as stocked: that is put on top."""
        location = self._get_location(channel)
        ids = [item["listing_id"] for item in items if item["listing_id"]]
        value = self._api(
            channel, "GET", "/inventory-items",
            params={"id[]": ids, "limit": len(ids) or 1, "fields": "id,*location_levels"},
        ) or {}  # fmt: skip
        known = {each["id"]: each for each in value.get("inventory_items") or []}
        result, updates, creates = {}, [], []
        for item in items:
            entry = known.get(item["listing_id"])
            if entry is None:
                result[item["key"]] = self.env._("The shop does not know it.")
                continue
            reserved = self._get_level(entry, location, "reserved_quantity")
            line = {
                "inventory_item_id": entry["id"],
                "location_id": location,
                "stocked_quantity": item["quantity"] + (reserved or 0),
            }
            (creates if reserved is None else updates).append(line)
            result[item["key"]] = None
        if updates or creates:
            self._api(
                channel, "POST", "/inventory-items/location-levels/batch",
                json={"create": creates, "update": updates, "delete": []},
            )  # fmt: skip
        return result

    # === WEBHOOKS === #

    def _verify_webhook(self, channel, headers, raw, secrets):
        return verify_base64(secrets.get("webhook"), raw, headers.get("x-medusa-signature"))

    def _read_webhook(self, channel, headers, raw):
        value = json.loads(raw)
        data = value.get("data") or {}
        ids = [str(data[k]) for k in ("order_id", "id") if str(data.get(k, "")).startswith("order_")]
        # One id goes with all events of a workflow: the event and its moment make it one delivery.
        delivery = f"{value.get('id')}/{value.get('event')}/{value.get('timestamp')}"
        hook = Hook(delivery, value.get("event") or "", ids[:1])
        if not ids and str(data.get("id", "")).startswith(("pay_", "ful_")):
            # Payments and parcels name no order.
            hook.poll = True
        return hook


def verify_base64(secret, raw, signature):
    """Whether `signature` is the base64 HMAC-SHA256 of the body."""
    if not secret or not signature:
        return False
    wanted = base64.b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(wanted, signature.strip())


def _short(value):
    return json.dumps(value)[:2000]
