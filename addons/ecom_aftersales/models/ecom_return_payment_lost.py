import requests

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..exceptions import RefundAnswerLost

# Odoo's providers that hand the key of a request to the payment service, which then carries nothing
# out twice. With the others a person has to look whether a lost request was carried out.
KEYED_PROVIDERS = frozenset({"adyen", "mercado_pago", "paypal", "stripe"})
# Payment services remember a key for a day.
_KEY_HOURS = 20
_WAIT_MINUTES = (1, 2, 5, 10, 30, 60, 120, 240)


class EcomReturnPayment(models.Model):
    """A refund whose answer was lost is asked for again under the same key."""

    _inherit = "ecom.return.payment"

    attempts = fields.Integer(readonly=True, copy=False)
    next_try = fields.Datetime(readonly=True, copy=False)

    def _with_key(self, record):
        """:return: the record of Odoo's payments, its requests marked with this refund's key"""
        return record.with_context(payment_backend_action=True, ecom_refund_key=self.key)

    def _request_refund(self):
        """Ask the provider: for the first time, or again for what it may have done.

        :return: the provider's refund (payment.transaction)
        :raise RefundAnswerLost: no answer
        """
        self.ensure_one()
        self.attempts += 1
        if not self.refund_tx_id:
            return self._with_key(self.transaction_id)._refund(amount_to_refund=self.amount)
        refund_tx = self._with_key(self.refund_tx_id)
        try:
            refund_tx._send_refund_request()
        except ValidationError as error:
            refund_tx._set_error(str(error))
        return self.refund_tx_id

    def _set_lost(self, message):
        """Nobody knows whether the money left: again later, or a person looks."""
        self.ensure_one()
        children = self.transaction_id.child_transaction_ids
        known = self.search([("transaction_id", "=", self.transaction_id.id)]).refund_tx_id
        self.refund_tx_id = (
            self.refund_tx_id
            or ((children - known).filtered(lambda tx: tx.operation == "refund").sorted("id")[-1:])
        )
        keyed = self.transaction_id.provider_id.code in KEYED_PROVIDERS
        again = keyed and self.attempts <= len(_WAIT_MINUTES) and self.refund_tx_id
        if again:
            wait = _WAIT_MINUTES[self.attempts - 1]
            self.next_try = fields.Datetime.add(fields.Datetime.now(), minutes=wait)
            self.env.ref("ecom_aftersales.ir_cron_payments")._trigger(self.next_try)
            self.message = self.env._(
                "No answer from the payment provider (%(message)s); asked again under the same key.",
                message=message,
            )
            return
        self.next_try = False
        self.message = self.env._(
            "No answer from the payment provider (%(message)s). Look at its site whether the money "
            "left; then mark it as paid or as not sent.",
            message=message,
        )
        self.return_id._remind(self.env._("Check a refund"), self.message)

    @api.model
    def _get_again_domain(self):
        now = fields.Datetime.now()
        return [
            ("state", "=", "pending"),
            ("method", "=", "transaction"),
            ("next_try", "<=", now),
            ("sent_at", ">", fields.Datetime.subtract(now, hours=_KEY_HOURS)),
        ]


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    def _send_api_request(
        self, method, endpoint, *, params=None, data=None, json=None, reference=None, **kwargs
    ):
        """Requests of our refunds carry their key, and do not take silence for a refusal."""
        key = self.env.context.get("ecom_refund_key")
        if not key or method != "POST":
            return super()._send_api_request(
                method, endpoint, params=params, data=data, json=json, reference=reference, **kwargs
            )
        kwargs.setdefault("idempotency_key", key)
        try:
            return super()._send_api_request(
                method, endpoint, params=params, data=data, json=json, reference=reference, **kwargs
            )
        except ValidationError as error:
            if _may_have_worked(error.__context__):
                raise RefundAnswerLost(str(error))
            raise


def _may_have_worked(cause):
    """:param cause: what made Odoo say that the request failed"""
    if isinstance(cause, requests.exceptions.HTTPError):
        status = cause.response.status_code if cause.response is not None else 500
        return status >= 500 or status == 409
    return isinstance(cause, requests.exceptions.RequestException)
