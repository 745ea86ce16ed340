from odoo import fields, models


class EcomOrderBulkLine(models.TransientModel):
    """What became of one order of a decision about many."""

    _name = "ecom.order.bulk.line"
    _description = "Result for One Order"
    _order = "id"

    bulk_id = fields.Many2one("ecom.order.bulk", required=True, index=True, ondelete="cascade")
    order_id = fields.Many2one("ecom.order", required=True, ondelete="cascade")
    ok = fields.Boolean("Done")
    message = fields.Char("Why Not")
    review_state = fields.Selection(related="order_id.review_state")
