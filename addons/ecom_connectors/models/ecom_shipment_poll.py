import json
import logging
from datetime import timedelta

import requests

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.ecom_order_mgmt.concurrency import RETRYABLE
from odoo.addons.ecom_order_mgmt.tools import tracking

from ..carriers import kuaidi100
from ..carriers.result import Answer, Message

_logger = logging.getLogger(__name__)

BATCH = 20
TIMEOUT = 25


class EcomShipmentParcel(models.Model):
    """Asking carriers for news, the seldomer the longer nothing happens."""

    _inherit = "ecom.shipment.parcel"

    @api.model
    def _cron_poll(self):
        """Ask for what is due: per account, a handful of numbers per call. The call is made
        between transactions."""
        accounts = self.env["ecom.carrier.account"].search([("active", "=", True)])
        for account in accounts:
            domain = account._get_poll_domain()
            failed = False
            while not failed and (
                parcels := self.search(domain, limit=BATCH, order="next_poll_at")
            ):
                parcels = parcels.try_lock_for_update()
                if not parcels:
                    break
                # Before the call: whoever runs beside us must not ask the same.
                parcels.write({"next_poll_at": fields.Datetime.now() + timedelta(hours=1)})
                if not self.env["ir.cron"]._commit_progress(len(parcels)):
                    return True
                answer = account._ask(parcels)
                failed = not answer.items and answer.outcome != "refused"
                try:
                    parcels._take_answer(answer)
                    self.env["ir.cron"]._commit_progress()
                except RETRYABLE:
                    # What was said is asked again in an hour; keys keep it from counting twice.
                    self.env.cr.rollback()
                    _logger.info("tracking: another transaction was faster; asked again later")
        return True

    def action_ask_carrier(self):
        """Button: ask with the next run of the timer, not at the hour planned."""
        self._check_staff().filtered(lambda parcel: not parcel.voided).write(
            {"next_poll_at": fields.Datetime.now()}
        )
        self.env.ref("ecom_connectors.ir_cron_poll_parcels")._trigger()
        return True

    def _take_answer(self, answer):
        """:param answer: :class:`Answer` of a question for these parcels"""
        events = self.env["ecom.shipment"]._ingest_events(answer.items, source="poll")
        for rejected in events["rejected"]:
            _logger.info("tracking event not read: %s", rejected["message"])
        told = {tracking.clean_ref(item["tracking_ref"]) for item in answer.items}
        now = fields.Datetime.now()
        for parcel in self:
            known = parcel.tracking_ref in told
            failures = 0 if known else parcel.poll_failures + 1
            parcel.write(
                {
                    "poll_failures": failures,
                    "poll_error": False if known else (answer.text[:300] or False),
                    "next_poll_at": tracking.next_poll(
                        now, parcel.status, parcel.shipped_at, parcel.last_event_at, failures
                    ),
                }
            )


class EcomCarrierAccount(models.Model):
    _inherit = "ecom.carrier.account"

    def _get_poll_domain(self):
        self.ensure_one()
        due = [
            ("next_poll_at", "<=", fields.Datetime.now()),
            ("voided", "=", False),
            ("company_id", "=", self.company_id.id),
        ]
        return [*due, ("carrier_id.ecom_account_id", "=", self.id)]

    def _ask(self, parcels):
        """:return: :class:`Answer` of the carrier about these parcels"""
        self.ensure_one()
        try:
            if self.plugin == "kuaidi100":
                answer = self._ask_kuaidi100(parcels)
            elif self.plugin == "shippo":
                answer = Answer((), (Message("", "told by webhook"),), "refused")
            else:
                answer = self._get_client().track(parcels.mapped("tracking_ref"))
        except UserError as error:
            answer = Answer((), (Message("", str(error)),), "not_sent")
        self._note_result(answer)
        return answer

    def _ask_kuaidi100(self, parcels):
        credentials = self._load_credentials()
        items, messages, outcome = (), (), "refused"
        for parcel in parcels:
            phone = (parcel.partner_id.phone or "")[-4:]
            url, form = kuaidi100.query(
                parcel.tracking_ref,
                parcel.carrier_code or "",
                credentials.get("key", ""),
                credentials.get("customer", ""),
                phone,
            )
            answer = kuaidi100.read(self._post_form(url, form))
            items += answer.items
            messages += answer.messages
            outcome = "ok" if answer.items else outcome
        return Answer(items, messages, outcome)

    def _post_form(self, url, form):
        """The seam for tests. :return: the JSON answer, or what stands for it"""
        try:
            response = requests.post(url, data=form, timeout=TIMEOUT)
            return json.loads(response.text)
        except (requests.RequestException, ValueError) as error:
            return {"status": "", "message": f"{type(error).__name__}"}
