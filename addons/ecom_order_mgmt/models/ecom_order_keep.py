from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain


class EcomChannel(models.Model):
    _inherit = "ecom.channel"

    lock_point = fields.Selection(
        [("payment", "When it is confirmed"), ("order", "From the order on, for some time")],
        string="Keep Stock for an Order",
        default="payment",
        required=True,
        help="From the order on: nobody who comes later gets its goods while its buyer pays. "
        "Once it is paid, they are kept until it is confirmed.",
    )
    lock_minutes = fields.Integer(
        "Keep It Unpaid For", default=30, help="Minutes. After that the goods are free for others."
    )
    _lock_minutes_positive = models.Constraint(
        "CHECK (lock_minutes >= 0)", "Times must not be negative."
    )


class EcomOrder(models.Model):
    """Stock that is kept for an order before it is confirmed.

    Nothing is reserved for it in Odoo: an order that comes later does not get what an earlier one
    waits to pay for. Who came first is who was taken in first.
    """

    _inherit = "ecom.order"

    stock_kept_until = fields.Datetime(
        readonly=True, copy=False, help="Until when its goods are kept for it while it is unpaid."
    )

    _kept_idx = models.Index(
        "(company_id, stock_kept_until) WHERE stock_kept_until IS NOT NULL "
        "AND confirmed_at IS NULL AND state = 'accepted'"
    )

    def _accept(self, resolved):
        result = super()._accept(resolved)
        for channel, orders in self.grouped("channel_id").items():
            if channel.lock_point == "order":
                minutes = timedelta(minutes=channel.lock_minutes)
                # It keeps its turn where it is taken in a second time.
                fresh = orders.filtered(lambda order: not order.stock_kept_until)
                fresh.stock_kept_until = fields.Datetime.now() + minutes
        return result

    @api.model
    def _get_kept_domain(self):
        """:return: domain of the orders that stock is kept for now"""
        paid = Domain("payment_state", "=", "paid")
        return (
            Domain("stock_kept_until", "!=", False)
            & Domain("state", "=", "accepted")
            & Domain("confirmed_at", "=", False)
            & Domain("review_state", "in", ("waiting", "held", "approved"))
            & Domain("short_product_ids", "=", False)
            & (paid | Domain("stock_kept_until", ">", fields.Datetime.now()))
        )


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _ecom_get_kept(self, company):
        """:return: dict {ecom.order: {(product, warehouse): quantity}} of what is kept for orders
        that are none of these"""
        kept = self.env["ecom.order"].search(
            Domain("company_id", "=", company.id)
            & Domain("sale_order_id", "not in", self.ids)
            & self.env["ecom.order"]._get_kept_domain(),
            order="id",
        )
        demand = kept.sale_order_id._ecom_get_demand(company)
        return {order.ecom_order_id: wanted for order, wanted in demand.items()}

    def _ecom_get_kept_before(self, kept):
        """:param kept: of :meth:`_ecom_get_kept`
        :return: {(product, warehouse): quantity} of what is kept for those who came before this
            order; for whom nothing is kept himself, all others did"""
        self.ensure_one()
        total = defaultdict(float)
        if kept:
            mine = self.ecom_order_id
            ranked = mine.filtered_domain(mine._get_kept_domain())
            for other, wanted in kept.items():
                if not ranked or other.id < mine.id:
                    for key, quantity in wanted.items():
                        total[key] += quantity
        return total
