from datetime import datetime

from odoo import fields, models
from odoo.fields import Domain


class EcomException(models.Model):
    _inherit = "ecom.exception"

    type = fields.Selection(
        selection_add=[("stock_shortage", "Not enough stock")],
        ondelete={"stock_shortage": "cascade"},
    )


class EcomChannel(models.Model):
    _inherit = "ecom.channel"

    shortage_policy = fields.Selection(
        [
            ("hold", "Hold the order until everything is there"),
            ("backorder", "Deliver what is there, the rest later"),
        ],
        string="When Stock Is Short",
        default="hold",
        required=True,
        help="Orders that are held promise nothing: they go on by themselves when goods arrive. "
        "Whatever is chosen, nothing is reserved that is not there.",
    )

    late_cost = fields.Float(
        "Cost of a Late Order",
        help="What the channel takes for an order that leaves too late, in points or money. Of orders "
        "that are due at the same time, the dearest to be late with gets the last piece. The same "
        "measure for all channels.",
    )
    _late_cost_positive = models.Constraint(
        "CHECK (late_cost >= 0)", "What a late order costs must not be negative."
    )

    def _get_pipeline(self):
        """Orders that wait for goods go on before later ones are confirmed."""
        steps = super()._get_pipeline()
        names = [step for _domain, step in steps]
        index = names.index("_source_batch" if "_source_batch" in names else "_confirm_batch")
        domain = self.env["ecom.order"]._get_shortage_domain(self)
        return [*steps[:index], (domain, "_retry_shortage_batch"), *steps[index:]]


class EcomOrder(models.Model):
    """Orders that stock cannot cover wait, and go on by themselves when goods arrive."""

    _inherit = "ecom.order"

    short_product_ids = fields.Many2many(
        "product.product",
        "ecom_order_short_product_rel",
        "order_id",
        "product_id",
        string="Missing Goods",
        readonly=True,
        copy=False,
    )
    backorder_allowed = fields.Boolean(
        readonly=True,
        copy=False,
        help="Somebody approved the order although stock is short: what is there is delivered, "
        "the rest follows.",
    )

    def _needs_cover(self):
        """:return: whether everything must be in stock before this order is confirmed"""
        self.ensure_one()
        return (
            self.channel_id.shortage_policy == "hold"
            and not self.backorder_allowed
            and self.fulfilled_by != "platform"
        )

    def _get_urgency(self):
        """:return: sort key: who gets the last piece. What is due first goes first; of two that are
        due at the same time, the urgent one, then the one that costs most to be late with, then
        the one that was placed first."""
        self.ensure_one()
        return (
            self.ship_by or datetime.max,
            self.priority != "1",
            -self.channel_id.late_cost,
            self.placed_at or datetime.max,
            self.id,
        )

    def _hold_for_stock(self, missing, messages=None):
        """:param missing: dict {order: list of (product, warehouse, wanted, free)}
        :param messages: dict {order: text}, where more is to say than what is missing"""
        decisions, exceptions = [], []
        for order, short in missing.items():
            message = (messages or {}).get(order) or self.env._(
                "Not enough stock: %(goods)s.",
                goods=", ".join(
                    self.env._(
                        "%(product)s (%(wanted)g wanted, %(free)g free in %(warehouse)s)",
                        product=product.default_code or product.display_name,
                        wanted=wanted,
                        free=max(free, 0),
                        warehouse=warehouse.name,
                    )
                    for product, warehouse, wanted, free in short
                ),
            )
            order.write(
                {
                    "review_state": "held",
                    "hold_reason": message,
                    "hold_until": False,
                    "short_product_ids": [
                        fields.Command.set([product.id for product, *_rest in short])
                    ],
                }
            )
            same = order.exception_ids.filtered(
                lambda e: e.type == "stock_shortage" and e.state == "open"
            )
            if same:
                same.message = message
            else:
                exceptions.append(
                    {"order_id": order.id, "type": "stock_shortage", "message": message}
                )
            decisions.append(
                {
                    "order_id": order.id,
                    "stage": "reserve",
                    "rule": "shortage_policy",
                    "summary": self.env._(
                        "Held, nothing is promised. %(message)s It goes on by itself when goods "
                        "arrive.",
                        message=message,
                    ),
                    "details": [
                        {
                            "product": product.default_code or product.display_name,
                            "warehouse": warehouse.name,
                            "wanted": wanted,
                            "free": free,
                        }
                        for product, warehouse, wanted, free in short
                    ],
                }
            )
        self.env["ecom.exception"].create(exceptions)
        self.env["ecom.decision"].create(decisions)

    def action_approve(self, reason=None):
        short = self.filtered(
            lambda order: order.exception_ids.filtered(
                lambda e: e.type == "stock_shortage" and e.state == "open"
            )
        )
        result = super().action_approve(reason=reason)
        # Approving was the right that was checked; the fields are the pipeline's.
        short.sudo().write({"backorder_allowed": True, "short_product_ids": [(5, 0, 0)]})
        return result

    def _apply_new_content(self, resolved, changes):
        """What was missing may not be in the order any more: it is reviewed again."""
        waiting = self.review_state == "held" and bool(self.short_product_ids)
        result = super()._apply_new_content(resolved, changes)
        if waiting and self.cause != "changed_too_late":
            self.exception_ids.filtered(lambda e: e.type == "stock_shortage")._resolve(
                self.env._("The channel sent a new version")
            )
            self.short_product_ids = False
            if not self._get_blocking_exceptions():
                self.write({"review_state": "waiting", "hold_reason": False})
        return result

    # === WHEN GOODS ARRIVE === #

    def _note_arrival(self, products):
        """Goods are on the shelves: wake the timer where an order waits for them."""
        waiting = self.search(
            [("review_state", "=", "held"), ("short_product_ids", "in", products.ids)]
        )
        waiting.channel_id._trigger_processing()

    def _get_shortage_domain(self, channel):
        """:return: domain of the held orders of `channel` that may be coverable now: one of the
        products they miss is there. Only the products that are missed are looked at."""
        held = Domain(
            [
                ("channel_id", "=", channel.id),
                ("state", "=", "accepted"),
                ("review_state", "=", "held"),
                ("hold_until", "=", False),
                ("short_product_ids", "!=", False),
            ]
        )
        groups = self._read_group(held, ["short_product_ids"])
        products = self.env["product.product"].union(*(product for (product,) in groups))
        if not products:
            return Domain.FALSE
        warehouses = self.env["stock.warehouse"].search(
            [("company_id", "=", channel.company_id.id)]
        )
        free = warehouses._ecom_get_free(products)
        there = {product_id for (product_id, _w), quantity in free.items() if quantity > 0}
        return held & Domain("short_product_ids", "in", list(there)) if there else Domain.FALSE

    def _retry_shortage_batch(self, final=False):
        """Let held orders go on that stock covers by now. :return: counts by outcome"""
        todo = self.filtered(
            lambda order: order.review_state == "held"
            and order.short_product_ids
            and order._get_blocking_exceptions().mapped("type") == ["stock_shortage"]
        )
        covered = todo._get_coverable()
        covered.exception_ids.filtered(lambda e: e.type == "stock_shortage")._resolve(
            self.env._("Goods arrived")
        )
        covered.write(
            {
                "review_state": "approved",
                "hold_reason": False,
                "short_product_ids": [(5, 0, 0)],
            }
        )
        covered._decide("reserve", self.env._("Goes on: what it waited for is in stock now."))
        return {"restocked": len(covered)}

    def _get_coverable(self):
        """:return: those of these orders that stock covers now, the most urgent first"""
        short = self.browse()
        for company, orders in self.grouped("company_id").items():
            missing = orders.sale_order_id._ecom_find_missing(company, take=False)
            short |= self.browse([order.ecom_order_id.id for order in missing])
        return self - short
