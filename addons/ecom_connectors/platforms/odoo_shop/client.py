import json

from odoo import models

from ...exceptions import EcomDataError
from ...models.ecom_connector import Page
from .. import base

_ORDER = ["name", "state", "date_order", "write_date", "currency_id", "amount_total", "amount_paid",
          "partner_id", "partner_invoice_id", "partner_shipping_id", "client_order_ref", "order_line",
          "carrier_id", "transaction_ids"]  # fmt: skip
_LINE = ["order_id", "product_id", "name", "product_uom_qty", "price_unit", "discount", "price_subtotal",
         "price_total", "display_type", "is_delivery", "tax_ids"]  # fmt: skip
_PARTNER = ["name", "street", "street2", "city", "zip", "state_id", "country_id", "phone", "email", "vat"]


class EcomConnectorOdoo(models.AbstractModel):
    """The website of another Odoo 19, over JSON-2."""

    _name = "ecom.connector.odoo"
    _inherit = "ecom.connector"
    _description = "Connector: Odoo Shop"

    _platform = "odoo"

    def _get_auth(self, channel, secrets, method, url, params):
        headers = {"Authorization": f"bearer {secrets['token']}"}
        if secrets.get("account"):
            headers["X-Odoo-Database"] = secrets["account"]
        return headers, {}

    def _rpc(self, channel, model, method, **arguments):
        return self._call_json(channel, "POST", f"/json/2/{model}/{method}", json=arguments)

    def _read(self, channel, model, ids, names):
        """:return: {id: values} in one call"""
        ids = sorted({each for each in ids if each})
        if not ids:
            return {}
        rows = self._rpc(channel, model, "search_read", domain=[["id", "in", ids]], fields=names,
                         context={"active_test": False})  # fmt: skip
        return {row["id"]: row for row in rows or []}

    def _test_connection(self, channel):
        sites = self._rpc(channel, "website", "search_read", domain=[], fields=["name"], limit=1)
        return sites[0]["name"] if sites else "Odoo"

    # === READING === #

    def _fetch_orders(self, channel, since, until=None, cursor=None):
        offset, limit = int(cursor or 0), self._get_capabilities().page_size
        domain = [
            ["website_id", "!=", False],
            # A refund changes its payment, not the order.
            "|",
            ["write_date", ">=", since.isoformat(" ")],
            ["transaction_ids.child_transaction_ids.write_date", ">=", since.isoformat(" ")],
            ["state", "in", ["sent", "sale", "cancel"]],
        ]
        if until:
            domain.append(["write_date", "<=", until.isoformat(" ")])
        orders = self._read_orders(channel, domain, limit, offset)
        newest = f"{orders[-1]['write_date']}Z".replace(" ", "T") if orders else None
        return Page(orders, offset + limit if len(orders) == limit else None, newest)

    def _fetch_order(self, channel, external_id):
        if not str(external_id).isdigit():
            return None
        return next(iter(self._read_orders(channel, [["id", "=", int(external_id)]], 1, 0)), None)

    def _read_orders(self, channel, domain, limit, offset):
        """:return: orders with what belongs to them inside, in a handful of calls for all"""
        orders = self._rpc(channel, "sale.order", "search_read", domain=domain, fields=_ORDER,
                           order="write_date, id", limit=limit, offset=offset) or []  # fmt: skip
        lines = self._read(channel, "sale.order.line", [i for o in orders for i in o["order_line"]], _LINE)
        products = self._read(channel, "product.product", [each["product_id"][0] for each in lines.values() if each["product_id"]],
                              ["default_code", "barcode"])  # fmt: skip
        taxes = self._read(channel, "account.tax", [t for each in lines.values() for t in each["tax_ids"]], ["amount", "amount_type"])
        partners = self._read(
            channel, "res.partner",
            [o[key][0] for o in orders for key in ("partner_id", "partner_invoice_id", "partner_shipping_id") if o[key]],
            _PARTNER,
        )  # fmt: skip
        countries = self._read(channel, "res.country", [p["country_id"][0] for p in partners.values() if p["country_id"]], ["code"])
        states = self._read(channel, "res.country.state", [p["state_id"][0] for p in partners.values() if p["state_id"]], ["code"])
        for partner in partners.values():
            partner["country_code"] = countries.get(partner["country_id"] and partner["country_id"][0], {}).get("code")
            partner["state_code"] = states.get(partner["state_id"] and partner["state_id"][0], {}).get("code")
        payments = self._read(channel, "payment.transaction", [t for o in orders for t in o["transaction_ids"]], ["state"])
        refunds = self._read_refunds(channel, payments)
        for line in lines.values():
            line["product"] = products.get(line["product_id"] and line["product_id"][0])
            rates = [taxes[t] for t in line["tax_ids"] if t in taxes]
            if len(rates) == 1 and rates[0]["amount_type"] == "percent":
                line["tax_rate"] = rates[0]["amount"]
        for order in orders:
            order["order_line"] = [lines[i] for i in order["order_line"] if i in lines]
            for key in ("partner_id", "partner_invoice_id", "partner_shipping_id"):
                order[key.removesuffix("_id")] = partners.get(order[key] and order[key][0])
            found = {payments[t]["state"] for t in order["transaction_ids"] if t in payments}
            order["refund_transactions"] = [r for t in order["transaction_ids"] for r in refunds.get(t, ())]
            order["transaction_state"] = next((s for s in ("done", "authorized", "pending") if s in found), None)
        return orders

    def _read_refunds(self, channel, payments):
        """:return: {payment: list of what was given back of it}"""
        if not payments:
            return {}
        rows = self._rpc(
            channel, "payment.transaction", "search_read",
            domain=[["source_transaction_id", "in", list(payments)], ["operation", "=", "refund"], ["state", "=", "done"]],
            fields=["source_transaction_id", "amount", "reference", "create_date"], order="id",
        ) or []  # fmt: skip
        found = {}
        for row in rows:
            found.setdefault(row["source_transaction_id"][0], []).append(row)
        return found

    def _fetch_listings(self, channel, cursor=None):
        offset = int(cursor or 0)
        rows = self._rpc(
            channel, "product.product", "search_read", domain=[["sale_ok", "=", True], ["is_published", "=", True]],
            fields=["default_code", "barcode", "display_name", "free_qty"], order="id", limit=100, offset=offset,
        ) or []  # fmt: skip
        return Page(
            [
                base.listing(
                    row["default_code"] or f"product-{row['id']}", listing_id=row["id"], name=row["display_name"],
                    barcode=row["barcode"] or None, quantity=max(row["free_qty"], 0),
                )
                for row in rows
            ],
            offset + 100 if len(rows) == 100 else None,
        )  # fmt: skip

    # === TELLING === #

    def _push_shipment(self, channel, task, values):
        order_id = int(values["order_id"])
        pickings = self._rpc(
            channel, "stock.picking", "search_read",
            domain=[["sale_id", "=", order_id], ["picking_type_code", "=", "outgoing"], ["state", "!=", "cancel"]],
            fields=["state", "carrier_tracking_ref", "name", "note"], order="id",
        ) or []  # fmt: skip
        mark = f"[{values['key']}]"
        for picking in pickings:
            if picking["state"] == "done" and mark in str(picking["note"] or ""):
                return {"ref": str(picking["id"]), "answer": self.env._("The shop knew of it already.")}
        waiting = [picking for picking in pickings if picking["state"] != "done"]
        if not waiting:
            raise EcomDataError(self.env._("The shop has no delivery left for this order."))
        picking = waiting[0]
        wanted = {int(line["line_id"]): line["quantity"] for line in values["lines"]}
        moves = self._rpc(channel, "stock.move", "search_read",
                          domain=[["picking_id", "=", picking["id"]], ["state", "!=", "cancel"]],
                          fields=["sale_line_id", "product_uom_qty"]) or []  # fmt: skip
        for move in moves:
            line = move["sale_line_id"] and move["sale_line_id"][0]
            quantity = min(wanted.get(line, 0), move["product_uom_qty"])
            self._rpc(channel, "stock.move", "write", ids=[move["id"]],
                      vals={"quantity": quantity, "picked": bool(quantity)})  # fmt: skip
        self._rpc(channel, "stock.picking", "write", ids=[picking["id"]],
                  vals={"carrier_tracking_ref": values.get("tracking") or False,
                        "note": f"{picking['note'] or ''} {mark}".strip()})  # fmt: skip
        self._rpc(channel, "stock.picking", "button_validate", ids=[picking["id"]],
                  context={"skip_backorder": True, "skip_sms": True})  # fmt: skip
        return {"ref": str(picking["id"]), "answer": picking["name"]}

    def _push_cancel(self, channel, task, values):
        order_id = int(values["order_id"])
        order = self._read(channel, "sale.order", [order_id], ["state", "locked"]).get(order_id)
        if order is None:
            raise EcomDataError(self.env._("The shop does not know this order."))
        if order["state"] != "cancel":
            self._rpc(channel, "sale.order", "action_cancel", ids=[order_id],
                      context={"disable_cancel_warning": True})  # fmt: skip
        return {"ref": str(order_id), "answer": json.dumps(order)}

    def _push_refund(self, channel, task, values):
        """Through the payment provider of the shop. A refund has no place for a mark there: what was
        given back since the first try tells whether that got through."""
        order_id, amount = int(values["order_id"]), base.dec(values["amount"])
        order = self._fetch_order(channel, order_id)
        if order is None:
            raise EcomDataError(self.env._("The shop does not know this order."))
        returned = -sum((base.dec(r["amount"]) for r in order["refund_transactions"]), base.ZERO)
        before = (task.payload or {}).get("refunded_before")
        if before is None:
            task.payload = {**(task.payload or {}), "refunded_before": str(returned)}
            task._commit()
        elif returned - base.dec(before) >= amount:
            return {"ref": str(order["refund_transactions"][-1]["id"]), "answer": self.env._("It was refunded already.")}
        payments = self._read(channel, "payment.transaction", order["transaction_ids"],
                              ["state", "amount"])  # fmt: skip
        paid = [p for p in payments.values() if p["state"] == "done" and base.dec(p["amount"]) >= amount]
        if not paid:
            raise EcomDataError(self.env._("The shop took no payment that could be given back."))
        self._rpc(channel, "payment.transaction", "action_refund", ids=[paid[0]["id"]], amount_to_refund=float(amount))
        after = self._read_refunds(channel, {paid[0]["id"]: paid[0]}).get(paid[0]["id"], [])
        # A provider may settle it later: then nothing is done yet, and it was asked for all the same.
        return {"ref": str(after[-1]["id"]) if after else None, "answer": self.env._("Asked for at the payment provider.")}

    def _push_stock(self, channel, items):
        location = (channel.connector_options or {}).get("location_id")
        if not location:
            rows = self._rpc(channel, "stock.warehouse", "search_read", domain=[], fields=["lot_stock_id"], limit=1)
            location = rows[0]["lot_stock_id"][0]
        products = self._read(channel, "product.product",
                              [int(i["listing_id"]) for i in items if str(i["listing_id"]).isdigit()],
                              ["free_qty", "qty_available"])  # fmt: skip

        def tell(item):
            product = products.get(int(item["listing_id"]) if str(item["listing_id"]).isdigit() else 0)
            if not product:
                return self.env._("The shop does not know it.")
            # What the shop has reserved for its open orders stays on top of what it may sell.
            counted = item["quantity"] + product["qty_available"] - product["free_qty"]
            quants = self._rpc(channel, "stock.quant", "create",
                               vals_list=[{"product_id": product["id"], "location_id": location, "inventory_quantity": counted}],
                               context={"inventory_mode": True})  # fmt: skip
            self._rpc(channel, "stock.quant", "action_apply_inventory", ids=quants, context={"inventory_mode": True})
            return None

        return self._push_each(items, tell)
