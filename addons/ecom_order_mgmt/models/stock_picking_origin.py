from odoo import models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _ecom_log_origin(self):
        """The note "created from sale order ..." on many deliveries at once."""
        bodies = {}
        for picking in self:
            # Odoo notes every sale order that the delivery comes from.
            for order in picking.move_ids.sale_line_id.order_id:
                bodies[picking.id] = self.env["ir.qweb"]._render(
                    "mail.message_origin_link",
                    {"self": picking, "origin": order, "object": picking},
                    minimal_qcontext=True,
                    raise_if_not_found=False,
                )
        noted = self.browse(bodies)
        # Odoo links a note to the one before it: the log of the creation, where there is one.
        before = dict(
            self.env["mail.message"]
            .sudo()
            ._read_group(
                [("model", "=", self._name), ("res_id", "in", noted.ids)],
                ["res_id"],
                ["id:max"],
            )
        )
        messages = noted._message_log_batch(bodies=bodies)
        # As message_post leaves them; _message_log_batch is meant for something else.
        for picking, message in zip(noted, messages, strict=True):
            message.write(
                {
                    "is_internal": False,
                    "record_company_id": picking.company_id.id,
                    "email_add_signature": True,
                    "parent_id": before.get(picking.id, False),
                }
            )
