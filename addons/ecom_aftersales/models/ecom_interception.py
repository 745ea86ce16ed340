from odoo import fields, models


class EcomInterception(models.Model):
    """A stopped parcel that comes back, or is to come back, has a case."""

    _inherit = "ecom.interception"

    return_id = fields.Many2one("ecom.return", "Case", compute="_compute_return_id")

    def _compute_return_id(self):
        cases = self.env["ecom.return"]
        # A packer sees stopped parcels, but no cases.
        if cases.has_access("read"):
            cases = cases.search(
                [("order_id", "in", self.order_id.ids), ("type", "=", "intercept")], order="id desc"
            )
        by_order = {}
        for case in cases:
            by_order.setdefault(case.order_id, case)
        for record in self:
            record.return_id = by_order.get(record.order_id, False)

    def action_open_case(self):
        """Button: the case of this parcel, or the dialogue that starts one."""
        self.ensure_one()
        if not self.return_id:
            return self.order_id.action_new_return()
        return {
            "type": "ir.actions.act_window",
            "res_model": "ecom.return",
            "res_id": self.return_id.id,
            "view_mode": "form",
        }
