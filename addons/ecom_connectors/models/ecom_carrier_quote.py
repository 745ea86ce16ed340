from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.ecom_order_mgmt.concurrency import RETRYABLE, create_once
from odoo.addons.ecom_order_mgmt.tools import carrier_choice

from ..carriers.result import rate_of

WAITS = (1, 5, 15)
# A worker that asks has this long before another one does.
LEASE = timedelta(minutes=3)
GOOD_FOR = timedelta(days=2)


class EcomCarrierQuote(models.Model):
    """What a carrier says that one parcel costs, asked between transactions. Those that were not
    taken stay: they say why another carrier was chosen."""

    _name = "ecom.carrier.quote"
    _description = "Carrier's Quote"
    _order = "shipment_id desc, amount, id"
    _rec_name = "carrier_id"

    shipment_id = fields.Many2one(
        "ecom.shipment", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="shipment_id.company_id", store=True, index=True)
    carrier_id = fields.Many2one(
        "delivery.carrier", required=True, readonly=True, index=True, ondelete="cascade"
    )
    account_id = fields.Many2one(
        "ecom.carrier.account", required=True, readonly=True, index=True, ondelete="cascade"
    )
    state = fields.Selection(
        [("waiting", "Being Asked"), ("done", "Answered"), ("failed", "No Offer")],
        default="waiting",
        required=True,
        readonly=True,
    )
    attempts = fields.Integer(readonly=True)
    next_try = fields.Datetime(readonly=True, default=fields.Datetime.now)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary("Price", readonly=True)
    company_amount = fields.Float("In Our Currency", readonly=True, digits="Product Price")
    days = fields.Integer("Working Days", readonly=True, help="0: the carrier does not say.")
    answered_at = fields.Datetime(readonly=True)
    answer = fields.Char("Carrier Says", readonly=True)

    _carrier_uniq = models.UniqueIndex("(shipment_id, carrier_id)", "It was asked already.")
    _todo_idx = models.Index("(next_try, id) WHERE state = 'waiting'")

    @api.model
    def _cron_ask(self):
        """Ask for what is due: one call per parcel and account."""
        while quotes := self._take_due():
            try:
                quotes._ask()
                quotes._choose_again()
            except RETRYABLE:
                self.env.cr.rollback()
                continue
            if not self.env["ir.cron"]._commit_progress(len(quotes)):
                break
        return True

    @api.model
    def _take_due(self):
        """:return: what one call asks for; taken, so that nobody else asks the same"""
        now = fields.Datetime.now()
        due = [("state", "=", "waiting"), ("next_try", "<=", now)]
        first = self.search(due, order="next_try, id", limit=1)
        quotes = self.search(
            [*due, ("shipment_id", "=", first.shipment_id.id),
             ("account_id", "=", first.account_id.id)]
        ).try_lock_for_update()  # fmt: skip
        for quote in quotes:
            quote.write({"attempts": quote.attempts + 1, "next_try": now + LEASE})
        self.env["ir.cron"]._commit_progress()
        return quotes

    def _ask(self):
        shipment, account = self.shipment_id, self.account_id
        try:
            client = account._get_client()
        except UserError as error:
            return self._note_failure(str(error))
        sender = shipment.warehouse_id.partner_id or shipment.company_id.partner_id
        # One question for all of the account's services.
        request = self.carrier_id[:1]._prepare_rate_request(
            sender, shipment.partner_id, shipment._get_weight()
        )
        answer = client.rates({**request, "services": []})
        account._note_result(answer)
        if not answer.items and answer.outcome != "refused":
            return self._note_failure(answer.text)
        for quote in self:
            rate = rate_of(answer.items, quote.carrier_id.ecom_service)
            quote._note_rate(rate, answer.text)
        return None

    def _note_rate(self, rate, text):
        self.ensure_one()
        now = fields.Datetime.now()
        if not rate:
            said = text[:300] or self.env._("The carrier does not offer this service there.")
            self.write({"state": "failed", "answer": said, "answered_at": now})
            return
        currency = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", rate.currency)], limit=1)
        )
        self.write(
            {
                "state": "done",
                "currency_id": currency.id,
                "amount": float(rate.amount),
                "company_amount": self.carrier_id._in_company_currency(rate, self.company_id),
                "days": rate.transit_days or 0,
                "answer": False,
                "answered_at": now,
            }
        )

    def _note_failure(self, text):
        """Nobody answered: asked again later, and given up after some times."""
        now = fields.Datetime.now()
        for quote in self:
            wait = WAITS[min(quote.attempts, len(WAITS)) - 1]
            vals = {"answer": (text or "")[:300], "next_try": now + timedelta(minutes=wait)}
            if quote.attempts >= len(WAITS):
                vals |= {"state": "failed", "answered_at": now}
            quote.write(vals)

    def _ask_again(self):
        quotes = self.filtered(lambda quote: quote.state != "waiting")
        quotes.write({"state": "waiting", "attempts": 0, "next_try": fields.Datetime.now()})
        if quotes:
            self.env.ref("ecom_connectors.ir_cron_quotes")._trigger()

    def _choose_again(self):
        """Once all have answered: choose with what they said, unless a person chose meanwhile."""
        shipment = self.shipment_id
        if shipment.quote_ids.filtered(lambda quote: quote.state == "waiting"):
            return
        if shipment._may_choose_again():
            shipment._choose_carriers(again=True)


class EcomShipment(models.Model):
    _inherit = "ecom.shipment"

    quote_ids = fields.One2many("ecom.carrier.quote", "shipment_id", "Quotes", readonly=True)

    def _may_choose_again(self):
        """:return: whether the carrier was chosen by the program, and can still be another one"""
        self.ensure_one()
        chosen = self.carrier_reason or not self.carrier_id
        return chosen and self.state in ("draft", "ready") and not self._is_label_ordered()

    def _is_label_ordered(self):
        if super()._is_label_ordered():
            return True
        # Whoever looks at the buyer's page may not read labels.
        labels = self.sudo().label_ids.filtered(lambda label: not label.is_return)
        return any(label.state not in ("voided", "failed", "cancelled") for label in labels)

    def _get_quotes(self, carriers):
        quotes = self.env["ecom.carrier.quote"].search(
            [
                ("shipment_id", "in", self.ids),
                ("carrier_id", "in", carriers.ids),
                ("state", "=", "done"),
                ("answered_at", ">=", fields.Datetime.now() - GOOD_FOR),
            ]
        )
        found = super()._get_quotes(carriers)
        for quote in quotes:
            found.setdefault(quote.shipment_id, {})[quote.carrier_id.id] = carrier_choice.Rate(
                "", "", 0, Decimal(str(quote.company_amount)), quote.days or None
            )
        return found

    def _choose_carriers(self, again=False):
        result = super()._choose_carriers(again=again)
        self._ask_for_quotes()
        return result

    def action_choose_carrier(self):
        # A person asks: what carriers said before may be of another weight or address.
        quotes = self.sudo().quote_ids
        result = super().action_choose_carrier()
        quotes._ask_again()
        return result

    def _ask_for_quotes(self):
        """Carriers that want to be asked are asked after the commit; then it is chosen again."""
        # Whoever confirms orders need not see accounts of carriers.
        Quote = self.env["ecom.carrier.quote"].sudo()
        fresh, old = Quote, fields.Datetime.now() - GOOD_FOR
        for company, shipments in self.sudo().grouped("company_id").items():
            carriers = self.env["delivery.carrier"].sudo()._get_ecom_candidates(company)
            carriers = carriers.filtered(
                lambda c: c.delivery_type == "karrio" and c.ecom_ask_rates and c.ecom_account_id
            )
            if not carriers:
                continue
            here = Quote.search([("shipment_id", "in", shipments.ids)])
            known = {(quote.shipment_id, quote.carrier_id) for quote in here}
            here.filtered(lambda q: q.answered_at and q.answered_at < old)._ask_again()
            fresh |= create_once(
                Quote,
                [
                    {
                        "shipment_id": shipment.id,
                        "carrier_id": carrier.id,
                        "account_id": carrier.ecom_account_id.id,
                    }
                    for shipment in shipments
                    for carrier in carriers
                    if (shipment, carrier) not in known
                ],
            )
        if fresh:
            self.env.ref("ecom_connectors.ir_cron_quotes")._trigger()
