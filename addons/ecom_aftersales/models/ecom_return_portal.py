from odoo import api, fields, models


class PreviewDone(Exception):
    """Carries a preview out of the savepoint that is rolled back."""

    def __init__(self, result):
        self.result = result
        super().__init__()


class EcomReturn(models.Model):
    """What buyers see of their case."""

    _inherit = "ecom.return"

    @api.model
    def _preview_request(self, values):
        """What a request would come to, without making it.

        :return: dict: allowed, reason, policy text, instructions, amounts (numbers), currency
        :raise UserError: as :meth:`create_request`
        """
        try:
            with self.env.cr.savepoint():
                case, _outcome = self.with_context(
                    ecom_preview=True, tracking_disable=True
                )._create_request(
                    {key: value for key, value in values.items() if key != "request_key"}
                )
                raise PreviewDone(
                    {
                        "allowed": case.policy_verdict == "allowed",
                        "automatic": case.policy_id.auto_approve,
                        "reason": case.policy_reason,
                        "text": case.policy_id.buyer_text,
                        "instructions": case.instructions,
                        "method": case.method,
                        "refund_on": case.policy_id.refund_on,
                        "goods": case.amount_goods,
                        "shipping": case.amount_shipping,
                        "fees": case.amount_fees,
                        "due": case.amount_due,
                        "type": case.type,
                        "currency_id": case.currency_id.id,
                    }
                )
        except PreviewDone as done:
            result = done.result
            # The cache was emptied with the savepoint: records are read anew.
            result["currency"] = self.env["res.currency"].browse(result.pop("currency_id"))
            return result

    def _get_portal_steps(self):
        """:return: list of (label, "done"|"now"|"todo") of the way of a case"""
        self.ensure_one()
        approved = self.request_state == "approved"
        steps = [
            (self.env._("Asked for"), "done"),
            (
                self.env._("Rejected")
                if self.request_state == "rejected"
                else self.env._("Withdrawn")
                if self.request_state == "withdrawn"
                else self.env._("Approved"),
                "done" if self.request_state != "new" else "now",
            ),
        ]
        if self.request_state in ("rejected", "withdrawn"):
            return steps
        if self.goods_state != "none" or self.type in ("return", "exchange", "warranty"):
            if self.method not in ("keep", "destroy"):
                order = ("none", "awaiting", "in_transit", "received", "graded")
                at = order.index(self.goods_state)
                steps += [
                    (self.env._("On its way to us"), self._step(at >= 2, approved and at < 2)),
                    (self.env._("Received"), self._step(at >= 3, at == 2)),
                    (self.env._("Looked at"), self._step(at >= 4, at == 3)),
                ]
        if self.amount_due:
            paid = self.money_state == "done"
            steps.append((self.env._("Refunded"), self._step(paid, bool(self.amount_issued))))
        if self.exchange_state != "none":
            steps.append(
                (
                    self.env._("Replacement sent"),
                    self._step(self.exchange_state == "released", False),
                )
            )
        return steps

    @staticmethod
    def _step(done, now):
        return "done" if done else "now" if now else "todo"

    @api.autovacuum
    def _gc_photos(self):
        """Photos of requests that were never sent."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=1)
        self.env["ir.attachment"].sudo().search(
            [
                ("res_model", "=", self._name),
                ("res_id", "=", 0),
                ("create_date", "<", limit),
            ]
        ).unlink()
