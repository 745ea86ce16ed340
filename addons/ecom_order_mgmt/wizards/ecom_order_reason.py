from odoo import api, fields, models


class EcomOrderReason(models.TransientModel):
    """Asks for the reason of a decision about one or many orders."""

    _name = "ecom.order.reason"
    _description = "Reason of a Decision"

    action = fields.Selection(
        [("approve", "Approve"), ("hold", "Hold"), ("reject", "Reject")], required=True
    )
    order_ids = fields.Many2many(
        "ecom.order", required=True, default=lambda self: self._default_order_ids()
    )
    order_count = fields.Integer(compute="_compute_order_count")
    reason = fields.Char(required=True)
    until = fields.Datetime(help="The order goes on by itself then. Empty: until a person says so.")

    @api.model
    def _default_order_ids(self):
        if self.env.context.get("active_model") == "ecom.order":
            return self.env["ecom.order"].browse(self.env.context.get("active_ids", []))
        return self.env["ecom.order"]

    @api.depends("order_ids")
    def _compute_order_count(self):
        for wizard in self:
            wizard.order_count = len(wizard.order_ids)

    def action_apply(self):
        self.ensure_one()
        if self.action == "approve":
            self.order_ids.action_approve(self.reason)
        elif self.action == "hold":
            self.order_ids.action_hold(self.reason, self.until)
        else:
            self.order_ids.action_reject(self.reason)
        return {"type": "ir.actions.act_window_close"}
