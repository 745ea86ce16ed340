from odoo import api, models
from odoo.exceptions import LockError, UserError, ValidationError

from odoo.addons.ecom_order_mgmt.tools import tracking

_BATCH = 500


class EcomReturn(models.Model):
    """The carrier's first scan of what a buyer sends back moves the case by itself."""

    _inherit = "ecom.return"

    @api.model
    def _take_scans(self, refs=None):
        """Note the first scan of parcels that are awaited.

        :param refs: tracking numbers that carriers spoke of; None: all that are awaited
        """
        domain = [("goods_state", "=", "awaiting"), ("request_state", "=", "approved")]
        domain += [("return_tracking_ref", "!=" if refs is None else "in", refs or False)]
        cases = self.search(domain, order="id", limit=_BATCH)
        if not cases:
            return
        numbers = {case: tracking.clean_ref(case.return_tracking_ref) for case in cases}
        scans = self.env["ecom.shipment.event"].search(
            [
                ("tracking_ref", "in", list(set(numbers.values()))),
                ("status", "in", list(tracking.SCANNED)),
            ],
            order="occurred_at, id",
        )
        by_ref = scans.grouped("tracking_ref")
        for case in cases:
            # The number may have been another parcel's, long ago.
            since = case.create_date - tracking.NUMBER_GRACE
            scan = next(
                (e for e in by_ref.get(numbers[case], ()) if e.occurred_at >= since), None
            )
            if scan:
                case._take_first_scan(scan)

    def _take_first_scan(self, scan):
        try:
            # A case that cannot go on must not keep the carrier's news from the others.
            with self.env.cr.savepoint():
                self.action_first_scan()
        except LockError:
            # Somebody has it in hand at this moment: the timer comes by again.
            return
        except (UserError, ValidationError) as error:
            self._remind(
                self.env._("The carrier has the parcel of %(case)s", case=self.name), str(error)
            )
            return
        self._decide(
            "goods",
            self.env._(
                "Scanned by the carrier: %(text)s %(place)s", text=scan.text or "", place=scan.place or ""
            ).strip(),
        )

    @api.model
    def _cron_escalate_deadlines(self):
        result = super()._cron_escalate_deadlines()
        # What came in before the buyer told the number, or while somebody had the case in hand.
        self._take_scans()
        return result


class EcomShipment(models.Model):
    _inherit = "ecom.shipment"

    @api.model
    def _ingest_events(self, events, source="poll"):
        result = super()._ingest_events(events, source=source)
        if result["new"]:
            refs = {str(item.get("tracking_ref") or "") for item in events if isinstance(item, dict)}
            refs |= {tracking.clean_ref(ref) for ref in refs}
            # Carriers' news come in with the rights of timers or reviewers, not of agents.
            self.env["ecom.return"].sudo()._take_scans(sorted(refs - {""}))
        return result
