from odoo import fields, models
from odoo.exceptions import LockError, UserError


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

    def _keep_too_late(self, message):
        """The channel cancels what has left: a case sees to stopping it, or to its way back."""
        result = super()._keep_too_late(message)
        for order in self.filtered(lambda o: o.channel_status == "cancelled" and o.sale_order_id):
            sale_order = order.sale_order_id
            if sale_order.state != "sale" or sale_order.ecom_return_ids.filtered("is_open"):
                continue
            try:
                with self.env.cr.savepoint():
                    self.env["ecom.return"].with_context(ecom_decide_by_hand=True)._create_request(
                        {
                            "type": "intercept",
                            "origin": "platform",
                            "order_id": order.id,
                            "reason": "cancelled",
                            "description": message,
                            "request_key": f"cancel/{order.id}",
                        }
                    )
            except LockError:
                raise
            except UserError as error:
                # Everything of it is in a case already; the order says the rest.
                order._message_log(body=str(error))
        return result
