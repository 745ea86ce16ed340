from odoo import api, fields, models


class EcomOrderBulk(models.TransientModel):
    """Asks once for a decision about many orders, and shows what became of each."""

    _name = "ecom.order.bulk"
    _description = "Decision About Many Orders"

    action = fields.Selection(
        [("approve", "Approve"), ("force", "Force"), ("hold", "Hold"), ("reject", "Reject")],
        default="approve",
        required=True,
    )
    order_ids = fields.Many2many(
        "ecom.order", required=True, default=lambda self: self._default_order_ids()
    )
    order_count = fields.Integer("Orders", compute="_compute_order_count")
    held_count = fields.Integer("Held With a Reason", compute="_compute_order_count")
    reason = fields.Char(help="Kept in the history of every order.")
    until = fields.Datetime(help="The orders go on by themselves then. Empty: a person says so.")
    state = fields.Selection([("ask", "Asked"), ("done", "Done")], default="ask")
    line_ids = fields.One2many("ecom.order.bulk.line", "bulk_id", "Result", readonly=True)
    done_count = fields.Integer("Done", readonly=True)
    failed_count = fields.Integer("Not Done", readonly=True)

    @api.model
    def _default_order_ids(self):
        if self.env.context.get("active_model") == "ecom.order":
            return self.env["ecom.order"].browse(self.env.context.get("active_ids", []))
        return self.env["ecom.order"]

    @api.depends("order_ids")
    def _compute_order_count(self):
        for wizard in self:
            wizard.order_count = len(wizard.order_ids)
            wizard.held_count = len(
                wizard.order_ids.filtered(lambda order: order.review_state == "held")
            )

    def action_apply(self):
        """Button: do it, and show the result per order."""
        self.ensure_one()
        results = self.order_ids.action_bulk(self.action, self.reason, self.until)
        self.write(
            {
                "state": "done",
                "done_count": sum(result["ok"] for result in results),
                "failed_count": sum(not result["ok"] for result in results),
                "line_ids": [fields.Command.clear()]
                + [
                    fields.Command.create(
                        {
                            "order_id": result["order_id"],
                            "ok": result["ok"],
                            "message": result["message"],
                        }
                    )
                    # What needs a person first.
                    for result in sorted(results, key=lambda result: result["ok"])
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Result"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }
