from odoo import fields, models

from ..concurrency import create_once


class EcomShipmentNotice(models.Model):
    """What the buyer was told of a shipment, by e-mail or SMS. The unique index is why nothing is
    told twice."""

    _name = "ecom.shipment.notice"
    _description = "Notice About a Shipment"
    _order = "id desc"
    _rec_name = "kind"

    shipment_id = fields.Many2one(
        "ecom.shipment", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", related="shipment_id.company_id", store=True, index=True
    )
    kind = fields.Selection(
        [
            ("shipped", "Shipped"),
            ("out_for_delivery", "Out for delivery"),
            ("delivered", "Delivered"),
            ("delayed", "Later than expected"),
            ("no_scan", "Not scanned yet"),
            ("no_movement", "Does not move"),
            ("attempt_failed", "Nobody was there"),
            ("available_for_pickup", "Ready for pickup"),
            ("pickup_waiting", "Still waits for pickup"),
            ("returned", "Comes back"),
        ],
        required=True,
        readonly=True,
    )
    email = fields.Char(readonly=True)
    phone = fields.Char(readonly=True)

    _kind_uniq = models.UniqueIndex("(shipment_id, kind)", "The buyer was told already.")


class EcomShipment(models.Model):
    _inherit = "ecom.shipment"

    notice_ids = fields.One2many("ecom.shipment.notice", "shipment_id", "Notices", readonly=True)
    buyer_email = fields.Char(compute="_compute_buyer", compute_sudo=True)
    buyer_phone = fields.Char(compute="_compute_buyer", compute_sudo=True)
    buyer_lang = fields.Char(compute="_compute_buyer", compute_sudo=True)

    def _compute_buyer(self):
        for shipment in self:
            partners = shipment.picking_ids.sale_id.partner_id | shipment.partner_id
            shipment.buyer_email = next(filter(None, partners.mapped("email")), False)
            shipment.buyer_phone = next(
                filter(None, (shipment.partner_id | partners).mapped("phone")), False
            )
            shipment.buyer_lang = (
                next(filter(None, partners.mapped("lang")), False) or self.env.lang
            )

    def _get_notice_ways(self, kind):
        """:return: (e-mail address or False, telephone number or False) to use for this notice.
        A parcel of several orders goes to one buyer; any of the channels may wish it."""
        self.ensure_one()
        channels = self.order_ids.channel_id.filtered(f"notify_{kind}")
        if not channels:
            return False, False
        ways = set(channels.mapped("notify_by"))
        phone = ways & {"sms", "both"} and "sms.sms" in self.env and self._get_sms_number()
        email = self.buyer_email if not phone or ways & {"email", "both"} else False
        return email, phone or False

    def _get_sms_number(self):
        """:return: the buyer's number as text messages need it, or False"""
        self.ensure_one()
        return self.buyer_phone and self.partner_id._phone_format(number=self.buyer_phone)

    def _notify_buyer(self, kind):
        """Tell the buyers where the channel wishes it, each thing once."""
        # Whoever brings news of a parcel need not see the buyer's data.
        shipments = self.sudo()
        ways = {shipment: shipment._get_notice_ways(kind) for shipment in shipments}
        wanted = shipments.filtered(lambda shipment: any(ways[shipment]))
        told = (
            self.env["ecom.shipment.notice"]
            .sudo()
            .search([("shipment_id", "in", wanted.ids), ("kind", "=", kind)])
        )
        wanted -= told.shipment_id
        if not wanted:
            return
        create_once(
            self.env["ecom.shipment.notice"].sudo(),
            [
                {
                    "shipment_id": shipment.id,
                    "kind": kind,
                    "email": ways[shipment][0],
                    "phone": ways[shipment][1],
                }
                for shipment in wanted
            ],
        )
        for shipment in wanted:
            shipment._portal_ensure_token()
        # Only queued here: the timers send it after the commit.
        by_mail = wanted.filtered(lambda shipment: ways[shipment][0])
        if by_mail:
            template = self.env.ref(f"ecom_order_mgmt.mail_template_{kind}").sudo()
            template.send_mail_batch(by_mail.ids)
        for shipment in wanted.filtered(lambda shipment: ways[shipment][1]):
            shipment.with_context(lang=shipment.buyer_lang)._send_sms(kind, ways[shipment][1])

    def _send_sms(self, kind, number):
        self._message_sms(
            self._get_sms_text(kind), partner_ids=[], sms_numbers=[number], put_in_queue=True
        )

    def _get_sms_text(self, kind):
        """:return: a short text in the environment's language: who, what, and the link"""
        self.ensure_one()
        codes = [code for code in self.parcel_ids.mapped("pickup_code") if code]
        said = {
            "shipped": self.env._("your parcel is on its way."),
            "out_for_delivery": self.env._("your parcel arrives today."),
            "delivered": self.env._("your parcel was delivered."),
            "delayed": self.env._("your parcel takes longer than expected. We are sorry."),
            "no_scan": self.env._("the carrier has not scanned your parcel yet. We are asking."),
            "no_movement": self.env._("there is no news of your parcel. We are asking the carrier."),
            "attempt_failed": self.env._("the carrier could not hand over your parcel."),
            "available_for_pickup": self.env._("your parcel waits for you at the pickup point."),
            "pickup_waiting": self.env._("your parcel still waits at the pickup point."),
            "returned": self.env._("your parcel comes back to us. We will contact you."),
        }[kind]
        if kind in ("available_for_pickup", "pickup_waiting") and codes:
            said = f"{said} {self.env._('Code: %s', ', '.join(codes))}"
        return f"{self.company_id.name}: {said} {self.get_base_url()}{self.access_url}"
