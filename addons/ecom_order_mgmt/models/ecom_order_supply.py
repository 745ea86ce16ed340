from collections import defaultdict
from datetime import timedelta

from odoo import fields, models
from odoo.fields import Command, Domain

from ..tools import centroids, sourcing, supply

# What is asked of a sister warehouse first.
_BRINGS = ("transfer", "transfer_buy", "transfer_make")


class StockWarehouse(models.Model):
    _inherit = "stock.warehouse"

    def _ecom_get_minimums(self, products):
        """:return: defaultdict {(warehouse id, product id): what reordering rules want to be there}"""
        groups = self.env["stock.warehouse.orderpoint"]._read_group(
            [("warehouse_id", "in", self.ids), ("product_id", "in", products.ids)],
            ["warehouse_id", "product_id"],
            ["product_min_qty:sum"],
        )
        found = defaultdict(float)
        found.update({(w.id, product.id): quantity for w, product, quantity in groups})
        return found

    def _ecom_get_supply_route(self, sister):
        """:return: Odoo's route by which `sister` resupplies this warehouse; empty: there is none"""
        self.ensure_one()
        return self.resupply_route_ids.filtered(
            lambda route: route.active and route.supplier_wh_id == sister
        )[:1]


class EcomOrder(models.Model):
    """What happens where no warehouse has everything: the rest is brought, or bought.

    Only the choice is made here. Goods are moved and bought by Odoo's own rules when the order is
    confirmed, each piece once, in the same transaction (see `stock_move_supply.py`).
    """

    _inherit = "ecom.order"

    expected_at = fields.Datetime(
        "Goods Expected",
        readonly=True,
        copy=False,
        help="When what this order waits for should be in stock, by what is on its way now.",
    )
    bought_line_ids = fields.Many2many(
        "purchase.order.line",
        "ecom_order_bought_line_rel",
        "order_id",
        "line_id",
        string="Bought Before",
        readonly=True,
        copy=False,
        help="Bought for this order before it was changed; it is not bought a second time.",
    )

    source_again = fields.Boolean(
        readonly=True,
        copy=False,
        help="The way in which warehouses are chosen was changed while the order waited for goods.",
    )

    # === WHEN SETTINGS CHANGE === #

    def _get_shortage_domain(self, channel):
        again = Domain(
            [
                ("channel_id", "=", channel.id),
                ("state", "=", "accepted"),
                ("review_state", "=", "held"),
                ("source_again", "=", True),
            ]
        )
        return super()._get_shortage_domain(channel) | again

    def _retry_shortage_batch(self, final=False):
        result = super()._retry_shortage_batch(final=final)
        self.filtered("source_again").source_again = False
        return result

    # === PLANNING === #

    def _get_sisters(self, warehouses, special):
        """:param warehouses: dict {settings: warehouses that may deliver}
        :param special: warehouses that were chosen for single orders
        :return: the warehouses that may bring something to one of them"""
        sisters = self.env["stock.warehouse"]
        for settings, found in warehouses.items():
            if settings.source_fallback in _BRINGS:
                places = found | special
                sisters |= places.resupply_wh_ids.filtered(
                    lambda w, places=places: w.company_id in places.company_id and w.active
                )
        return sisters

    def _plan_supply(self, run, settings, rated, lines, asked, notes):
        """:param notes: list, to which is added why something cannot be brought or bought
        :return: Plan with `supply`, what is free lowered by it; or None"""
        self.ensure_one()
        tied = sourcing.bundle(lines, self._get_together([line.key for line in lines], asked))
        places = self.env["stock.warehouse"].browse([c.key for c in rated])
        # Odoo buys or makes for a warehouse only where that is allowed on it.
        if settings.source_fallback in ("make", "transfer_make"):
            how = supply.MAKE
            buyable = self._get_makeable(tied, notes)
            buying = set(places.filtered("manufacture_to_resupply").ids)
        elif settings.source_buy == "dropship":
            how, buying = supply.DROPSHIP, set(places.ids)
            buyable = self._get_buyable(settings, tied, notes)
        else:
            how, buying = supply.BUY, set(places.filtered("buy_to_resupply").ids)
            buyable = self._get_buyable(settings, tied, notes)
        found = supply.choose(
            tied,
            rated,
            lambda target: self._get_donors(run, settings, target, asked),
            lambda target: buyable if target.key in buying else frozenset(),
            how,
        )
        if not found:
            return None
        supply.use(found, tied, {w.id: stock for w, stock in run.stock.items()})
        members = {line.key: line.inside for line in tied if line.inside}
        for key, inside in members.items():
            pieces = found.pieces.pop(key)
            for line in inside:
                found.pieces[line.key] = [(kind, place, line.quantity) for kind, place, _ in pieces]
        quantities = {}
        for line in lines:
            here = sum(q for kind, _p, q in found.pieces[line.key] if kind != supply.DROPSHIP)
            if here > sourcing.EPSILON:
                quantities[line.key] = here
        return sourcing.Plan([(found.target, quantities)], len(rated), supply=found)

    def _get_donors(self, run, settings, target, asked):
        """:return: list of candidates with what they can spare, the nearest first"""
        if settings.source_fallback not in _BRINGS:
            return []
        Warehouse = self.env["stock.warehouse"]
        warehouse = Warehouse.browse(target.key)
        now, donors = fields.Datetime.now(), []
        for sister in warehouse.resupply_wh_ids:
            paused = sister.ecom_paused_until and sister.ecom_paused_until > now
            if (
                sister not in run.stock
                or paused
                or sister in self.excluded_warehouse_ids
                or not warehouse._ecom_get_supply_route(sister)
            ):
                continue
            spare = {
                product_id: quantity - run.kept.get((sister.id, product_id), 0.0)
                for product_id, quantity in run.stock[sister].items()
            }
            distance = centroids.distance(
                Warehouse._ecom_locate(sister.partner_id),
                Warehouse._ecom_locate(warehouse.partner_id),
            )
            donors.append(
                sourcing.Candidate(sister.id, sister.name, spare, facts={"distance": distance})
            )
        return sorted(
            donors,
            key=lambda d: (d.facts["distance"] is None, d.facts["distance"] or 0, d.name),
        )

    def _get_buyable(self, settings, lines, notes):
        """:return: set of keys of the lines whose goods can be bought"""
        if settings.source_fallback not in ("buy", "transfer_buy"):
            return set()
        if settings.source_buy == "dropship" and not settings._get_dropship_route():
            notes.append(self.env._("vendors cannot send it: “Drop Shipping” is not installed"))
            return set()
        orders = {line.id: line for line in self.sale_order_id.order_line}
        on_order = self._get_bought_open().product_id
        buyable = set()
        for line in lines:
            why = None
            for member in line.inside or (line,):
                product = orders[member.key].product_id
                if set(member.parts) != {product.id}:
                    why = self.env._("%s is a kit, which is not bought", product.display_name)
                elif product in on_order:
                    why = self.env._("%s is bought for it already", product.display_name)
                elif not product.purchase_ok or not self._get_vendor(product):
                    why = self.env._("%s has no vendor", product.display_name)
            if why:
                notes.append(why)
            else:
                buyable.add(line.key)
        return buyable

    def _get_vendor(self, product):
        return product.with_company(self.company_id)._select_seller(quantity=None)

    def _get_bought_open(self):
        """:return: purchase lines of an earlier life of this order that are still to come"""
        return self.bought_line_ids.filtered(
            lambda line: line.order_id.state in ("purchase", "to approve")
            and line.qty_received < line.product_qty
        )

    # === WHEN === #

    def _get_supply_date(self, found, now):
        """:return: when everything is in the warehouse that the order leaves from"""
        dates = [now]
        warehouse = self.env["stock.warehouse"].browse(found.target.key)
        for kind, place, key in {
            (kind, place, key) for key, pieces in found.pieces.items() for kind, place, _q in pieces
        }:
            if kind == supply.TRANSFER:
                dates.append(self._get_transfer_date(place, warehouse, now))
            elif kind == supply.BUY:
                dates.append(now + self._get_vendor_time(key))
            elif kind == supply.MAKE:
                dates.append(now + self._get_make_time(key))
        return max(dates)

    def _get_transfer_date(self, place, warehouse, now):
        sister = self.env["stock.warehouse"].browse(place)
        distance = centroids.distance(
            sister._ecom_locate(sister.partner_id), sister._ecom_locate(warehouse.partner_id)
        )
        listed = sum(warehouse._ecom_get_supply_route(sister).rule_ids.mapped("delay"))
        days = max(listed, sourcing.days_on_the_road(distance))
        return sister._ecom_get_ship_date(now) + timedelta(days=days)

    def _get_vendor_time(self, line_id):
        product = self.env["sale.order.line"].browse(line_id).product_id
        vendor = self._get_vendor(product)
        return timedelta(days=vendor.delay + self.company_id.days_to_purchase)

    def _get_dropship_dates(self, found, now):
        return [
            now + self._get_vendor_time(key)
            for key, pieces in found.pieces.items()
            if any(kind == supply.DROPSHIP for kind, _place, _quantity in pieces)
        ]

    def _note_expected(self, waiting):
        """:param waiting: dict {order: list of (product, warehouse, wanted, free)}"""
        products = self.env["product.product"].union(
            *(product for short in waiting.values() for product, *_rest in short)
        )
        dates = {}
        if products:
            groups = self.env["stock.move"]._read_group(
                [
                    ("product_id", "in", products.ids),
                    ("state", "in", ("waiting", "confirmed", "partially_available", "assigned")),
                    ("location_id.usage", "in", ("supplier", "production", "transit")),
                    ("location_dest_id.usage", "=", "internal"),
                    ("company_id", "in", self.company_id.ids),
                ],
                ["product_id"],
                ["date:min"],
            )
            dates = dict(groups)
        for order in self:
            found = [dates.get(product) for product, *_rest in waiting.get(order, ())]
            expected = max(found) if found and all(found) else False
            if order.expected_at != expected:
                order.expected_at = expected
            if found:
                due = expected or order.ship_by
                order.exception_ids.filtered(
                    lambda e: e.type == "stock_shortage" and e.state == "open"
                ).due_at = due

    # === WHAT IS STORED === #

    def _mark_supply(self, allocation, pieces, found, parcel):
        """Say of a line's allocation where its goods come from.

        :param allocation: list of [warehouse, parcel, quantity]
        :param parcel: number of the parcel that the vendor sends
        :return: list of the same, and of [warehouse, parcel, quantity, kind, sister or False]
        """
        here = [piece for piece in pieces if piece[0] != supply.DROPSHIP]
        result = [
            [warehouse, number, quantity]
            if kind == supply.STOCK
            else [warehouse, number, quantity, kind, place or False]
            for (warehouse, number), kind, place, quantity in supply.spread(
                [((entry[0], entry[1]), entry[2]) for entry in allocation], here
            )
        ]
        sent = sum(quantity for kind, _place, quantity in pieces if kind == supply.DROPSHIP)
        if sent:
            result.append([found.target.key, parcel, sent, supply.DROPSHIP, False])
        return result

    def _explain_supply(self, found, texts):
        """:param texts: names of the places, with how far they are"""
        lines = {line.id: line for line in self.sale_order_id.order_line}
        by_source = defaultdict(list)
        for key, pieces in found.pieces.items():
            product = lines[key].product_id
            for kind, place, quantity in pieces:
                if kind != supply.STOCK:
                    by_source[kind, place].append(
                        f"{quantity:g} × {product.default_code or product.display_name}"
                    )
        parts = []
        for (kind, place), goods in by_source.items():
            name = self.env["stock.warehouse"].browse(place or []).name
            text = {
                supply.TRANSFER: self.env._("%(goods)s is brought from %(name)s"),
                supply.BUY: self.env._("%(goods)s is bought"),
                supply.MAKE: self.env._("%(goods)s is made"),
                supply.DROPSHIP: self.env._("%(goods)s is sent to the buyer by the vendor"),
            }[kind]
            parts.append(text % {"goods": ", ".join(goods), "name": name})
        return self.env._(
            "No warehouse has everything. It leaves from %(target)s; %(parts)s.",
            target=texts[0],
            parts="; ".join(parts),
        )

    def _describe_supply(self, found):
        names = dict(
            self.env["stock.warehouse"]
            .browse({p for pieces in found.pieces.values() for _k, p, _q in pieces if p})
            .mapped(lambda w: (w.id, w.name))
        )
        return [
            {"line": key, "supply": kind, "from": names.get(place), "quantity": quantity}
            for key, pieces in found.pieces.items()
            for kind, place, quantity in pieces
        ]

    # === AFTERWARDS === #

    def _has_left(self):
        """What a vendor was told to send to the buyer cannot be called back by us."""
        return super()._has_left() or bool(self._get_dropship_lines("purchase"))

    def _get_dropship_lines(self, *states):
        """:return: purchase lines, in orders of these states, that go straight to the buyer"""
        lines = self.sale_order_id.order_line
        found = self.env["purchase.order.line"]
        # Sale and purchase are linked by Odoo's own glue, which comes with Drop Shipping. Whoever
        # changes an order need not see purchases.
        if "purchase_line_ids" in lines._fields:
            found = lines.sudo().purchase_line_ids.filtered(
                lambda line: line.order_id.state in states
                and line.order_id.picking_type_id.code == "dropship"
            )
        return found

    def _keep_bought(self, lines):
        self.bought_line_ids = [Command.link(line.id) for line in lines]
