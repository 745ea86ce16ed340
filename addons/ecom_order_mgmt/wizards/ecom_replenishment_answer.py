from odoo import api, fields, models


class EcomReplenishmentAnswer(models.TransientModel):
    """Asks for the reason of a changed quantity or of a refusal."""

    _name = "ecom.replenishment.answer"
    _description = "Answer to a Suggestion"

    action = fields.Selection(
        [("change", "Change the quantity"), ("refuse", "Order nothing")],
        string="Answer",
        default="change",
        required=True,
    )
    replenishment_ids = fields.Many2many(
        "ecom.replenishment",
        string="Suggestions",
        required=True,
        default=lambda self: self._default_replenishment_ids(),
    )
    count = fields.Integer("Number of Suggestions", compute="_compute_count")
    qty = fields.Float("New Quantity", digits="Product Unit")
    reason = fields.Char(required=True)

    @api.model
    def _default_replenishment_ids(self):
        if self.env.context.get("active_model") == "ecom.replenishment":
            return self.env["ecom.replenishment"].browse(self.env.context.get("active_ids", []))
        return self.env["ecom.replenishment"]

    @api.depends("replenishment_ids")
    def _compute_count(self):
        for wizard in self:
            wizard.count = len(wizard.replenishment_ids)

    def action_apply(self):
        """Change or refuse, and leave the rest to the list."""
        self.ensure_one()
        if self.action == "refuse":
            self.replenishment_ids.action_refuse(self.reason)
        else:
            for suggestion in self.replenishment_ids:
                suggestion.action_change(self.qty, self.reason)
        return {"type": "ir.actions.act_window_close"}

    def action_apply_and_order(self):
        """Change the quantity and order at once."""
        self.ensure_one()
        self.replenishment_ids.action_change(self.qty, self.reason)
        return self.replenishment_ids.action_accept()
