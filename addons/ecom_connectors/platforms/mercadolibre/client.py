from odoo import models

from ...exceptions import EcomAuthError
from ...models.ecom_connector import Page
from ..base import as_dict


class EcomConnectorMercadoLibre(models.AbstractModel):
    """Mercado Libre: orders and what their shipments say."""

    _name = "ecom.connector.mercadolibre"
    _inherit = "ecom.connector"
    _description = "Connector: Mercado Libre"

    _platform = "mercadolibre"

    def _get_auth(self, channel, secrets, method, url, params):
        return {"Authorization": f"Bearer {self._get_token(channel, secrets)}"}, {}

    def _request_token(self, channel, secrets):
        answer = self._send_api_request(
            "POST", self._get_url(channel, "/oauth/token"),
            data={"grant_type": "refresh_token", "client_id": secrets["key"], "client_secret": secrets["secret"],
                  "refresh_token": secrets["token"]},
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            internal=channel.sudo().connector_internal, secrets=list(secrets.values()),
        )  # fmt: skip
        if answer.status in (400, 401, 403):
            raise EcomAuthError(self.env._("Mercado Libre does not accept the sign-in any more."), answer.text[:300])
        self._check_status(channel, answer, list(secrets.values()), signed=False)
        value = answer.json()
        if value.get("refresh_token"):
            # Each of them counts once: the next sign-in needs the new one.
            self.env["ecom.credential"].sudo()._save(channel, "token", value["refresh_token"])
        return value["access_token"], float(value.get("expires_in") or 21600)

    def _test_connection(self, channel):
        return (self._call_json(channel, "GET", "/users/me") or {}).get("nickname") or "Mercado Libre"

    # === READING === #

    def _fetch_orders(self, channel, since, until=None, cursor=None):
        """Sorted by when they were made: how far changes were read is known with the last page only."""
        cursor = cursor or {"offset": 0, "newest": None}
        size = self._get_capabilities().page_size
        params = {
            "seller": self._get_secrets(channel)["account"], "sort": "date_asc", "limit": size, "offset": cursor["offset"],
            "order.date_last_updated.from": f"{since.isoformat()}.000-00:00",
        }  # fmt: skip
        if until:
            params["order.date_last_updated.to"] = f"{until.isoformat()}.000-00:00"
        value = self._call_json(channel, "GET", "/orders/search", params=params) or {}
        orders = [self._complete(channel, order) for order in value.get("results") or []]
        changes = [order.get("last_updated") or order.get("date_last_updated") or "" for order in orders]
        newest = max([cursor["newest"] or "", *changes]) or None
        offset = cursor["offset"] + size
        if orders and offset < int(as_dict(value.get("paging")).get("total") or 0):
            return Page(orders, {"offset": offset, "newest": newest}, None)
        return Page(orders, None, newest)

    def _fetch_order(self, channel, external_id):
        order = self._call_json(channel, "GET", f"/orders/{external_id}", accept=(404,))
        return self._complete(channel, order) if order else None

    def _complete(self, channel, order):
        """Address and postage are the shipment's."""
        number = as_dict(order.get("shipping")).get("id")
        if number:
            order["shipment_detail"] = self._call_json(channel, "GET", f"/shipments/{number}", accept=(404,))
        return order
