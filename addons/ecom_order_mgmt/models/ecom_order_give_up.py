from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain


class EcomChannel(models.Model):
    _inherit = "ecom.channel"

    give_up_days = fields.Integer(
        "Cancel After Waiting (Days)",
        help="An order that has waited for goods so long is cancelled, and the channel is told. "
        "0: it waits until somebody decides.",
    )

    _give_up_positive = models.Constraint(
        "CHECK (give_up_days >= 0)", "An order cannot wait for less than no time."
    )

    def write(self, vals):
        result = super().write(vals)
        if "give_up_days" in vals:
            # Settings are the manager's, orders the pipeline's.
            self.sudo()._date_waiting_orders()
        return result

    def _date_waiting_orders(self):
        Order = self.env["ecom.order"]
        for channel in self:
            domain = Domain("channel_id", "=", channel.id) & Domain(Order._get_waiting_domain())
            for order in Order.search(domain):
                order.give_up_at = order._get_give_up_date()
            channel._trigger_processing()

    def _get_pipeline(self):
        """Orders whose goods came just in time go on before the others are given up."""
        steps = super()._get_pipeline()
        index = [step for _domain, step in steps].index("_retry_shortage_batch") + 1
        domain = self.env["ecom.order"]._get_give_up_domain()
        return [*steps[:index], (domain, "_give_up_batch"), *steps[index:]]


class EcomOrder(models.Model):
    """Orders do not wait for goods forever: from a date on they are cancelled."""

    _inherit = "ecom.order"

    waits_since = fields.Datetime("Waits for Goods Since", readonly=True, copy=False)
    give_up_at = fields.Datetime(
        "Cancelled On",
        readonly=True,
        copy=False,
        help="If the goods that it waits for are not there by then.",
    )

    _give_up_idx = models.Index("(channel_id, give_up_at) WHERE give_up_at IS NOT NULL")

    @api.model
    def _get_waiting_domain(self):
        return [
            ("state", "=", "accepted"),
            ("review_state", "=", "held"),
            ("short_product_ids", "!=", False),
        ]

    @api.model
    def _get_give_up_domain(self):
        return [*self._get_waiting_domain(), ("give_up_at", "<=", fields.Datetime.now())]

    def _get_give_up_date(self):
        """:return: when this order, which waits for goods, is given up; or False"""
        self.ensure_one()
        days = self.channel_id.give_up_days
        return (self.waits_since + timedelta(days=days)) if days and self.waits_since else False

    def _hold_for_stock(self, missing, messages=None):
        result = super()._hold_for_stock(missing, messages)
        now = fields.Datetime.now()
        for order in missing:
            # It waits since it was held first, however often stock is looked at again.
            if not order.waits_since:
                order.waits_since = now
            date = order._get_give_up_date()
            if order.give_up_at != date:
                order.give_up_at = date
                order.channel_id._trigger_processing(at=date)
        return result

    def write(self, vals):
        """What is not held any more does not wait any more."""
        if vals.get("review_state", "held") != "held":
            vals = {**vals, "waits_since": False, "give_up_at": False}
        return super().write(vals)

    def _give_up_batch(self, final=False):
        """Cancel orders that have waited for goods too long. :return: counts by outcome"""
        now = fields.Datetime.now()
        todo = self.filtered(
            lambda order: order.review_state == "held"
            and order.short_product_ids
            and order.give_up_at
            and order.give_up_at <= now
            # What waits for a person as well is the person's to decide.
            and order._get_blocking_exceptions().mapped("type") == ["stock_shortage"]
        )
        todo._guarded(lambda orders: orders._give_up(), final)
        return {"given_up": len(todo.filtered(lambda order: order.review_state == "rejected"))}

    def _give_up(self):
        for days, orders in self.grouped(lambda order: order.channel_id.give_up_days).items():
            reason = self.env._("The goods did not arrive in %s days.", days)
            orders._decide("reserve", self.env._("Cancelled: %s", reason))
            orders.action_reject(reason)
