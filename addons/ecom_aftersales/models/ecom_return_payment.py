import logging

from odoo import api, fields, models, modules
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from odoo.addons.ecom_order_mgmt.concurrency import RETRYABLE

from ..exceptions import RefundAnswerLost

_logger = logging.getLogger(__name__)


class EcomReturnPayment(models.Model):
    """Money that goes back to a buyer, once.

    Life cycle: *to pay* -> *on its way* -> *paid*, or *failed*. Before money leaves, the row says so
    in a transaction of its own: a process that dies in between leaves a row that a person checks,
    never a refund that is sent twice.
    """

    _name = "ecom.return.payment"
    _description = "Refund to a Buyer"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "key"

    return_id = fields.Many2one("ecom.return", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="return_id.company_id", store=True, index=True)
    channel_id = fields.Many2one(related="return_id.channel_id", store=True)
    partner_id = fields.Many2one(related="return_id.partner_id")
    sale_order_id = fields.Many2one(
        "sale.order", required=True, readonly=True, index=True, ondelete="restrict"
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount = fields.Monetary(required=True, readonly=True)
    method = fields.Selection(
        [
            ("transaction", "To the payment in Odoo"),
            ("channel", "By the channel"),
            ("manual", "By hand"),
            ("mirror", "The channel did it"),
        ],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("todo", "To pay"),
            ("pending", "On its way"),
            ("done", "Paid"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
        ],
        default="todo",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
    )
    key = fields.Char("Idempotency Key", required=True, readonly=True, copy=False)
    transaction_id = fields.Many2one(
        "payment.transaction", "Payment", readonly=True, ondelete="restrict"
    )
    refund_tx_id = fields.Many2one(
        "payment.transaction", "Refund Transaction", readonly=True, ondelete="restrict"
    )
    refund_id = fields.Many2one(
        "ecom.refund",
        "Channel's Refund",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    reference = fields.Char(readonly=True, help="Of the transfer, as your bank shows it.")
    message = fields.Text(readonly=True)
    sent_at = fields.Datetime(readonly=True)
    paid_at = fields.Datetime(readonly=True)

    _key_uniq = models.UniqueIndex("(key)", "This refund is made already.")
    _refund_uniq = models.UniqueIndex(
        "(refund_id) WHERE refund_id IS NOT NULL", "This refund of the channel is counted already."
    )
    _amount_check = models.Constraint("CHECK (amount > 0)", "A refund is more than nothing.")
    _todo_idx = models.Index("(id) WHERE state IN ('todo', 'pending')")

    # === ACTIONS === #

    def action_mark_paid(self, reference=None):
        """An agent paid by hand, or saw that the money arrived.

        :param str reference: of the transfer
        """
        payments = self._check_agent()
        for payment in payments:
            if payment.state == "done":
                continue
            if payment.state != "todo" and payment.state != "pending":
                raise UserError(
                    self.env._("Refund %(key)s is not waiting to be paid.", key=payment.key)
                )
            if payment.method == "transaction" and payment.state == "todo":
                raise UserError(
                    self.env._("This refund is sent to the payment provider by itself.")
                )
            payment._set_done(reference)
        return True

    def action_cancel(self):
        """Nothing was paid and nothing will be: the amount is free again."""
        payments = self._check_agent()
        if any(p.state not in ("todo", "failed") for p in payments):
            raise UserError(
                self.env._("Only refunds that have not been sent yet can be cancelled.")
            )
        payments.sale_order_id._ecom_lock_refunds()
        payments.write({"state": "cancelled"})
        for payment in payments:
            payment.return_id._decide(
                "money",
                self.env._(
                    "Refund of %(amount)s cancelled before it was sent.",
                    amount=payment._format(),
                ),
            )
        return True

    def action_not_sent(self):
        """A person looked at the provider's site: an interrupted refund did not go out."""
        payments = self._check_agent()
        answered = payments.filtered(lambda p: p.refund_tx_id.state not in (False, "draft"))
        if answered or any(p.state != "pending" or p.next_try for p in payments):
            raise UserError(self.env._("Only interrupted refunds can be declared not sent."))
        payments.refund_tx_id._set_canceled()
        payments.write({"state": "failed", "message": self.env._("Checked: it was not sent.")})
        return True

    def _check_agent(self):
        self.return_id._check_agent()
        # Checked on the cases, which these rows belong to.
        return self.sudo()

    def _format(self):
        return self.currency_id.format(self.amount)

    def _set_done(self, reference=None):
        self.ensure_one()
        now = fields.Datetime.now()
        self.write({"state": "done", "paid_at": now, "reference": reference, "message": False})
        case = self.return_id
        if case.money_state == "done" and case.create_date:
            case.refund_days = (now - case.create_date).total_seconds() / 86400
        case._decide(
            "money",
            self.env._(
                "%(amount)s paid back (%(method)s).",
                amount=self._format(),
                method=dict(self._fields["method"]._description_selection(self.env))[self.method],
            ),
        )
        self._settle_credit_notes()

    def _settle_credit_notes(self):
        """Match the payment that Odoo made for a refund with the credit notes it settles."""
        payment = self.refund_tx_id.payment_id
        if not payment:
            return
        notes = self.return_id.credit_note_ids.filtered(lambda move: move.state == "posted")
        lines = (payment.move_id.line_ids + notes.line_ids).filtered(
            lambda line: line.account_id == payment.destination_account_id and not line.reconciled
        )
        if lines.move_id & notes and payment.move_id in lines.move_id:
            lines.reconcile()

    # === SENDING === #

    @api.model
    def _trigger(self):
        self.env.ref("ecom_aftersales.ir_cron_payments")._trigger()

    @api.model
    def _cron_send(self):
        """Send refunds to payment providers, one after the other, each in its own transaction."""
        domain = Domain([("state", "=", "todo"), ("method", "=", "transaction")]) | Domain(
            self._get_again_domain()
        )
        remaining = self.env["ir.cron"]._commit_progress(remaining=self.search_count(domain))
        while remaining:
            payment = self.search(domain, limit=1, order="id").try_lock_for_update()
            if not payment:
                break
            # First say that it is sent, for good; then send it.
            vals = {"state": "pending", "next_try": False, "message": False}
            payment.write({**vals, "sent_at": payment.sent_at or fields.Datetime.now()})
            remaining = self.env["ir.cron"]._commit_progress()
            try:
                payment._send()
            except RETRYABLE:
                if modules.module.current_test:
                    raise
                self.env.cr.rollback()
                _logger.warning("Refund %s: interrupted; a person has to check it", payment.key)
            remaining = min(remaining, self.env["ir.cron"]._commit_progress(processed=1))
        self._alert_interrupted()

    def _send(self):
        """Ask the provider for the refund; record what it answers."""
        self.ensure_one()
        try:
            refund_tx = self._request_refund()
        except RefundAnswerLost as error:
            self._set_lost(str(error))
            return
        except (UserError, ValidationError) as error:
            self._set_failed(str(error))
            return
        self.refund_tx_id = refund_tx
        self._follow_transaction()

    def _follow_transaction(self):
        """Take over the state of the provider's refund."""
        for payment in self.filtered(lambda p: p.state == "pending" and p.refund_tx_id):
            tx = payment.refund_tx_id
            if tx.state == "done":
                payment._set_done(tx.provider_reference or tx.reference)
            elif tx.state in ("error", "cancel"):
                payment._set_failed(tx.state_message or self.env._("The provider refused it."))

    def _set_failed(self, message):
        self.write({"state": "failed", "message": message})
        self.return_id._decide(
            "money",
            self.env._(
                "Refund of %(amount)s failed: %(message)s", amount=self._format(), message=message
            ),
        )
        self.return_id._remind(
            self.env._("Refund failed"),
            message,
        )

    @api.model
    def _alert_interrupted(self):
        """Refunds of which nobody knows whether they went out: a person has to look."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), minutes=15)
        lost = self.search(
            [
                ("state", "=", "pending"),
                ("method", "=", "transaction"),
                "|",
                ("refund_tx_id", "=", False),
                ("refund_tx_id.state", "=", "draft"),
                ("next_try", "=", False),
                ("sent_at", "<", limit),
                ("message", "=", False),
            ]
        )
        for payment in lost:
            payment.message = self.env._(
                "Interrupted while it was sent. Look at the provider's site whether the money left; "
                "then mark it as paid or as not sent."
            )
            payment.return_id._remind(self.env._("Check a refund"), payment.message)


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def write(self, vals):
        result = super().write(vals)
        if vals.get("state") in ("done", "error", "cancel"):
            refunds = self.filtered(lambda tx: tx.operation == "refund")
            if refunds:
                # Providers answer without a user's rights.
                self.env["ecom.return.payment"].sudo().search(
                    [("refund_tx_id", "in", refunds.ids)]
                )._follow_transaction()
        return result

    def _post_process(self):
        """The payment that Odoo books for a refund settles the case's credit notes."""
        result = super()._post_process()
        refunds = self.filtered(lambda tx: tx.operation == "refund" and tx.payment_id)
        for payment in (
            self.env["ecom.return.payment"].sudo().search([("refund_tx_id", "in", refunds.ids)])
            if refunds
            else ()
        ):
            payment._settle_credit_notes()
        return result
