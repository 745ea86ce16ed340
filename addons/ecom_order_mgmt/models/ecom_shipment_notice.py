from odoo import fields, models

from ..concurrency import create_once


class EcomShipmentNotice(models.Model):
    """An e-mail to the buyer about a shipment. The unique index is why none is sent twice."""

    _name = "ecom.shipment.notice"
    _description = "E-mail About a Shipment"
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
        ],
        required=True,
        readonly=True,
    )
    email = fields.Char(readonly=True)

    _kind_uniq = models.UniqueIndex("(shipment_id, kind)", "The buyer was told already.")


class EcomShipment(models.Model):
    _inherit = "ecom.shipment"

    notice_ids = fields.One2many("ecom.shipment.notice", "shipment_id", "E-mails", readonly=True)
    buyer_email = fields.Char(compute="_compute_buyer", compute_sudo=True)
    buyer_lang = fields.Char(compute="_compute_buyer", compute_sudo=True)

    def _compute_buyer(self):
        for shipment in self:
            partners = shipment.picking_ids.sale_id.partner_id | shipment.partner_id
            shipment.buyer_email = next(filter(None, partners.mapped("email")), False)
            shipment.buyer_lang = (
                next(filter(None, partners.mapped("lang")), False) or self.env.lang
            )

    def _notify_buyer(self, kind):
        """E-mail the buyers where the channel wishes it; each of these e-mails once."""
        # A parcel of several orders goes to one buyer; any of the channels may wish it.
        wanted = self.sudo().filtered(
            lambda shipment: any(shipment.order_ids.channel_id.mapped(f"notify_{kind}"))
            and shipment.buyer_email
        )
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
                {"shipment_id": shipment.id, "kind": kind, "email": shipment.buyer_email}
                for shipment in wanted
            ],
        )
        for shipment in wanted:
            shipment._portal_ensure_token()
        # Only queued here: the mail timer sends it after the commit.
        template = self.env.ref(f"ecom_order_mgmt.mail_template_{kind}").sudo()
        template.send_mail_batch(wanted.ids)
