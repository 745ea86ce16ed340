from odoo import fields, models


class EcomException(models.Model):
    """A reason why an order waits. An order can have several; they stay as history when solved."""

    _name = "ecom.exception"
    _description = "Order Exception"
    _order = "state, id desc"

    order_id = fields.Many2one("ecom.order", required=True, index=True, ondelete="cascade")
    channel_id = fields.Many2one(related="order_id.channel_id", store=True, index=True)
    company_id = fields.Many2one(related="order_id.company_id", store=True, index=True)
    type = fields.Selection(
        [
            ("total_difference", "Total differs"),
            ("changed_too_late", "Changed too late"),
            ("manual", "Held by a person"),
        ],
        required=True,
    )
    message = fields.Text(required=True)
    blocking = fields.Boolean(default=True)
    state = fields.Selection([("open", "Open"), ("resolved", "Resolved")], default="open")
    resolved_at = fields.Datetime(readonly=True)
    resolved_by_id = fields.Many2one("res.users", readonly=True)
    resolution = fields.Char(readonly=True)

    _open_type_uniq = models.UniqueIndex(
        "(order_id, type) WHERE state = 'open'",
        "An exception of this type is open on the order already.",
    )

    def _resolve(self, reason):
        self.filtered(lambda e: e.state == "open").write(
            {
                "state": "resolved",
                "resolved_at": fields.Datetime.now(),
                "resolved_by_id": self.env.uid,
                "resolution": reason,
            }
        )
