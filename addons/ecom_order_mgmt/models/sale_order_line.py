from odoo import fields, models


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    ecom_line_ref = fields.Char("Channel's Line Id", copy=False)
    ecom_kind = fields.Selection(
        [
            ("product", "Product"),
            ("shipping", "Shipping"),
            ("gift_wrap", "Gift wrap"),
            ("fee", "Fee"),
            ("cod_fee", "Cash on delivery fee"),
            ("duty", "Duty"),
            ("tip", "Tip"),
            ("discount", "Discount"),
            ("adjustment", "Adjustment"),
            ("rounding", "Rounding"),
        ],
        string="Kind of Channel Line",
        copy=False,
    )

    def _compute_discount(self):
        """What the channel sold for stays, also when a quantity is changed later."""
        return super(
            SaleOrderLine, self.filtered(lambda line: not line.ecom_kind)
        )._compute_discount()

    def _action_launch_stock_rule(self, **kwargs):
        """What the platform's own warehouse ships, does not leave ours."""
        ours = self.filtered(lambda line: line.order_id.ecom_order_id.fulfilled_by != "platform")
        return super(SaleOrderLine, ours)._action_launch_stock_rule(**kwargs)
