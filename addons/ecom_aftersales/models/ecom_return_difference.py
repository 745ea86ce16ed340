from odoo import fields, models


class EcomReturnDifference(models.Model):
    """What came back otherwise than it was announced. It stays as a record when it is settled."""

    _name = "ecom.return.difference"
    _description = "Difference in a Returned Parcel"
    _order = "id desc"

    return_id = fields.Many2one("ecom.return", required=True, index=True, ondelete="cascade")
    line_id = fields.Many2one("ecom.return.line", index="btree_not_null", ondelete="cascade")
    company_id = fields.Many2one(related="return_id.company_id", store=True, index=True)
    kind = fields.Selection(
        [
            ("short", "Fewer pieces"),
            ("wrong", "Another item"),
            ("empty", "Empty box"),
            ("extra", "More than announced"),
            ("damaged", "Damaged"),
        ],
        required=True,
    )
    product_id = fields.Many2one("product.product", help="What was found, where it is something.")
    quantity = fields.Float(digits="Product Unit")
    note = fields.Char()
    photo_ids = fields.Many2many("ir.attachment", string="Photos")
    state = fields.Selection([("open", "Open"), ("settled", "Settled")], default="open")
    resolution = fields.Char(readonly=True)

    def action_settle(self, resolution=None):
        """An agent found out what to do about it."""
        self.return_id._check_agent()
        # The right to settle was checked above; the fields are not written by hand.
        self.sudo().write(
            {"state": "settled", "resolution": resolution or self.env._("Settled by an agent")}
        )
        return True
