import base64
import hashlib
import hmac
import json
from urllib.parse import quote

from odoo import fields, models

from ...exceptions import EcomDataError
from ...models.ecom_connector import Hook, Page
from ..base import when
from .mapping import look


class EcomConnectorRest(models.AbstractModel):
    """Any shop with a JSON interface: what it looks like is data of the channel."""

    _name = "ecom.connector.rest"
    _inherit = "ecom.connector"
    _description = "Connector: Any Shop"

    _platform = "rest"

    def _get_settings(self, channel):
        settings = (channel.connector_options or {}).get("rest") or {}
        if not settings.get("orders_url"):
            raise EcomDataError(self.env._("The channel does not say yet where the shop lists its orders."))
        return settings

    def _get_auth(self, channel, secrets, method, url, params):
        kind = self._get_settings(channel).get("auth") or "bearer"
        token = secrets.get("token") or ""
        if kind == "none":
            return {}, {}
        if kind == "basic":
            pair = f"{secrets.get('key') or ''}:{token}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}, {}
        if kind.startswith("header:"):
            return {kind.split(":", 1)[1].strip(): token}, {}
        if kind.startswith("query:"):
            return {}, {kind.split(":", 1)[1].strip(): token}
        return {"Authorization": f"Bearer {token}"}, {}

    def _fill(self, template, **values):
        """:return: an address with `{name}` replaced, each value escaped"""
        for name, value in values.items():
            template = template.replace("{%s}" % name, quote(str(value), safe=""))
        return template

    def _test_connection(self, channel):
        page = self._fetch_orders(channel, fields.Datetime.now())
        return self.env._("the shop (%(count)s orders on the first page)", count=len(page.documents))

    def _fetch_orders(self, channel, since, until=None, cursor=None):
        settings, limit = self._get_settings(channel), self._get_capabilities().page_size
        paging = settings.get("paging") or "none"
        position = cursor or (1 if paging == "page" else 0)
        if paging == "link" and cursor:
            path = cursor
        else:
            path = self._fill(
                settings["orders_url"], since=f"{since.isoformat()}Z",
                until=f"{until.isoformat()}Z" if until else "", page=position, offset=position, limit=limit,
                cursor=cursor or "",
            )  # fmt: skip
        value = self._call_json(channel, "GET", path)
        orders_path = settings.get("orders_path")
        orders = look(value, orders_path) if orders_path else value
        orders = orders if isinstance(orders, list) else []
        following = None
        if paging == "page" and len(orders) >= limit:
            following = position + 1
        elif paging == "offset" and len(orders) >= limit:
            following = position + len(orders)
        elif paging in ("cursor", "link"):
            following = look(value, settings.get("next_path")) or None
        newest = [look(order, settings["order"].get("updated_at")) for order in orders]
        newest = [str(each) for each in newest if each]
        return Page(
            orders, following,
            max((when(each, channel.tz) for each in newest), default=None),
        )  # fmt: skip

    def _fetch_order(self, channel, external_id):
        settings = self._get_settings(channel)
        if not settings.get("order_url"):
            return None
        return self._call_json(channel, "GET", self._fill(settings["order_url"], id=external_id), accept=(404,))

    def _render(self, template, values):
        """:return: a JSON template with `"{name}"` replaced by values, of their own type"""
        if isinstance(template, dict):
            return {key: self._render(each, values) for key, each in template.items()}
        if isinstance(template, list):
            if len(template) == 1 and isinstance(template[0], dict) and "lines" in values:
                return [self._render(template[0], {**values, **line}) for line in values["lines"]]
            return [self._render(each, values) for each in template]
        if isinstance(template, str) and template.startswith("{") and template.endswith("}"):
            return values.get(template[1:-1])
        return template

    def _push(self, channel, name, values):
        settings = self._get_settings(channel)
        target = settings.get(name) or {}
        if not target.get("url"):
            raise EcomDataError(self.env._("The channel does not say where to send this (%(name)s).", name=name))
        value = self._call_json(
            channel, target.get("method") or "POST",
            self._fill(target["url"], id=values.get("order_id", ""), sku=values.get("key", "")),
            json=self._render(target.get("body") or {}, values),
            headers={"Idempotency-Key": str(values.get("key", ""))},
        )  # fmt: skip
        return {"ref": None, "answer": json.dumps(value)[:2000]}

    def _push_shipment(self, channel, task, values):
        return self._push(channel, "shipment", values)

    def _push_stock(self, channel, items):
        def tell(item):
            self._push(channel, "stock", item)

        return self._push_each(items, tell)

    def _verify_webhook(self, channel, headers, raw, secrets):
        secret = secrets.get("webhook")
        settings = (channel.connector_options or {}).get("rest") or {}
        signature = headers.get((settings.get("signature_header") or "x-signature").lower(), "")
        if not secret or not signature:
            return False
        digest = hmac.new(secret.encode(), raw, hashlib.sha256)
        wanted = (digest.hexdigest(), base64.b64encode(digest.digest()).decode())
        given = signature.strip().removeprefix("sha256=")
        return any(hmac.compare_digest(each, given) for each in wanted)

    def _read_webhook(self, channel, headers, raw):
        value, settings = json.loads(raw), self._get_settings(channel)
        if settings.get("order_url") and settings.get("webhook_id_path"):
            return Hook(None, "order", [str(look(value, settings["webhook_id_path"]))])
        return Hook(None, "order", [], [value])
