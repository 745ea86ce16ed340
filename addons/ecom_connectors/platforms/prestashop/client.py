import base64
from datetime import datetime, timezone

from odoo import models

from ...exceptions import EcomDataError
from ...models.ecom_connector import Page
from .. import base, windows
from . import mapping


class EcomConnectorPrestaShop(models.AbstractModel):
    """PrestaShop over its webservice: JSON to read, XML to write."""

    _name = "ecom.connector.prestashop"
    _inherit = "ecom.connector"
    _description = "Connector: PrestaShop"

    _platform = "prestashop"

    def _get_auth(self, channel, secrets, method, url, params):
        pair = base64.b64encode(f"{secrets['key']}:".encode()).decode()
        return {"Authorization": f"Basic {pair}"}, {}

    def _get_shop(self, channel):
        """:return: parameters that name the shop, where one PrestaShop runs several"""
        shop = (channel.connector_options or {}).get("id_shop")
        return {"id_shop": str(shop)} if shop else {}

    def _read(self, channel, resource, **params):
        """The webservice answers an empty list where there is none. The name in an answer is not
        always that of the resource: order_slip gives order_slips.

        :return: list of objects"""
        value = self._call_json(
            channel, "GET", f"/api/{resource}",
            params={"output_format": "JSON", "display": "full", **self._get_shop(channel), **params}, accept=(404,),
        )  # fmt: skip
        if not isinstance(value, dict):
            return []
        found = value.get(resource) or next((each for each in value.values() if isinstance(each, list | dict)), None)
        return found if isinstance(found, list) else [found] if isinstance(found, dict) else []

    def _read_one(self, channel, resource, number):
        """By a filter: alone, an object comes in another shape than in a list."""
        if not str(number).isdigit():
            return None
        rows = self._read(channel, resource, **{"filter[id]": f"[{number}]"})
        return rows[0] if rows else None

    def _read_ids(self, channel, resource, ids, **params):
        """:return: {id: object} in one call"""
        ids = sorted({str(each) for each in ids if each and str(each) != "0"})
        if not ids:
            return {}
        rows = self._read(channel, resource, **{"filter[id]": f"[{'|'.join(ids)}]", **params})
        return {str(row["id"]): row for row in rows}

    def _send_xml(self, channel, method, resource, name, values, number=None, params=None):
        """Send an object as XML. :return: its id"""
        text = f'<?xml version="1.0" encoding="UTF-8"?><prestashop><{name}>{mapping.to_xml(values)}</{name}></prestashop>'
        answer = self._call(
            channel, method, f"/api/{resource}" + (f"/{number}" if number else ""),
            params={"output_format": "JSON", **self._get_shop(channel), **(params or {})}, data=text.encode(), headers={"Content-Type": "text/xml"},
        )  # fmt: skip
        return str(mapping.find_id(answer.content, name) or number or "")

    def _test_connection(self, channel):
        shops = self._read(channel, "shops", limit="1")
        return mapping.text(shops[0].get("name")) if shops else "PrestaShop"

    # === READING === #

    def _fetch_orders(self, channel, since, until=None, cursor=None):
        size = self._get_capabilities().page_size
        start, page = windows.resume(since, cursor)
        end = _local(until, channel.tz) if until else "2100-01-01 00:00:00"
        orders = self._read(
            channel, "orders", date="1", limit=f"{(page - 1) * size},{size}", sort="[date_upd_ASC]",
            **{"filter[date_upd]": f"[{_local(datetime.fromisoformat(start), channel.tz)},{end}]"},
        )  # fmt: skip
        newest = base.when(orders[-1].get("date_upd"), channel.tz) if orders else None
        following = None
        if len(orders) == size:
            following = windows.proceed(start, page, newest and newest.removesuffix("Z"))
        return Page(self._complete(channel, orders), following, newest)

    def _fetch_order(self, channel, external_id):
        order = self._read_one(channel, "orders", external_id)
        return self._complete(channel, [order])[0] if order else None

    def _complete(self, channel, orders):
        """Orders name all else by number: it is read for all of them at once."""
        if not orders:
            return []
        currencies = self._read_ids(channel, "currencies", [o["id_currency"] for o in orders])
        customers = self._read_ids(channel, "customers", [o["id_customer"] for o in orders])
        addresses = self._read_ids(
            channel, "addresses", [o[k] for o in orders for k in ("id_address_delivery", "id_address_invoice")]
        )
        countries = self._read_ids(channel, "countries", [a.get("id_country") for a in addresses.values()])
        states = self._read_ids(channel, "states", [a.get("id_state") for a in addresses.values()])
        carriers = self._read_ids(channel, "carriers", [o.get("id_carrier") for o in orders])
        meanings = self._read_ids(channel, "order_states", [o.get("current_state") for o in orders])
        ids = "|".join(str(o["id"]) for o in orders)
        slips = self._read(channel, "order_slip", **{"filter[id_order]": f"[{ids}]"})
        for address in addresses.values():
            address["country_iso"] = (countries.get(str(address.get("id_country"))) or {}).get("iso_code")
            address["state_iso"] = (states.get(str(address.get("id_state"))) or {}).get("iso_code")
        return [
            {
                "order": order,
                "currency": currencies.get(str(order["id_currency"])),
                "customer": customers.get(str(order["id_customer"])),
                "address_delivery": addresses.get(str(order["id_address_delivery"])),
                "address_invoice": addresses.get(str(order["id_address_invoice"])),
                "carrier": carriers.get(str(order.get("id_carrier"))),
                "state": meanings.get(str(order.get("current_state"))),
                "slips": [slip for slip in slips if str(slip.get("id_order")) == str(order["id"])],
            }
            for order in orders
        ]

    def _fetch_listings(self, channel, cursor=None):
        offset = int(cursor or 0)
        stocks = self._read(channel, "stock_availables", limit=f"{offset},100", sort="[id_ASC]")
        products = self._read_ids(channel, "products", [s["id_product"] for s in stocks],
                                  display="[id,reference,ean13,name,price]")  # fmt: skip
        combinations = self._read_ids(channel, "combinations", [s["id_product_attribute"] for s in stocks])
        # A product with combinations also has a row of its own, which is their sum.
        parents = {str(c.get("id_product")) for c in combinations.values()}
        found = []
        for stock in stocks:
            product = products.get(str(stock["id_product"])) or {}
            attribute = str(stock["id_product_attribute"])
            combination = combinations.get(attribute) or {}
            if attribute == "0" and str(stock["id_product"]) in parents:
                continue
            listing_id = f"{stock['id_product']}-{attribute}" if attribute != "0" else str(stock["id_product"])
            found.append(
                base.listing(
                    combination.get("reference") or product.get("reference") or listing_id, listing_id=listing_id,
                    name=mapping.text(product.get("name")), quantity=stock.get("quantity"),
                    barcode=combination.get("ean13") or product.get("ean13") or None, stock_id=str(stock["id"]),
                )
            )  # fmt: skip
        return Page(found, offset + 100 if len(stocks) == 100 else None)

    # === TELLING === #

    def _get_order(self, channel, values):
        order = self._read_one(channel, "orders", values["order_id"])
        if order is None:
            raise EcomDataError(self.env._("The shop does not know this order."))
        return order

    def _get_state(self, channel, meaning, standard):
        """:return: number of the shop's state of a meaning: a setting, else the standard one"""
        return str(((channel.connector_options or {}).get("order_states") or {}).get(meaning) or standard)

    def _push_shipment(self, channel, task, values):
        order = self._get_order(channel, values)
        rows = self._read(channel, "order_carriers", **{"filter[id_order]": str(order["id"])})
        tracking = values.get("tracking")
        if tracking and rows:
            numbers = [part.strip() for part in (rows[0].get("tracking_number") or "").split(",") if part.strip()]
            if tracking not in numbers:
                keep = {k: v for k, v in rows[0].items() if not isinstance(v, dict | list)}
                keep["tracking_number"] = mapping.tracking_numbers([*numbers, tracking])
                self._send_xml(channel, "PUT", "order_carriers", "order_carrier", keep, rows[0]["id"], self._get_mails(channel))
        answer = self.env._("Tracking number kept with the order.")
        if self._is_last(task):
            self._change_state(channel, order, self._get_state(channel, "shipped", 4))
            answer = self.env._("Tracking number kept, order marked as shipped.")
        return {"ref": str(rows[0]["id"]) if rows else None, "answer": answer}

    def _is_last(self, task):
        """Whether nothing of the order is left to ship here."""
        moves = task.order_id.sale_order_id.order_line.move_ids
        return not moves.filtered(
            lambda move: move.state not in ("done", "cancel") and move.location_dest_id.usage == "customer"
        )

    def _change_state(self, channel, order, number):
        """A state is not entered twice: mails to the buyer hang on it, where they are asked for."""
        if str(order.get("current_state")) != number:
            self._send_xml(channel, "POST", "order_histories", "order_history",
                           {"id_order": order["id"], "id_order_state": number}, params=self._get_mails(channel))  # fmt: skip

    def _get_mails(self, channel):
        """The shop does not write to the buyer by itself, and fails where its mail server does.

        :return: parameters that have it write, or None"""
        return {"sendemail": "1"} if (channel.connector_options or {}).get("send_mails") else None

    def _push_cancel(self, channel, task, values):
        order = self._get_order(channel, values)
        self._change_state(channel, order, self._get_state(channel, "cancelled", 6))
        return {"ref": str(order["id"]), "answer": self.env._("Order marked as cancelled.")}

    def _push_refund(self, channel, task, values):
        """A credit slip. PrestaShop's webservice moves no money: whoever took the payment does. A slip
        has no place for a mark, so that a retry looks for one that was not there at the first try."""
        order = self._get_order(channel, values)
        slips = self._read(channel, "order_slip", **{"filter[id_order]": f"[{order['id']}]"})
        known = {str(slip["id"]) for slip in slips}
        before = (task.payload or {}).get("slips_before")
        vals = mapping.slip_values(order, values)
        if before is None:
            task.payload = {**(task.payload or {}), "slips_before": sorted(known)}
            task._commit()
        else:
            for slip in slips:
                if str(slip["id"]) not in before and mapping.slip_amount(slip) == base.dec(values["amount"]):
                    return {"ref": str(slip["id"]), "answer": self.env._("It was refunded already.")}
        number = self._send_xml(channel, "POST", "order_slip", "order_slip", vals)
        return {"ref": number or None, "answer": self.env._("Credit slip made in the shop. Send the money by its payment module.")}

    def _push_stock(self, channel, items):
        ids = [(item.get("extra") or {}).get("stock_id") for item in items]
        stocks = self._read_ids(channel, "stock_availables", ids)

        def tell(item):
            stock = stocks.get(str((item.get("extra") or {}).get("stock_id")))
            if stock is None:
                return self.env._("The shop does not know it; read the catalogue again.")
            keep = {k: v for k, v in stock.items() if not isinstance(v, dict | list)}
            self._send_xml(channel, "PUT", "stock_availables", "stock_available",
                           {**keep, "quantity": item["quantity"]}, stock["id"])  # fmt: skip
            return None

        return self._push_each(items, tell)


def _local(moment, tz):
    """:param moment: naive UTC datetime. :return: the shop's own time, as its database has it"""
    return moment.replace(tzinfo=timezone.utc).astimezone(base.zone(tz)).strftime("%Y-%m-%d %H:%M:%S")
