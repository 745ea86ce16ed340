from odoo import fields, models


class EcomOrder(models.Model):
    _inherit = "ecom.order"

    return_ids = fields.One2many("ecom.return", "order_id", "Cases", readonly=True)
    return_count = fields.Integer("Number of Cases", compute="_compute_return_count")

    def _compute_return_count(self):
        counts = dict(
            self.env["ecom.return"]._read_group(
                [("order_id", "in", self.ids)], ["order_id"], ["__count"]
            )
        )
        for order in self:
            order.return_count = counts.get(order, 0)

    def action_open_returns(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ecom_aftersales.ecom_return_action")
        action["domain"] = [("order_id", "=", self.id)]
        action["context"] = {}
        return action

    def action_new_return(self):
        """Button: open the dialogue that starts a case about this order."""
        self.ensure_one()
        return self.env["ecom.return.new"]._open(order=self)
