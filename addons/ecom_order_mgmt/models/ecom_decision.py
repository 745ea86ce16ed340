from odoo import fields, models


class EcomDecision(models.Model):
    """One automatic choice about an order, and why it was made."""

    _name = "ecom.decision"
    _description = "Automatic Decision"
    _order = "id desc"

    order_id = fields.Many2one("ecom.order", required=True, index=True, ondelete="cascade")
    channel_id = fields.Many2one(related="order_id.channel_id")
    company_id = fields.Many2one(related="order_id.company_id", store=True, index=True)
    stage = fields.Selection(
        [
            ("intake", "Intake"),
            ("customer", "Customer"),
            ("total", "Totals"),
            ("review", "Review"),
            ("change", "Change"),
            ("source", "Warehouse"),
            ("split", "Split"),
            ("reserve", "Reservation"),
            ("merge", "Merge"),
            ("carrier", "Carrier"),
            ("intercept", "Interception"),
        ],
        required=True,
    )
    summary = fields.Text(required=True, help="What was decided and why.")
    rule = fields.Char(help="The setting or rule that decided.")
    details = fields.Json(help="What was looked at, and what was rejected.")
