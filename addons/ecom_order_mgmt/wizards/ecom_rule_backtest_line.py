from odoo import fields, models


class EcomRuleBacktestLine(models.TransientModel):
    """What rules would have done to one past order."""

    _name = "ecom.rule.backtest.line"
    _description = "Past Order Under Tried Rules"
    _order = "differs desc, outcome desc, id"

    backtest_id = fields.Many2one(
        "ecom.rule.backtest", required=True, index=True, ondelete="cascade"
    )
    order_id = fields.Many2one("ecom.order", "Order", required=True, ondelete="cascade")
    placed_at = fields.Datetime(related="order_id.placed_at")
    customer_name = fields.Char(related="order_id.customer_name")
    currency_id = fields.Many2one(related="order_id.currency_id")
    amount_total = fields.Monetary(related="order_id.amount_total", currency_field="currency_id")
    outcome = fields.Selection([("held", "Held"), ("approved", "Approved")], "Would Be")
    was = fields.Selection([("held", "Held"), ("approved", "Approved")])
    differs = fields.Boolean("Different")
    reason = fields.Text("Why")
