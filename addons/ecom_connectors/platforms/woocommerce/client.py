import base64
import hashlib
import json
from datetime import datetime, timezone
from urllib.parse import quote

from odoo import models

from ...exceptions import EcomDataError, EcomRetryableError
from ...models.ecom_connector import Hook, Page
from .. import windows
from ..medusa.client import verify_base64
from . import mapping, oauth1

_TOPICS = ("order.created", "order.updated", "order.deleted", "order.restored")
_TRACKING = "_wc_shipment_tracking_items"


class EcomConnectorWooCommerce(models.AbstractModel):
    """WooCommerce over REST v3."""

    _name = "ecom.connector.woocommerce"
    _inherit = "ecom.connector"
    _description = "Connector: WooCommerce"

    _platform = "woocommerce"

    def _get_auth(self, channel, secrets, method, url, params):
        if url.startswith("http://"):
            return {}, oauth1.sign(method, url, params, secrets["key"], secrets["secret"])
        if (channel.connector_options or {}).get("auth_in_query"):
            # Some web servers keep the Authorization header from PHP.
            return {}, {"consumer_key": secrets["key"], "consumer_secret": secrets["secret"]}
        pair = base64.b64encode(f"{secrets['key']}:{secrets['secret']}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}, {}

    def _api(self, channel, method, path, **options):
        return self._call_json(channel, method, f"/wp-json/wc/v3{path}", **options)

    def _test_connection(self, channel):
        # The first asks for our rights; the second tells the name, and asks for none.
        self._api(channel, "GET", "/orders", params={"per_page": 1, "_fields": "id"})
        value = self._call_json(channel, "GET", "/wp-json/", params={"_fields": "name"}, signed=False) or {}
        return f"{value.get('name') or channel.connector_url} (WooCommerce)"

    # === READING === #

    def _fetch_orders(self, channel, since, until=None, cursor=None):
        size = self._get_capabilities().page_size
        start, page = windows.resume(since, cursor)
        params = {
            "modified_after": start, "dates_are_gmt": "true", "orderby": "modified", "order": "asc",
            "per_page": size, "page": page, "status": "any",
        }  # fmt: skip
        if until:
            params["modified_before"] = until.isoformat()
        answer = self._call(channel, "GET", "/wp-json/wc/v3/orders", params=params)
        try:
            orders = answer.json()
        except ValueError:
            raise EcomDataError(self.env._("The shop's answer is no JSON."), answer.text[:300]) from None
        pages = int(answer.headers.get("X-WP-TotalPages") or 0)
        more = page < pages if pages else len(orders) == size
        for order in orders:
            self._complete(channel, order)
        newest = orders[-1].get("date_modified_gmt") if orders else None
        following = windows.proceed(start, page, newest) if more else None
        return Page(orders, following, f"{newest}Z" if newest else None)

    def _complete(self, channel, order):
        """An order lists its refunds by id and sum only: their lines are read too."""
        if order.get("refunds"):
            order["refunds"] = (
                self._api(channel, "GET", f"/orders/{order['id']}/refunds", params={"per_page": 100})
                or order["refunds"]
            )
        return order

    def _fetch_order(self, channel, external_id):
        order = self._api(channel, "GET", f"/orders/{external_id}", accept=(404,))
        return self._complete(channel, order) if order else None

    def _fetch_listings(self, channel, cursor=None):
        page = int(cursor or 1)
        products = self._api(
            channel, "GET", "/products", params={"per_page": 50, "page": page, "orderby": "id", "order": "asc"}
        ) or []  # fmt: skip
        found = []
        for product in products:
            if product.get("type") == "variable" and product.get("variations"):
                for variation in self._fetch_variations(channel, product):
                    options = ", ".join(str(a.get("option")) for a in variation.get("attributes") or [])
                    entry = mapping.product(variation, product)
                    entry["name"] = ", ".join(filter(None, (product.get("name"), options)))
                    found.append(entry)
            elif product.get("type") not in ("grouped", "external", "variable"):
                found.append(mapping.product(product))
        return Page(found, page + 1 if len(products) == 50 else None)

    def _fetch_variations(self, channel, product):
        variations, page = [], 1
        while True:
            rows = self._api(
                channel, "GET", f"/products/{product['id']}/variations",
                params={"per_page": 100, "page": page, "orderby": "id", "order": "asc"},
            ) or []  # fmt: skip
            variations += rows
            if len(rows) < 100:
                return variations
            page += 1

    # === TELLING === #

    def _get_order(self, channel, values):
        order = self._fetch_order(channel, values["order_id"])
        if order is None:
            raise EcomDataError(self.env._("The shop does not know this order."))
        return order

    def _get_meta(self, order, key):
        return next((m["value"] for m in order.get("meta_data") or [] if m.get("key") == key), None)

    def _push_shipment(self, channel, task, values):
        """There are no parcels in WooCommerce: the tracking goes where plug-ins look for it, and to
        the buyer as a note. What was shipped so far is kept with the order, to know its end."""
        order = self._get_order(channel, values)
        told = self._get_meta(order, "_ecom_shipments") or {}
        told = json.loads(told) if isinstance(told, str) else told
        told = told if isinstance(told, dict) else {}
        items = self._get_meta(order, _TRACKING)
        items = items if isinstance(items, list) else []
        if values["key"] not in told:
            told[values["key"]] = {line["line_id"]: line["quantity"] for line in values["lines"]}
            shipped = values["shipped_at"][:10]
            if values.get("tracking"):
                items.append(
                    {
                        "tracking_provider": values.get("carrier") or "",
                        "custom_tracking_provider": values.get("carrier") or "",
                        "custom_tracking_link": values.get("tracking_url") or "",
                        "tracking_number": values["tracking"],
                        "date_shipped": str(int(_epoch(shipped))),
                        "tracking_id": values["key"],
                    }
                )
            change = {
                "meta_data": [
                    {"key": "_ecom_shipments", "value": json.dumps(told)},
                    {"key": _TRACKING, "value": items},
                ]
            }
            if self._is_complete(order, told):
                change["status"] = "completed"
            self._api(channel, "PUT", f"/orders/{order['id']}", json=change)
        if values.get("tracking"):
            self._note(channel, order, values)
        return {"ref": values["key"], "answer": self.env._("Kept with the order, and told to the buyer.")}

    def _note(self, channel, order, values):
        """Tell the buyer, once."""
        notes = self._api(channel, "GET", f"/orders/{order['id']}/notes", params={"type": "customer"}) or []
        if any(values["tracking"] in (note.get("note") or "") for note in notes):
            return
        text = self.env._(
            "Your parcel is on its way: %(carrier)s %(tracking)s %(url)s", carrier=values.get("carrier") or "",
            tracking=values["tracking"], url=values.get("tracking_url") or "",
        )  # fmt: skip
        self._api(channel, "POST", f"/orders/{order['id']}/notes", json={"note": text.strip(), "customer_note": True})

    def _is_complete(self, order, told):
        """Whether everything has left that is still to be had: what was refunded does not leave."""
        left = {str(line["id"]): line["quantity"] for line in order.get("line_items") or []}
        for refund in order.get("refunds") or []:
            for line in refund.get("line_items") or []:
                line_id = str(self._get_meta(line, "_refunded_item_id") or "")
                if line_id in left:
                    left[line_id] -= abs(line.get("quantity") or 0)
        for lines in told.values():
            for line_id, quantity in lines.items():
                if line_id in left:
                    left[line_id] -= quantity
        return all(quantity <= 0 for quantity in left.values())

    def _push_cancel(self, channel, task, values):
        order = self._get_order(channel, values)
        if order.get("status") == "cancelled":
            return {"ref": str(order["id"]), "answer": self.env._("It was cancelled there already.")}
        answer = self._api(channel, "PUT", f"/orders/{order['id']}", json={"status": "cancelled"})
        return {"ref": str(order["id"]), "answer": (answer or {}).get("status")}

    def _push_refund(self, channel, task, values):
        """The shop gives the money back itself where the order's way of payment can; elsewhere the
        refund is noted there, and a person sends the money."""
        mark = f"[{values['key']}]"
        order = self._get_order(channel, values)
        for refund in order.get("refunds") or []:
            if mark in (refund.get("reason") or ""):
                return {"ref": str(refund["id"]), "answer": self.env._("It was refunded already.")}
        by_shop = self._can_pay_back(channel, order)
        body = {
            "amount": values["amount"],
            "reason": f"{values.get('reason') or ''} {mark}".strip(),
            "api_refund": by_shop,
            "api_restock": bool(values.get("restock")),
        }
        lines = mapping.refund_lines(order, values.get("lines") or [])
        if lines:
            body["line_items"] = lines
        # WooCommerce refuses a refund with 500, which is a fault of its own elsewhere.
        answer = self._call(channel, "POST", f"/wp-json/wc/v3/orders/{order['id']}/refunds", json=body, accept=(500,))
        value = _json(answer)
        if answer.status == 500:
            if value.get("code") == "woocommerce_rest_cannot_create_order_refund":
                raise EcomDataError(self.env._("The shop refused: %(error)s", error=value.get("message")), answer.text[:300])
            self._check_status(channel, answer, ())
        if not value.get("id"):
            raise EcomRetryableError(self.env._("The shop's answer is no JSON."), answer.text[:300], unsure=True)
        text = json.dumps({k: value.get(k) for k in ("id", "amount", "refunded_payment")})
        if not by_shop:
            text = self.env._(
                "Noted in the shop. Its payment method cannot give money back by itself: send it by hand."
            )
        return {"ref": str(value["id"]), "answer": text}

    def _can_pay_back(self, channel, order):
        """Whether the shop can give money back by the order's payment method. It says so itself; the
        messages of a failed try are in the shop's language."""
        method = order.get("payment_method")
        if not method or not (channel.connector_options or {}).get("api_refund", True):
            return False
        gateway = self._api(channel, "GET", f"/payment_gateways/{quote(method, safe='')}", accept=(404,)) or {}
        return "refunds" in (gateway.get("method_supports") or [])

    def _push_stock(self, channel, items):
        """At most 100 at once; the variations of each product on their own."""
        groups, result = {}, {}
        for item in items:
            if str(item["listing_id"] or "").isdigit():
                groups.setdefault((item.get("extra") or {}).get("parent"), []).append(item)
            else:
                result[item["key"]] = self.env._("The shop does not know it; read the catalogue again.")
        parts = [
            (parent, group[start : start + 100])
            for parent, group in groups.items() for start in range(0, len(group), 100)
        ]  # fmt: skip
        for number, (parent, part) in enumerate(parts):
            path = f"/products/{parent}/variations/batch" if parent else "/products/batch"
            update = [
                {"id": int(item["listing_id"]), "manage_stock": True, "stock_quantity": item["quantity"]}
                for item in part
            ]
            try:
                answer = self._api(channel, "POST", path, json={"update": update}) or {}
            except EcomRetryableError as error:
                # The next run goes on from here.
                left = {item["key"] for _parent, rest in parts[number:] for item in rest}
                error.told = {key: said for key, said in result.items() if key not in left}
                raise
            errors = {
                str(each.get("id")): each["error"].get("message") or "?"
                for each in answer.get("update") or [] if each.get("error")
            }  # fmt: skip
            for item in part:
                result[item["key"]] = result.get(item["key"]) or errors.get(str(item["listing_id"]))
        return result

    # === WEBHOOKS === #

    def _is_ping(self, headers, raw):
        """On creation it first sends webhook_id=1, as a form and not signed."""
        return raw.startswith(b"webhook_id=") and len(raw) < 64

    def _verify_webhook(self, channel, headers, raw, secrets):
        return verify_base64(secrets.get("webhook"), raw, headers.get("x-wc-webhook-signature"))

    def _read_webhook(self, channel, headers, raw):
        value = json.loads(raw)
        topic = headers.get("x-wc-webhook-topic") or ""
        # WooCommerce makes its delivery id of the webhook's number and the second: two orders that
        # change in one second bear the same.
        delivery = f"{headers.get('x-wc-webhook-delivery-id') or ''}/{hashlib.sha256(raw).hexdigest()[:32]}"
        if not topic.startswith("order.") or not isinstance(value, dict) or not value.get("id"):
            return Hook(delivery, topic)
        return Hook(delivery, topic, [str(value["id"])])

    def _register_webhooks(self, channel, url, secret):
        known = self._api(channel, "GET", "/webhooks", params={"per_page": 100}) or []
        ours = {hook["topic"]: hook for hook in known if hook.get("delivery_url") == url}
        for topic in _TOPICS:
            body = {"name": f"Odoo {topic}", "topic": topic, "delivery_url": url, "secret": secret, "status": "active"}
            if topic in ours:
                self._api(channel, "PUT", f"/webhooks/{ours[topic]['id']}", json=body)
            else:
                self._api(channel, "POST", "/webhooks", json=body)
        return self.env._("The shop calls %(url)s when an order changes.", url=url)

    def _unregister_webhooks(self, channel, url):
        known = self._api(channel, "GET", "/webhooks", params={"per_page": 100}) or []
        ours = [hook for hook in known if hook.get("delivery_url") == url]
        for hook in ours:
            self._api(channel, "DELETE", f"/webhooks/{hook['id']}", params={"force": "true"})
        return self.env._("%(count)s webhooks were removed.", count=len(ours))


def _epoch(day):
    return datetime.fromisoformat(day).replace(tzinfo=timezone.utc).timestamp()


def _json(answer):
    """:return: the object in an answer; {} where there is none"""
    try:
        value = answer.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
