from odoo import fields, models


class ProductProduct(models.Model):
    _inherit = "product.product"

    ecom_sibling_id = fields.Many2one(
        "product.product",
        "Sells Like",
        index="btree_not_null",
        ondelete="set null",
        help="For a new product: forecast as this one, until it has eight weeks of its own.",
    )

    def action_open_ecom_forecast(self):
        """Show the forecasts of these products, by warehouse, with chart and record."""
        forecasts = self.env["ecom.forecast"].search([("product_id", "in", self.ids)])
        action = {
            "type": "ir.actions.act_window",
            "name": self.env._("Forecast"),
            "res_model": "ecom.forecast",
            "view_mode": "list,form",
            "domain": [("product_id", "in", self.ids)],
        }
        if len(forecasts) == 1:
            action |= {"view_mode": "form", "res_id": forecasts.id}
        return action
