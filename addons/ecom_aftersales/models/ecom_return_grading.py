from odoo import fields, models


class EcomReturnGrading(models.Model):
    """What a person found when looking at goods that came back, and where they went."""

    _name = "ecom.return.grading"
    _description = "Grading of Returned Goods"
    _order = "id desc"

    return_id = fields.Many2one("ecom.return", required=True, index=True, ondelete="restrict")
    line_id = fields.Many2one("ecom.return.line", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="return_id.company_id", store=True, index=True)
    product_id = fields.Many2one("product.product", required=True)
    lot_id = fields.Many2one("stock.lot", "Lot/Serial")
    grade = fields.Selection(
        [
            ("a", "A: as new, back to stock"),
            ("b", "B: to be refurbished"),
            ("c", "C: scrapped"),
            ("claim", "Claim against the vendor"),
        ],
        required=True,
    )
    quantity = fields.Float(required=True, digits="Product Unit")
    note = fields.Char()
    location_id = fields.Many2one("stock.location", "Went To", readonly=True)
    move_id = fields.Many2one("stock.move", readonly=True, groups="stock.group_stock_user")
    value = fields.Float(
        "Value at Cost", readonly=True, help="Cost of the goods on the day they were graded."
    )
    user_id = fields.Many2one("res.users", "Graded By", default=lambda self: self.env.user)
    photo_ids = fields.Many2many("ir.attachment", string="Photos")

    _quantity_check = models.Constraint("CHECK (quantity > 0)", "Grade at least one piece.")
