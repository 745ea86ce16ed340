from odoo import fields, models


class EcomConnectLine(models.TransientModel):
    """What would become of one order of the shop: a line of a dry run."""

    _name = "ecom.connect.line"
    _description = "Order of a Dry Run"
    _order = "outcome desc, id"
    _rec_name = "number"

    connect_id = fields.Many2one("ecom.connect", required=True, ondelete="cascade", index=True)
    number = fields.Char("Order", readonly=True)
    placed_at = fields.Datetime("Placed On", readonly=True)
    total = fields.Char(readonly=True)
    outcome = fields.Selection(
        [
            ("import", "Would be imported"),
            ("known", "Is here already"),
            ("park", "Would be parked"),
        ],
        readonly=True,
    )
    reason = fields.Char(readonly=True)
