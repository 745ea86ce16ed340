import logging

from odoo import api, fields, models

from odoo.addons.ecom_order_mgmt.concurrency import RETRYABLE
from odoo.addons.ecom_order_mgmt.tools import tracking

_logger = logging.getLogger(__name__)

_BATCH = 20


class EcomLabel(models.Model):
    """Parcels that buyers send back are no parcels of ours: their carriers are asked by the label,
    from the day that it was bought until the parcel has arrived."""

    _inherit = "ecom.label"

    return_poll_at = fields.Datetime("Carrier Is Asked On", readonly=True, copy=False)

    _return_poll_idx = models.Index("(return_poll_at) WHERE return_poll_at IS NOT NULL")

    def write(self, vals):
        result = super().write(vals)
        state = vals.get("state")
        if state == "bought":
            back = self.filtered(lambda label: label.is_return and not label.return_poll_at)
            back.return_poll_at = fields.Datetime.now()
        elif state:
            self.filtered("return_poll_at").return_poll_at = False
        return result

    @api.model
    def _cron_poll_returns(self):
        """As the poll of parcels: what is due, per account, the calls between transactions."""
        accounts = self.env["ecom.carrier.account"].search([("active", "=", True)])
        for account in accounts:
            domain = [
                ("account_id", "=", account.id),
                ("state", "=", "bought"),
                ("numbers", "!=", False),
                ("return_poll_at", "<=", fields.Datetime.now()),
            ]
            while labels := self.search(domain, limit=_BATCH, order="return_poll_at"):
                labels = labels.try_lock_for_update()
                if not labels:
                    break
                # Before the call: whoever runs beside us must not ask the same.
                labels.return_poll_at = fields.Datetime.add(fields.Datetime.now(), hours=4)
                if not self.env["ir.cron"]._commit_progress(len(labels)):
                    return
                answer = account._get_client().track(labels._get_numbers())
                account._note_result(answer)
                try:
                    self.env["ecom.shipment"]._ingest_events(answer.items, source="poll")
                    labels._plan_return_poll()
                    self.env["ir.cron"]._commit_progress()
                except RETRYABLE:
                    # What was said is asked again; keys keep it from counting twice.
                    self.env.cr.rollback()
                    _logger.info("return labels: another transaction was faster; asked again later")

    def _get_numbers(self):
        return [
            number.strip()
            for label in self
            for number in (label.numbers or "").split(",")
            if number.strip()
        ]

    def _plan_return_poll(self):
        """Ask again the sooner, the more happens; not at all once it has arrived."""
        refs = [tracking.clean_ref(number) for number in self._get_numbers()]
        events = self.env["ecom.shipment.event"].search([("tracking_ref", "in", refs)])
        by_ref = events.grouped("tracking_ref")
        now = fields.Datetime.now()
        for label in self:
            mine = [
                tracking.Event(event.occurred_at, event.key, event.status or None)
                for number in label._get_numbers()
                for event in by_ref.get(tracking.clean_ref(number), ())
            ]
            state = tracking.reduce_events(mine)
            arrived = state.status in tracking.FINAL
            label.return_poll_at = (
                False
                if arrived
                else tracking.next_poll(now, state.status, label.bought_at, state.last_event_at)
            )
