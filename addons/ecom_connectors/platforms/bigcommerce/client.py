from odoo import models

from ...exceptions import EcomDataError
from ...models.ecom_connector import Page
from .. import base

_REFUNDED = (4, 14)
_CANCELLED = 5


class EcomConnectorBigCommerce(models.AbstractModel):
    """BigCommerce: orders over REST v2, the catalogue over v3."""

    _name = "ecom.connector.bigcommerce"
    _inherit = "ecom.connector"
    _description = "Connector: BigCommerce"

    _platform = "bigcommerce"

    def _get_auth(self, channel, secrets, method, url, params):
        return {"X-Auth-Token": secrets["token"], "Accept": "application/json"}, {}

    def _test_connection(self, channel):
        return (self._call_json(channel, "GET", "/v2/store") or {}).get("name") or "BigCommerce"

    # === READING === #

    def _fetch_orders(self, channel, since, until=None, cursor=None):
        page, size = int(cursor or 1), self._get_capabilities().page_size
        params = {"min_date_modified": f"{since.isoformat()}Z", "sort": "date_modified:asc", "page": page, "limit": size}
        if until:
            params["max_date_modified"] = f"{until.isoformat()}Z"
        # 204, an empty answer, where there is none.
        orders = self._call_json(channel, "GET", "/v2/orders", params=params) or []
        documents = [part for order in orders for part in self._complete(channel, order)]
        newest = base.when(orders[-1].get("date_modified")) if orders else None
        return Page(documents, page + 1 if len(orders) == size else None, newest)

    def _fetch_order(self, channel, external_id):
        order = self._call_json(channel, "GET", f"/v2/orders/{external_id}", accept=(404,))
        return self._complete(channel, order) if order else None

    def _complete(self, channel, order):
        """:return: the order with what it only links to, and its refunds"""
        order["products"] = self._read_all(channel, f"/v2/orders/{order['id']}/products")
        order["shipping_addresses"] = self._read_all(channel, f"/v2/orders/{order['id']}/shipping_addresses")
        refunds = []
        if int(base.dec(order.get("status_id"))) in _REFUNDED:
            value = self._call_json(
                channel, "GET", f"/v3/orders/{order['id']}/payment_actions/refunds", accept=(404,)
            ) or {}  # fmt: skip
            refunds = value.get("data") or []
        return [order, *refunds]

    def _read_all(self, channel, path):
        rows, page = [], 1
        while True:
            part = self._call_json(channel, "GET", path, params={"page": page, "limit": 250}, accept=(404,)) or []
            rows += part
            if len(part) < 250:
                return rows
            page += 1

    def _fetch_listings(self, channel, cursor=None):
        value = self._call_json(
            channel, "GET", "/v3/catalog/variants", params={"page": int(cursor or 1), "limit": 100}
        )  # fmt: skip
        variants = value["data"]
        numbers = sorted({variant["product_id"] for variant in variants})
        products = self._call_json(
            channel, "GET", "/v3/catalog/products",
            params={"id:in": ",".join(map(str, numbers)), "include_fields": "name", "limit": 250},
        )["data"] if numbers else []  # fmt: skip
        names = {product["id"]: product["name"] for product in products}
        pages = value["meta"]["pagination"]
        return Page(
            [
                base.listing(
                    variant.get("sku") or variant["id"], listing_id=variant["id"], barcode=variant.get("upc") or None,
                    quantity=variant.get("inventory_level"),
                    name=base.join(
                        names.get(variant["product_id"]),
                        *(option.get("label") for option in variant.get("option_values") or []), separator=", ",
                    ),
                )
                for variant in variants
            ],
            pages["current_page"] + 1 if pages["current_page"] < pages["total_pages"] else None,
        )  # fmt: skip

    # === TELLING === #

    def _push_shipment(self, channel, task, values):
        path, mark = f"/v2/orders/{values['order_id']}", f"[{values['key']}]"
        known = self._call_json(channel, "GET", f"{path}/shipments", params={"limit": 250}, accept=(404,)) or []
        for shipment in known:
            if mark in (shipment.get("comments") or ""):
                return {"ref": str(shipment["id"]), "answer": self.env._("The shop knew of it already.")}
        addresses = self._call_json(channel, "GET", f"{path}/shipping_addresses", accept=(404,)) or []
        if not addresses:
            raise EcomDataError(self.env._("The shop does not know this order."))
        providers = (channel.connector_options or {}).get("carriers") or {}
        body = {
            "order_address_id": addresses[0]["id"], "comments": mark, "tracking_number": values.get("tracking") or "",
            "shipping_provider": providers.get(values.get("carrier") or "", ""),
            "items": [{"order_product_id": int(line["line_id"]), "quantity": int(line["quantity"])} for line in values["lines"]],
        }  # fmt: skip
        answer = self._call_json(channel, "POST", f"{path}/shipments", json=body) or {}
        return {"ref": str(answer.get("id") or ""), "answer": str(answer.get("tracking_number") or "")}

    def _push_cancel(self, channel, task, values):
        self._call_json(channel, "PUT", f"/v2/orders/{values['order_id']}", json={"status_id": _CANCELLED})
        return {"ref": values["order_id"], "answer": self.env._("Order marked as cancelled.")}

    def _push_stock(self, channel, items):
        known = [item for item in items if str(item["listing_id"] or "").isdigit()]
        result = {item["key"]: self.env._("The shop does not know it; read the catalogue again.") for item in items}
        if known:
            body = [{"id": int(item["listing_id"]), "inventory_level": item["quantity"]} for item in known]
            self._call_json(channel, "PUT", "/v3/catalog/variants", json=body)
            result |= {item["key"]: None for item in known}
        return result
