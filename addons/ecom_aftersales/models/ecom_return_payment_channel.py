from odoo import api, fields, models
from odoo.exceptions import UserError

from .sale_order import exact


class EcomReturnPayment(models.Model):
    """Refunds that the channel pays: it is told once, and its answer comes back here.

    A refund that the channel may have made stays counted until a person has looked; one that it
    surely did not make is free to be paid in another way.
    """

    _inherit = "ecom.return.payment"

    def _start(self):
        """Set new refunds going, each by its own method."""
        if self.filtered(lambda payment: payment.method == "transaction"):
            self._trigger()
        for payment in self:
            if payment.method == "channel" and not payment._tell_channel():
                payment.method = "manual"
            if payment.method == "manual":
                payment._ask_for_payment()

    def _ask_for_payment(self):
        self.return_id._remind(
            self.env._("Pay back %(amount)s by hand", amount=self._format()),
            self.env._(
                "Neither Odoo nor the channel can pay this back. Pay the buyer, then press “Mark as "
                "Paid” on the refund."
            ),
        )

    def _tell_channel(self):
        """:return: whether the refund is on its way to the channel"""
        self.ensure_one()
        case = self.return_id
        order = case.order_id
        # A refusal that was left standing would keep this refund waiting behind it.
        for refused in case.sale_order_id.ecom_return_ids.payment_ids.filtered(
            lambda payment: payment.method == "channel" and payment.state in ("failed", "cancelled")
        ):
            # One that nobody is sure of is failed only after a person looked.
            order._withdraw_refund(refused.key, looked=True)
        whole = not case.currency_id.compare_amounts(self.amount, case.amount_due)
        told = order.tell_refund(
            self.key,
            str(exact(self.amount)),
            reason=case.reason_id.name or case.description,
            lines=case._prepare_channel_lines() if whole else (),
        )
        if told:
            self.write({"state": "pending", "sent_at": fields.Datetime.now()})
        return bool(told)

    def _get_channel_payments(self):
        return self.filtered(lambda payment: payment.method == "channel")

    def action_mark_paid(self, reference=None):
        """Paid by hand after all: then the channel must not pay as well."""
        payments = self._check_agent()
        for payment in payments._get_channel_payments().filtered(lambda p: p.state == "pending"):
            order = payment.return_id.order_id
            # The message is there where nobody knows: then a person has looked.
            known = bool(payment.message)
            if not order._withdraw_refund(payment.key, looked=known) and not known:
                raise UserError(
                    self.env._(
                        "Refund %(key)s is on its way to the channel; its answer is awaited.",
                        key=payment.key,
                    )
                )
        return super().action_mark_paid(reference)

    def action_cancel(self):
        """What the channel was not told of yet, it need not be told."""
        payments = self._check_agent()
        for payment in payments._get_channel_payments().filtered(lambda p: p.state == "pending"):
            if not payment.return_id.order_id._withdraw_refund(payment.key):
                raise UserError(
                    self.env._(
                        "The channel may have been told of refund %(key)s already.", key=payment.key
                    )
                )
            payment.state = "todo"
        return super().action_cancel()

    def action_not_sent(self):
        """The channel's own list of refunds shows it: this one was not made."""
        payments = self._check_agent()
        for payment in payments._get_channel_payments():
            if payment.state == "pending" and not payment.message:
                raise UserError(
                    self.env._(
                        "Refund %(key)s is on its way to the channel; its answer is awaited.",
                        key=payment.key,
                    )
                )
        return super().action_not_sent()

    # === ANSWERS === #

    @api.model
    def _take_channel_answer(self, payment, outcome, reference=None, message=None):
        """:param payment: the refund that was asked for
        :param outcome: as of ecom.order._on_refund_told"""
        if outcome == "done":
            if payment.state != "done":
                payment._set_done(reference)
            elif reference and not payment.reference:
                payment.reference = reference
        elif outcome == "again":
            payment._check_again()
        elif payment.state == "pending":
            if outcome == "refused":
                payment._set_failed(message)
            else:
                payment._set_unsure(message)

    def _set_unsure(self, message):
        """Nobody knows whether the channel paid: it stays counted, and a person looks."""
        self.message = self.env._(
            "It is not known whether the channel paid this back (%(message)s). Look there; then mark "
            "it as paid or as not sent.",
            message=message or self.env._("no answer"),
        )
        self.return_id._remind(self.env._("Check a refund"), self.message)

    def _check_again(self):
        """A person has a refused refund sent once more: only if its money is not spoken for."""
        if self.state == "pending":
            self.message = False
            return
        if self.state != "failed":
            raise UserError(
                self.env._("Refund %(key)s is settled already; do not send it again.", key=self.key)
            )
        case = self.return_id
        case.sale_order_id._ecom_lock_refunds()
        open_amount = exact(case.amount_due) - exact(case.amount_issued)
        if exact(self.amount) > min(case.sale_order_id._ecom_get_refundable(), open_amount):
            raise UserError(
                self.env._(
                    "The money of refund %(key)s went back in another way meanwhile.", key=self.key
                )
            )
        self.write({"state": "pending", "message": False, "sent_at": fields.Datetime.now()})


class EcomOrder(models.Model):
    _inherit = "ecom.order"

    def _on_refund_told(self, key, outcome, reference=None, message=None):
        result = super()._on_refund_told(key, outcome, reference, message)
        # The outbox answers without rights on cases.
        Payment = self.env["ecom.return.payment"].sudo()
        payment = Payment.search([("key", "=", key), ("return_id.order_id", "=", self.id)])
        if payment:
            Payment._take_channel_answer(payment, outcome, reference, message)
        return result
