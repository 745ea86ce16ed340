from odoo import fields, models


class EcomDecision(models.Model):
    """One automatic choice about an order, and why it was made."""

    _name = "ecom.decision"
    _description = "Automatic Decision"
    _order = "id desc"

    order_id = fields.Many2one("ecom.order", required=True, index=True, ondelete="cascade")
    channel_id = fields.Many2one(related="order_id.channel_id")
    company_id = fields.Many2one(
        related="order_id.company_id", store=True, precompute=True, index=True
    )
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
    rule_id = fields.Many2one(
        "ecom.rule", "Order Rule", readonly=True, index="btree_not_null", ondelete="set null"
    )
    rule_version = fields.Integer(readonly=True, help="Version of the rule that decided.")
    order_version = fields.Integer(
        readonly=True, help="Version of the order that the rule looked at; it acts once on each."
    )
    details = fields.Json(help="What was looked at, and what was rejected.")

    # Two workers, or a worker that is killed and starts again: a rule still acts once only.
    _rule_once_uniq = models.UniqueIndex(
        "(order_id, rule_id, order_version) WHERE rule_id IS NOT NULL AND stage = 'review'",
        "The rule has acted on this version of the order already.",
    )
