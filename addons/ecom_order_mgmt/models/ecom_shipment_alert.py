from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ..concurrency import create_once
from ..tools import tracking

BATCH = 500
# What the buyer may be told when staff is. (Of the others the carrier's own news tells.)
TOLD = {
    "late": "delayed",
    "no_scan": "no_scan",
    "no_movement": "no_movement",
    "pickup_waiting": "pickup_waiting",
}


class EcomShipmentAlert(models.Model):
    """Something about a parcel that staff should see to before the buyer complains.

    At most one open alert per parcel and kind. It ends by itself when the parcel moves on; its
    activity ends with it.
    """

    _name = "ecom.shipment.alert"
    _description = "Parcel Alert"
    _order = "since desc, id desc"
    _rec_name = "kind"

    parcel_id = fields.Many2one(
        "ecom.shipment.parcel", required=True, readonly=True, index=True, ondelete="cascade"
    )
    shipment_id = fields.Many2one(
        "ecom.shipment", related="parcel_id.shipment_id", store=True, index=True
    )
    company_id = fields.Many2one(
        "res.company", related="parcel_id.company_id", store=True, index=True
    )
    channel_id = fields.Many2one(
        "ecom.channel", related="parcel_id.channel_id", store=True, index="btree_not_null"
    )
    carrier_id = fields.Many2one(related="parcel_id.carrier_id", store=True, index="btree_not_null")
    kind = fields.Selection(
        [
            ("no_scan", "No first scan"),
            ("no_movement", "No movement"),
            ("late", "Later than expected"),
            ("attempt_failed", "Delivery attempt failed"),
            ("pickup_waiting", "Waits at the pickup point"),
            ("returned", "Comes back"),
        ],
        required=True,
        readonly=True,
    )
    since = fields.Datetime(required=True, readonly=True)
    resolved_at = fields.Datetime("Resolved On", readonly=True)
    advice = fields.Char("What to Do", compute="_compute_advice")

    _open_uniq = models.UniqueIndex("(parcel_id, kind) WHERE resolved_at IS NULL")

    @api.depends("kind")
    def _compute_advice(self):
        advice = {
            "no_scan": self.env._("Check that the parcel left; ask the carrier if it did."),
            "no_movement": self.env._("Ask the carrier for a search."),
            "late": self.env._("Tell the buyer, and ask the carrier."),
            "attempt_failed": self.env._("Check the address with the buyer."),
            "pickup_waiting": self.env._("Remind the buyer to fetch the parcel."),
            "returned": self.env._("Expect the parcel; clear up with the buyer what to do."),
        }
        for alert in self:
            alert.advice = advice.get(alert.kind)

    def _get_summary(self):
        self.ensure_one()
        # In one language for all: it is compared when the alert ends.
        kinds = dict(self.with_context(lang=None)._fields["kind"].selection)
        return f"{kinds[self.kind]}: {self.parcel_id.tracking_ref}"

    def _plan_activities(self):
        """One activity per alert, for the channel's responsible; all at once."""
        todo = self.env.ref("mail.mail_activity_data_todo")
        model = self.env["ir.model"]._get("ecom.shipment.parcel")
        today = fields.Date.context_today(self)
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            [
                {
                    "activity_type_id": todo.id,
                    "res_model_id": model.id,
                    "res_id": alert.parcel_id.id,
                    "user_id": user.id,
                    "summary": alert._get_summary(),
                    "note": alert.advice,
                    "automated": True,
                    "date_deadline": today + timedelta(days=alert.kind == "no_scan"),
                }
                for alert in self
                if (user := alert.channel_id.user_id)
            ]
        )

    @api.model
    def _cron_watch(self):
        """Look at all parcels that are on their way, a batch per transaction."""
        Parcel = self.env["ecom.shipment.parcel"]
        domain = Domain(
            [
                ("shipped_at", "!=", False),
                ("status", "not in", ("delivered", "expired")),
                ("voided", "=", False),
            ]
        )
        last_id = 0
        self.env["ir.cron"]._commit_progress(remaining=Parcel.search_count(domain))
        while True:
            parcels = Parcel.search(domain & Domain("id", ">", last_id), order="id", limit=BATCH)
            if not parcels:
                return True
            last_id = parcels[-1].id
            # Rows that an ingestion holds right now are seen to by the next run.
            parcels.try_lock_for_update()._watch()
            if not self.env["ir.cron"]._commit_progress(len(parcels)):
                return True


class EcomShipmentParcel(models.Model):
    _inherit = "ecom.shipment.parcel"

    def _get_due_alerts(self):
        """:return: {parcel: {kind: since}}"""
        now = fields.Datetime.now()
        return {
            parcel: tracking.due_alerts(
                now,
                parcel.status,
                parcel.shipped_at,
                parcel.first_scan_at,
                parcel.last_event_at,
                parcel.pickup_since,
                parcel._get_deadline(),
                parcel._get_limits(),
            )
            for parcel in self
        }

    def _get_limits(self):
        """:return: :class:`tracking.Limits` that the channel sets"""
        self.ensure_one()
        channel = self.channel_id
        if not channel:
            return tracking.Limits()
        return tracking.Limits(
            channel.alert_no_scan_hours,
            channel.alert_no_movement_hours,
            channel.alert_pickup_days * 24,
        )

    def _watch(self):
        """Expire what nobody heard of for long, raise alerts and end those that are over."""
        now = fields.Datetime.now()
        silent = self.filtered(
            lambda parcel: parcel.status not in tracking.FINAL
            and now - max(filter(None, (parcel.last_event_at, parcel.shipped_at)))
            >= tracking.EXPIRES_AFTER
        )
        silent.write({"status": "expired", "status_at": now})
        due = self._get_due_alerts()
        open_alerts = self._resolve_alerts(due)
        here = {(alert.parcel_id, alert.kind) for alert in open_alerts}
        alerts = create_once(
            self.env["ecom.shipment.alert"],
            [
                {"parcel_id": parcel.id, "kind": kind, "since": since}
                for parcel, kinds in due.items()
                for kind, since in kinds.items()
                if (parcel, kind) not in here
            ],
        )
        alerts._plan_activities()
        for kind, notice in TOLD.items():
            told = alerts.filtered(lambda alert, kind=kind: alert.kind == kind)
            told.shipment_id._notify_buyer(notice)
        return alerts

    def _resolve_alerts(self, due=None):
        """End alerts whose reason is gone. :return: those that are open still"""
        alerts = self.env["ecom.shipment.alert"].search(
            [("parcel_id", "in", self.ids), ("resolved_at", "=", False)]
        )
        if not alerts:
            return alerts
        due = due if due is not None else alerts.parcel_id._get_due_alerts()
        over = alerts.filtered(lambda alert: alert.kind not in due[alert.parcel_id])
        over.write({"resolved_at": fields.Datetime.now()})
        activities = self.env["mail.activity"].search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", over.parcel_id.ids),
                ("automated", "=", True),
            ]
        )
        kinds = {(alert.parcel_id.id, alert._get_summary()) for alert in over}
        activities.filtered(lambda a: (a.res_id, a.summary) in kinds).unlink()
        return alerts - over
