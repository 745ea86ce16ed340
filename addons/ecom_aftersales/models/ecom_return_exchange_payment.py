from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from .sale_order import exact


class EcomReturn(models.Model):
    """A replacement that costs more: the buyer pays the difference on its order, or an agent says
    that it was paid elsewhere."""

    _inherit = "ecom.return"

    exchange_payment_link = fields.Char(
        "Payment Link",
        compute="_compute_exchange_payment_link",
        help="Where the buyer pays what the replacement costs more.",
    )

    @api.depends("exchange_state", "exchange_amount")
    def _compute_exchange_payment_link(self):
        for case in self:
            case.exchange_payment_link = case.exchange_state == "payment" and case._get_payment_link()

    def _get_payment_link(self):
        """:return: address of the replacement's order where the buyer pays the difference"""
        self.ensure_one()
        # Agents need not have rights on sale orders; its token is the buyer's right to pay it.
        order = self.exchange_order_id.sudo()
        amount = f"&payment_amount={self._get_price_difference()}"
        return order.get_base_url() + order.get_portal_url(query_string=amount)

    def _get_price_difference(self):
        """:return: what the replacement costs beyond the money of the goods that come back for it
        (Decimal, never negative)"""
        self.ensure_one()
        return max(exact(self.exchange_amount) - self._get_exchanged_value(), Decimal(0))

    def _get_difference_text(self):
        """:return: what the buyer is told"""
        more = self._format(float(self._get_price_difference()))
        return self.env._(
            "Your replacement costs %(more)s more. It leaves once that is paid.", more=more
        )

    def _ask_for_difference(self):
        """Hold the replacement until the buyer has paid, and tell the buyer where."""
        self.ensure_one()
        self.exchange_state = "payment"
        more = self._format(float(self._get_price_difference()))
        self._decide(
            "exchange",
            self.env._("The replacement costs %(more)s more: it leaves once that is paid.", more=more),
        )
        self._remind(
            self.env._("%(more)s to be paid by the buyer", more=more),
            self.env._(
                "The replacement costs more, and the buyer was told where to pay it. The case goes on by "
                "itself when it is paid there; if it is paid elsewhere, press Difference Is Paid."
            ),
        )
        theirs = self.with_context(lang=self.partner_id.lang or self.env.lang)
        self.message_post(
            body=" ".join(
                [theirs._get_difference_text(), theirs.env._("Open your return's page to pay it.")]
            ),
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=self.partner_id.ids,
        )

    def action_payment_received(self):
        """The buyer paid what the replacement costs more, and not on its order."""
        for case in self._check_agent():
            if case.exchange_state != "payment":
                raise UserError(self.env._("%(case)s waits for no payment.", case=case.name))
            case._go_on_paid(
                self.env._("The price difference is paid (%(user)s).", user=self.env.user.name)
            )
        return True

    def _go_on_paid(self, why):
        self.ensure_one()
        self.exchange_state = "reserved"
        self._decide("exchange", why)
        event = {"in_transit": "first_scan", "received": "receipt", "graded": "grading"}
        self._advance(event.get(self.goods_state, "request"))


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _post_process(self):
        """What a buyer pays on a replacement's order lets it leave."""
        result = super()._post_process()
        paid = self.filtered(lambda tx: tx.state == "done" and tx.operation != "refund")
        if not paid.sale_order_ids:
            return result
        # Providers answer without a user's rights.
        waiting = self.env["ecom.return"].sudo().search(
            [("exchange_order_id", "in", paid.sale_order_ids.ids), ("exchange_state", "=", "payment")]
        )  # fmt: skip
        for case in waiting:
            amount = case.exchange_order_id._ecom_get_paid_online()
            if amount >= case._get_price_difference():
                text = self.env._("The buyer paid the price difference (%(amount)s).",
                                  amount=case._format(float(amount)))  # fmt: skip
                case._go_on_paid(text)
        return result
