from odoo import models

from ...exceptions import EcomDataError
from ...models.ecom_connector import Page
from .. import base


class EcomConnectorMagento(models.AbstractModel):
    """Magento 2 over REST. (Magento 1 only as documents: its API ended with it.)"""

    _name = "ecom.connector.magento"
    _inherit = "ecom.connector"
    _description = "Connector: Magento"

    _platform = "magento"

    def _get_auth(self, channel, secrets, method, url, params):
        return {"Authorization": f"Bearer {secrets['token']}"}, {}

    def _api(self, channel, method, path, **options):
        return self._call_json(channel, method, f"/rest/V1{path}", **options)

    def _find_page(self, channel, path, conditions, sort, page=1, size=50, **params):
        """:param conditions: list of (field, operator, value), all of which hold
        :return: (items, whether there are more). Beyond its last page Magento gives that one again."""
        criteria = "searchCriteria"
        for index, (field, operator, value) in enumerate(conditions):
            group = f"{criteria}[filter_groups][{index}][filters][0]"
            params |= {f"{group}[field]": field, f"{group}[condition_type]": operator, f"{group}[value]": value}
        params |= {
            f"{criteria}[sortOrders][0][field]": sort, f"{criteria}[sortOrders][0][direction]": "ASC",
            f"{criteria}[pageSize]": size, f"{criteria}[currentPage]": page,
        }  # fmt: skip
        value = self._api(channel, "GET", path, params=params) or {}
        return value.get("items") or [], page * size < int(value.get("total_count") or 0)

    def _test_connection(self, channel):
        rows = self._api(channel, "GET", "/store/storeViews") or []
        return ", ".join(row.get("name") or row.get("code") for row in rows if row.get("code") != "admin") or "Magento"

    # === READING === #

    def _fetch_orders(self, channel, since, until=None, cursor=None):
        page = int(cursor or 1)
        conditions = [("updated_at", "gteq", since.isoformat(" "))]
        if until:
            conditions.append(("updated_at", "lteq", until.isoformat(" ")))
        orders, more = self._find_page(channel, "/orders", conditions, "updated_at", page, self._get_capabilities().page_size)
        newest = base.when(orders[-1].get("updated_at")) if orders else None
        return Page(orders, page + 1 if more else None, newest)

    def _fetch_order(self, channel, external_id):
        orders, _more = self._find_page(channel, "/orders", [("increment_id", "eq", external_id)], "entity_id", size=1)
        return orders[0] if orders else None

    def _fetch_listings(self, channel, cursor=None):
        page = int(cursor or 1)
        items, more = self._find_page(
            channel, "/products", [("type_id", "eq", "simple")], "entity_id", page, 100,
            fields="items[id,sku,name],total_count",
        )  # fmt: skip
        listings = [base.listing(item["sku"], listing_id=item["id"], name=item.get("name")) for item in items]
        return Page(listings, page + 1 if more else None)

    # === TELLING === #

    def _get_order(self, channel, values):
        order = self._fetch_order(channel, values["order_id"])
        if order is None:
            raise EcomDataError(self.env._("The shop does not know this order."))
        return order

    def _push_shipment(self, channel, task, values):
        """The key stands in a comment that the buyer does not see."""
        order, mark = self._get_order(channel, values), f"[{values['key']}]"
        known, _more = self._find_page(channel, "/shipments", [("order_id", "eq", order["entity_id"])], "entity_id", size=100)
        for shipment in known:
            if any(mark in (each.get("comment") or "") for each in shipment.get("comments") or []):
                return {"ref": str(shipment["entity_id"]), "answer": self.env._("The shop knew of it already.")}
        body = {
            "items": [{"order_item_id": int(line["line_id"]), "qty": line["quantity"]} for line in values["lines"]],
            "notify": True, "appendComment": False,
            "comment": {"comment": mark, "is_visible_on_front": 0},
        }  # fmt: skip
        if values.get("tracking"):
            title = values.get("carrier") or "Carrier"
            codes = (channel.connector_options or {}).get("carriers") or {}
            body["tracks"] = [{"track_number": values["tracking"], "title": title, "carrier_code": codes.get(title, "custom")}]
        number = self._api(channel, "POST", f"/order/{order['entity_id']}/ship", json=body)
        return {"ref": str(number), "answer": self.env._("Shipment %(number)s", number=number)}

    def _push_cancel(self, channel, task, values):
        order = self._get_order(channel, values)
        if order.get("state") == "canceled":
            return {"ref": str(order["entity_id"]), "answer": self.env._("It was cancelled there already.")}
        if not self._api(channel, "POST", f"/orders/{order['entity_id']}/cancel"):
            raise EcomDataError(self.env._("The shop cannot cancel it any more: it was invoiced or shipped there."))
        return {"ref": str(order["entity_id"]), "answer": self.env._("Order marked as cancelled.")}

    def _push_stock(self, channel, items):
        source = (channel.connector_options or {}).get("source_code") or "default"
        rows = [
            {"sku": item["key"], "source_code": source, "quantity": item["quantity"], "status": int(item["quantity"] > 0)}
            for item in items
        ]  # fmt: skip
        self._api(channel, "POST", "/inventory/source-items", json={"sourceItems": rows})
        return {item["key"]: None for item in items}
