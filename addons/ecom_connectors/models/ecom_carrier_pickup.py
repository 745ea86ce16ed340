import base64

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from odoo.addons.ecom_order_mgmt.tools import eta

# First half of the key of our session locks: "pu".
LOCK_CLASS = 0x7075


class EcomCarrierPickup(models.Model):
    """The carrier's van is asked to come, or the day's parcels are closed by a manifest.

    Asked after the commit, like a label. A van that was asked for twice costs twice: where the
    answer is lost, a person looks (*unknown*), nothing is sent again.
    """

    _name = "ecom.carrier.pickup"
    _description = "Pickup or Manifest"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"
    _check_company_auto = True
    _rec_name = "number"

    kind = fields.Selection(
        [("pickup", "Pickup"), ("manifest", "Manifest")], default="pickup", required=True
    )
    account_id = fields.Many2one(
        "ecom.carrier.account", required=True, check_company=True, index=True
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    warehouse_id = fields.Many2one(
        "stock.warehouse",
        required=True,
        check_company=True,
        default=lambda self: self.env["stock.warehouse"].search(
            [("company_id", "=", self.env.company.id)], limit=1
        ),
    )
    date = fields.Date(required=True, default=fields.Date.context_today)
    ready_time = fields.Float("Ready From", default=12)
    closing_time = fields.Float("Closed From", default=17)
    label_ids = fields.Many2many("ecom.label", string="Labels")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("waiting", "Ordered"),
            ("sending", "Being Sent"),
            ("unknown", "Outcome Not Known"),
            ("done", "Confirmed"),
            ("refused", "Refused"),
            ("cancelling", "To Cancel"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        tracking=True,
    )
    number = fields.Char("Confirmation", readonly=True)
    answer = fields.Text("Carrier's Answer", readonly=True)

    @api.constrains("ready_time", "closing_time")
    def _check_times(self):
        for pickup in self:
            if not 0 < pickup.ready_time < pickup.closing_time < 24:
                raise ValidationError(self.env._("The parcels must be ready before you close."))

    @api.onchange("account_id", "warehouse_id", "kind")
    def _onchange_account_id(self):
        """Propose the labels of parcels that nobody fetched yet."""
        self.label_ids = self.account_id and self.env["ecom.label"].search(
            [
                ("account_id", "=", self.account_id.id),
                ("state", "=", "bought"),
                ("is_return", "=", False),
                ("shipment_id.warehouse_id", "=", self.warehouse_id.id),
                ("shipment_id.parcel_ids.first_scan_at", "=", False),
            ]
        )

    # === ACTIONS === #

    def action_order(self):
        for pickup in self:
            if pickup.kind == "manifest" and not pickup.label_ids:
                raise UserError(self.env._("A manifest lists labels: choose some."))
        self.filtered(lambda p: p.state in ("draft", "refused")).write({"state": "waiting"})
        self.env.ref("ecom_connectors.ir_cron_pickups")._trigger()
        return True

    def action_cancel(self):
        self.filtered(lambda p: p.state in ("draft", "waiting", "unknown", "refused")).write(
            {"state": "cancelled"}
        )
        ordered = self.filtered(lambda p: p.state == "done" and p.kind == "pickup")
        ordered.write({"state": "cancelling"})
        self.env.ref("ecom_connectors.ir_cron_pickups")._trigger()
        return True

    # === THE WORK === #

    @api.model
    def _cron_process(self):
        todo = self.search([("state", "in", ("waiting", "sending", "cancelling"))], order="id")
        for pickup in todo:
            self.env.cr.execute(SQL("SELECT pg_try_advisory_lock(%s, %s)", LOCK_CLASS, pickup.id))
            if not self.env.cr.fetchone()[0]:
                continue
            try:
                pickup._process()
            finally:
                self.env.cr.execute(SQL("SELECT pg_advisory_unlock(%s, %s)", LOCK_CLASS, pickup.id))
            if not self.env["ir.cron"]._commit_progress(1):
                break
        return True

    def _process(self):
        self.ensure_one()
        self.env["ir.cron"]._commit_progress()
        self.invalidate_recordset()
        if self.state == "sending":
            # Whoever sent it died before the answer was noted.
            return self._end("unknown", self.env._("The connection broke; ask the carrier."))
        try:
            client = self.account_id._get_client()
        except UserError as error:
            return self._end("refused", str(error))
        if self.state == "cancelling":
            answer = client.cancel_pickup(self._prepare_cancel())
            return self._end("cancelled" if answer.outcome == "ok" else "done", answer.text)
        if self.state != "waiting":
            return None
        request = self._prepare_request()
        self.state = "sending"
        self.env["ir.cron"]._commit_progress()
        answer = client.pickup(request) if self.kind == "pickup" else client.manifest(request)
        if answer.items:
            return self._record(answer)
        if answer.outcome == "not_sent":
            return self._end("waiting", answer.text)
        return self._end("refused" if answer.outcome == "refused" else "unknown", answer.text)

    def _record(self, answer):
        item = answer.items[0]
        if self.kind == "pickup":
            self.number = item["number"]
        else:
            self.env["ir.attachment"].create(
                {
                    "name": f"manifest-{self.id}.pdf",
                    "raw": base64.b64decode(item["data"]),
                    "res_model": self._name,
                    "res_id": self.id,
                }
            )
        self._end("done", answer.text)

    def _end(self, state, text):
        self.write({"state": state, "answer": text or False})
        if state in ("unknown", "refused"):
            self.activity_schedule(
                "mail.mail_activity_data_warning",
                note=text,
                user_id=(self.create_uid or self.env.user).id,
            )
        self.env["ir.cron"]._commit_progress()

    # === REQUESTS === #

    def _prepare_request(self):
        partner = self.warehouse_id.partner_id or self.company_id.partner_id
        address = self.env["delivery.carrier"]._prepare_address(partner)
        if self.kind == "manifest":
            return {
                "shipment_identifiers": self.label_ids.mapped("identifier"),
                "address": address,
                "reference": f"EM{self.id}",
            }
        return {
            "pickup_date": self.date.isoformat(),
            "ready_time": eta.cut_off_time(self.ready_time).strftime("%H:%M"),
            "closing_time": eta.cut_off_time(self.closing_time).strftime("%H:%M"),
            "address": address,
            "parcels": [
                parcel
                for label in self.label_ids
                for parcel in label.shipment_id._prepare_label_parcels(
                    label.carrier_id, label._get_reference()
                )
            ]
            or [self.env["delivery.carrier"]._prepare_parcel(1)],
            "shipment_identifiers": self.label_ids.mapped("identifier"),
        }

    def _prepare_cancel(self):
        partner = self.warehouse_id.partner_id or self.company_id.partner_id
        return {
            "confirmation_number": self.number,
            "pickup_date": self.date.isoformat(),
            "address": self.env["delivery.carrier"]._prepare_address(partner),
        }
