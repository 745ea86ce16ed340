from odoo import api, fields, models


class EcomReturnDecide(models.TransientModel):
    """Asks for what a decision about a case needs: a reason, an amount, an order, a number."""

    _name = "ecom.return.decide"
    _description = "Decision about a Case"

    action = fields.Selection(
        [
            ("approve", "Approve"),
            ("reject", "Reject"),
            ("withdraw", "Withdraw"),
            ("amount", "Set the Amount"),
            ("refund", "Refund"),
            ("match", "Match to an Order"),
            ("paid", "Mark as Paid"),
        ],
        required=True,
    )
    return_ids = fields.Many2many("ecom.return")
    payment_ids = fields.Many2many("ecom.return.payment")
    currency_id = fields.Many2one("res.currency")
    reason = fields.Char()
    amount = fields.Monetary()
    order_id = fields.Many2one(
        "ecom.order", "Channel Order", domain="[('sale_order_id', '!=', False)]"
    )
    hint = fields.Text(compute="_compute_hint")

    @api.model
    def default_get(self, fields):
        vals = super().default_get(fields)
        ids = self.env.context.get("active_ids") or []
        if self.env.context.get("active_model") == "ecom.return":
            cases = self.env["ecom.return"].browse(ids)
            vals["return_ids"] = [(6, 0, cases.ids)]
            vals["currency_id"] = cases[:1].currency_id.id
            vals["amount"] = cases[:1].amount_due - (
                cases[:1].amount_issued if vals.get("action") == "refund" else 0
            )
        elif self.env.context.get("active_model") == "ecom.return.payment":
            vals["payment_ids"] = [(6, 0, ids)]
        return vals

    @api.depends("action", "return_ids")
    def _compute_hint(self):
        for wizard in self:
            case = wizard.return_ids[:1]
            wizard.hint = False
            if wizard.action == "approve" and case.policy_verdict == "refused":
                wizard.hint = self.env._("Against the policy: %(why)s", why=case.policy_reason)
            elif wizard.action in ("amount", "refund") and case:
                # What may go back is no secret to those who decide about it.
                left = case.sudo().sale_order_id._ecom_get_refundable()
                wizard.hint = self.env._(
                    "Of what was paid, %(left)s are not refunded yet.",
                    left=case._format(float(left)),
                )

    def action_apply(self):
        self.ensure_one()
        cases = self.return_ids
        if self.action == "approve":
            cases.action_approve(self.reason)
        elif self.action == "reject":
            cases.action_reject(self.reason)
        elif self.action == "withdraw":
            cases.action_withdraw(self.reason)
        elif self.action == "amount":
            cases.action_set_amount(self.amount, self.reason)
        elif self.action == "refund":
            cases.action_refund(self.amount)
        elif self.action == "match":
            # Agents choose among channel orders; the sale order behind is the case's business.
            cases.action_match(self.order_id.sudo().sale_order_id.id, self.reason)
        else:
            self.payment_ids.action_mark_paid(self.reason)
        return {"type": "ir.actions.act_window_close"}
