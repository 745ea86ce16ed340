from odoo import api, fields, models

HISTORY = 20


class EcomOrder(models.Model):
    """What a reviewer sees beside the reasons: the buyer's history, and what will happen."""

    _inherit = "ecom.order"

    open_exception_ids = fields.One2many(
        "ecom.exception", "order_id", "Why It Waits", domain=[("state", "=", "open")], readonly=True
    )
    due_at = fields.Datetime(
        "Look By",
        compute="_compute_due_at",
        help="The earliest time by which a person should look.",
    )
    buyer_history_ids = fields.Many2many(
        "ecom.order", string="Buyer's Other Orders", compute="_compute_buyer_history_ids"
    )
    plan_warehouse_id = fields.Many2one(
        "stock.warehouse", "From Warehouse", compute="_compute_plan", compute_sudo=True
    )
    plan_carrier_id = fields.Many2one(
        "delivery.carrier", "By Carrier", compute="_compute_plan", compute_sudo=True
    )
    plan_date = fields.Datetime("Ships By", compute="_compute_plan", compute_sudo=True)
    plan_stock = fields.Char("Stock", compute="_compute_plan", compute_sudo=True)

    @api.depends("exception_ids.due_at", "exception_ids.state")
    def _compute_due_at(self):
        for order in self:
            dates = order.exception_ids.filtered(lambda e: e.state == "open").mapped("due_at")
            order.due_at = min(filter(None, dates), default=False)

    @api.depends("partner_id")
    def _compute_buyer_history_ids(self):
        """The last orders of the buyer that this user may see."""
        others = {}
        for order in self.search(
            [("partner_id", "in", self.partner_id.ids)], limit=HISTORY * max(len(self), 1) + 1
        ):
            others.setdefault(order.partner_id, self.browse())
            others[order.partner_id] |= order
        for order in self:
            mine = (
                others.get(order.partner_id, self.browse()) if order.partner_id else self.browse()
            )
            order.buyer_history_ids = (mine - order._origin)[:HISTORY]

    @api.depends(
        "sale_order_id.warehouse_id", "sale_order_id.carrier_id", "ship_by", "review_state"
    )
    def _compute_plan(self):
        shortages = self._get_shortages()
        for order in self:
            sale_order = order.sale_order_id
            order.plan_warehouse_id = sale_order.warehouse_id
            order.plan_carrier_id = sale_order.carrier_id
            order.plan_date = (
                order.ship_by or sale_order.commitment_date or sale_order.expected_date
            )
            if not sale_order or order.confirmed_at:
                order.plan_stock = False
            else:
                order.plan_stock = shortages.get(order.id) or self.env._("all there")

    def _get_shortages(self):
        """:return: {order id: what is missing, in words} of orders that are not confirmed yet"""
        todo = self.filtered(lambda order: order.sale_order_id and not order.confirmed_at)
        return self.env["ecom.rule.check"]._check_stock_shortage(todo, False) if todo else {}
