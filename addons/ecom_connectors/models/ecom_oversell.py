from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import oversell


class EcomOversell(models.Model):
    """A shop sold what is not there: which order, how it came to that, and what can be done.

    Made when an order is held because stock does not cover it, and what comes in before its date
    does not either. Solved when the order waits for stock no more. The cause is read from the
    ledger of what the shop was told and from what was sold in between; it stays as evidence.
    """

    _name = "ecom.oversell"
    _description = "Oversold Goods"
    _order = "state, id desc"
    _rec_name = "order_id"

    order_id = fields.Many2one(
        "ecom.order", "Channel Order", required=True, readonly=True, ondelete="cascade", index=True
    )
    channel_id = fields.Many2one(related="order_id.channel_id", store=True, index=True)
    company_id = fields.Many2one(related="order_id.company_id", store=True, index=True)
    ship_by = fields.Datetime(related="order_id.ship_by")
    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="cascade", index=True
    )
    listing_id = fields.Many2one(
        "ecom.listing", readonly=True, ondelete="set null", index="btree_not_null"
    )
    wanted = fields.Float(readonly=True)
    free = fields.Float("Free Here", readonly=True)
    inbound = fields.Float("Coming In", readonly=True, help="Before the order has to leave.")
    cause = fields.Selection(
        [
            ("latency", "Others sold before this shop knew"),
            ("shop", "The shop sold more than it was told"),
            ("count", "A count found fewer"),
            ("rule", "A rule shows more than there is"),
            ("not_taken", "The shop did not take the quantity"),
            ("stopped", "Publishing was stopped"),
            ("not_published", "The shop is not told of stock"),
            ("unknown", "Unknown"),
        ],
        required=True,
        readonly=True,
    )
    chain = fields.Text("How It Came to That", readonly=True)
    proposals = fields.Text("What Can Be Done", readonly=True)
    latency = fields.Float(
        "Seconds to Show", readonly=True, help="From computing the last quantity to the shop's yes."
    )
    state = fields.Selection(
        [("open", "Open"), ("solved", "Solved")], default="open", required=True, readonly=True
    )
    solved_at = fields.Datetime(readonly=True)

    _open_uniq = models.UniqueIndex("(order_id, product_id) WHERE state = 'open'")

    @api.model
    def _note(self, missing):
        """:param missing: dict {ecom.order: list of (product, warehouse, wanted, free)} that is held
        :return: the new incidents"""
        wanted = {
            (order, product): (warehouse, pieces, free)
            for order, short in missing.items()
            if order.channel_id.is_platform
            for product, warehouse, pieces, free in short
        }
        orders = self.env["ecom.order"].union(*(order for order, _product in wanted))
        known = self.search([("order_id", "in", orders.ids), ("state", "=", "open")])
        for incident in known:
            wanted.pop((incident.order_id, incident.product_id), None)
        if not wanted:
            return self
        facts = self._get_facts([(order, product) for order, product in wanted])
        inbound = self._get_inbound([(order, product, w) for (order, product), (w, *_) in wanted.items()])
        elsewhere = self._get_elsewhere(wanted)
        vals_list = []
        for key, (warehouse, pieces, free) in wanted.items():
            order, product = key
            coming, when = inbound.get(key, (0.0, None))
            if coming + max(free, 0) >= pieces and order.ship_by:
                continue  # it comes in time
            row = facts[key]
            vals_list.append(
                {
                    "order_id": order.id,
                    "product_id": product.id,
                    "listing_id": row["listing_id"],
                    "wanted": pieces,
                    "free": max(free, 0),
                    "inbound": coming,
                    "cause": oversell.cause(self._to_facts(order, row, pieces)),
                    "chain": self._tell_chain(order, row, pieces),
                    "proposals": self._tell_proposals(
                        pieces, free, coming, when, elsewhere.get(product.id, []), warehouse
                    ),
                    "latency": (row["acknowledged_at"] - row["computed_at"]).total_seconds()
                    if row["acknowledged_at"]
                    else 0,
                }
            )
        return self.create(vals_list)

    @api.model
    def _to_facts(self, order, row, pieces):
        return oversell.Facts(
            wanted=pieces,
            placed_at=order.placed_at,
            publishing=bool(order.channel_id.stock_publish and row["publish"]),
            blocked=bool(order.channel_id.stock_blocked),
            told=row["quantity"],
            available=row["available"] or 0.0,
            computed_at=row["computed_at"],
            acknowledged_at=row["acknowledged_at"],
            refused=row["state"] == "refused",
            sold_here=float(row["sold_here"]),
            sold_elsewhere=float(row["sold_elsewhere"]),
            counted_down=float(row["counted_down"]),
        )

    @api.model
    def _get_facts(self, keys):
        """:return: {(order, product): dict of the last message before the order and what happened
        since}, from one query"""
        for name in ("ecom.listing", "ecom.stock.push", "ecom.order", "sale.order", "sale.order.line", "stock.move"):
            self.env[name].flush_model()
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT w.number, l.id AS listing_id, coalesce(l.publish, FALSE) AS publish,
                       p.quantity, p.available, p.formula, p.state, p.computed_at, p.sent_at,
                       p.acknowledged_at, coalesce(s.here, 0) AS sold_here,
                       coalesce(s.elsewhere, 0) AS sold_elsewhere, s.shops,
                       coalesce(c.pieces, 0) AS counted_down
                  FROM unnest(%(numbers)s, %(orders)s, %(products)s) AS w(number, order_id, product_id)
                  JOIN ecom_order o ON o.id = w.order_id
                  LEFT JOIN LATERAL (
                       SELECT * FROM ecom_listing
                        WHERE channel_id = o.channel_id AND product_id = w.product_id
                        ORDER BY id LIMIT 1) l ON TRUE
                  LEFT JOIN LATERAL (
                       SELECT * FROM ecom_stock_push
                        WHERE listing_id = l.id AND state IN ('sent', 'acknowledged', 'refused', 'superseded')
                          AND computed_at <= coalesce(o.placed_at, o.create_date)
                        ORDER BY id DESC LIMIT 1) p ON TRUE
                  LEFT JOIN LATERAL (
                       SELECT sum(q.pieces) FILTER (WHERE q.channel_id = o.channel_id
                                                      AND q.sold_at > p.computed_at) AS here,
                              sum(q.pieces) FILTER (WHERE q.channel_id IS DISTINCT FROM o.channel_id)
                                  AS elsewhere,
                              string_agg(DISTINCT q.name, ', ')
                                  FILTER (WHERE q.channel_id IS DISTINCT FROM o.channel_id) AS shops
                         FROM (SELECT sl.product_uom_qty AS pieces, eo.channel_id, ch.name,
                                      coalesce(eo.placed_at, so.create_date) AS sold_at
                                 FROM sale_order_line sl
                                 JOIN sale_order so ON so.id = sl.order_id AND so.state != 'cancel'
                                 LEFT JOIN ecom_order eo ON eo.id = so.ecom_order_id
                                 LEFT JOIN ecom_channel ch ON ch.id = eo.channel_id
                                WHERE sl.product_id = w.product_id AND p.id IS NOT NULL
                                  AND eo.id IS DISTINCT FROM o.id
                                  AND coalesce(eo.placed_at, so.create_date) >= p.computed_at
                                  AND coalesce(eo.placed_at, so.create_date)
                                      <= coalesce(o.placed_at, o.create_date)) q) s ON TRUE
                  LEFT JOIN LATERAL (
                       SELECT sum(m.product_qty) AS pieces
                         FROM stock_move m
                         JOIN stock_location f ON f.id = m.location_id AND f.usage = 'internal'
                        WHERE m.product_id = w.product_id AND m.is_inventory AND m.state = 'done'
                          AND m.date >= p.computed_at) c ON TRUE
                """,
                numbers=list(range(len(keys))),
                orders=[order.id for order, _product in keys],
                products=[product.id for _order, product in keys],
            )
        )
        return {keys[row["number"]]: row for row in rows}

    @api.model
    def _get_inbound(self, keys):
        """:return: {(order, product): (pieces that come into its warehouse before it must leave, when)}"""
        products = self.env["product.product"].union(*(product for _o, product, _w in keys))
        warehouses = self.env["stock.warehouse"].union(*(warehouse for _o, _p, warehouse in keys))
        groups = self.env["stock.move"]._read_group(
            [
                ("product_id", "in", products.ids),
                ("state", "in", ("confirmed", "waiting", "assigned", "partially_available")),
                ("location_id.usage", "in", ("supplier", "production", "transit")),
                ("location_dest_id", "child_of", warehouses.view_location_id.ids),
            ],
            ["product_id", "location_dest_id.warehouse_id", "date:day"],
            ["product_qty:sum"],
        )
        result = {}
        for order, product, warehouse in keys:
            days = [
                (day, pieces)
                for item, place, day, pieces in groups
                if item == product and place == warehouse
                and (not order.ship_by or day.date() <= order.ship_by.date())
            ]  # fmt: skip
            if days:
                result[order, product] = (sum(p for _d, p in days), max(d for d, _p in days).date())
        return result

    @api.model
    def _get_elsewhere(self, wanted):
        """:return: {product id: list of (warehouse, free pieces)} of other warehouses of the company"""
        products = self.env["product.product"].union(*(product for _order, product in wanted))
        companies = {order.company_id.id for order, _product in wanted}
        warehouses = self.env["stock.warehouse"].search([("company_id", "in", list(companies))])
        result = {}
        for (product_id, warehouse_id), free in warehouses._ecom_get_free(products).items():
            if free > 0:
                warehouse = self.env["stock.warehouse"].browse(warehouse_id)
                result.setdefault(product_id, []).append((warehouse, free))
        return result

    # === IN WORDS === #

    @api.model
    def _tell_chain(self, order, row, pieces):
        moment = lambda at: fields.Datetime.to_string(at) if at else "-"  # noqa: E731
        if row["quantity"] is None:
            lines = [self.env._("The shop was never told how many there are.")]
        else:
            lines = [
                self.env._("%(at)s computed: %(formula)s", at=moment(row["computed_at"]), formula=row["formula"]),
                self.env._("%(at)s sent: %(pieces)s", at=moment(row["sent_at"]), pieces=row["quantity"]),
                self.env._("%(at)s acknowledged by the shop", at=moment(row["acknowledged_at"]))
                if row["acknowledged_at"]
                else self.env._("never acknowledged by the shop"),
            ]
            if row["sold_here"]:
                lines.append(self.env._("since then sold here: %(pieces)g", pieces=row["sold_here"]))
            if row["sold_elsewhere"]:
                lines.append(
                    self.env._("since then sold elsewhere: %(pieces)g (%(shops)s)",
                               pieces=row["sold_elsewhere"], shops=row["shops"] or "-")
                )  # fmt: skip
            if row["counted_down"]:
                lines.append(self.env._("since then counted away: %(pieces)g", pieces=row["counted_down"]))
        if order.channel_id.stock_blocked:
            lines.append(self.env._("Publishing is stopped: %(reason)s", reason=order.channel_id.stock_blocked))
        lines.append(self.env._("%(at)s bought: %(pieces)g", at=moment(order.placed_at), pieces=pieces))
        return "\n".join(lines)

    @api.model
    def _tell_proposals(self, pieces, free, coming, when, elsewhere, warehouse):
        lines = [
            self.env._("Send it from %(warehouse)s, where %(free)g are free.", warehouse=other.name, free=there)
            for other, there in elsewhere
            if other != warehouse and there >= pieces
        ]
        if 0 < free < pieces:
            lines.append(self.env._("Send %(free)g now and the rest later.", free=free))
        if coming:
            lines.append(self.env._("Wait: %(pieces)g come in until %(day)s.", pieces=coming, day=when))
        else:
            lines.append(self.env._("Wait for goods that are not ordered yet, and say so to the buyer."))
        lines.append(self.env._("Offer the buyer something else, or cancel the order."))
        return "\n".join(lines)

    def action_open_order(self):
        """Button: the order, where it is decided."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "ecom.order",
            "res_id": self.order_id.id,
            "view_mode": "form",
        }


class EcomOrder(models.Model):
    _inherit = "ecom.order"

    def _hold_for_stock(self, missing, messages=None):
        result = super()._hold_for_stock(missing, messages=messages)
        # The pipeline tells what it found; nobody makes incidents by hand.
        self.env["ecom.oversell"].sudo()._note(missing)
        return result


class EcomException(models.Model):
    _inherit = "ecom.exception"

    def _resolve(self, reason):
        result = super()._resolve(reason)
        orders = self.filtered(lambda e: e.type == "stock_shortage").order_id
        if orders:
            # Whoever may decide about the order closes what is written about it.
            self.env["ecom.oversell"].sudo().search(
                [("order_id", "in", orders.ids), ("state", "=", "open")]
            ).write({"state": "solved", "solved_at": fields.Datetime.now()})
        return result
