from odoo import fields, models


class EcomOrder(models.Model):
    """The parcels of an order."""

    _inherit = "ecom.order"

    shipment_ids = fields.Many2many(
        "ecom.shipment",
        "ecom_shipment_ecom_order_rel",
        "order_id",
        "shipment_id",
        string="Shipments",
        readonly=True,
        copy=False,
    )
    shipment_count = fields.Integer(compute="_compute_shipment_count", string="Parcels")

    def _compute_shipment_count(self):
        for order in self:
            order.shipment_count = len(order.shipment_ids)

    def _get_recipient_key(self):
        """:return: text that is the same for the same person at the same address, or False where
        nobody can tell (such orders are never merged by themselves)"""
        self.ensure_one()
        document = self.document or {}
        opaque = (document.get("extra") or {}).get("recipient_key")
        if opaque:
            # A platform that hides its buyers gives keys instead; they are good for one shop and
            # one calendar week.
            week = (self.placed_at or self.create_date).strftime("%G-%V")
            return f"~{self.channel_id.id}:{week}:{opaque}"[:256]
        address = document.get("shipping_address")
        if not address or not (address.get("name") or address.get("company")):
            return False
        if not (address.get("street") and (address.get("zip") or address.get("city"))):
            return False
        if any("*" in (address.get(part) or "") for part in ("name", "street", "phone")):
            return False  # masked by the platform: two people may look the same
        return self._get_address_key(address) or False

    def action_open_shipments(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ecom_order_mgmt.ecom_shipment_action"
        )
        action["domain"] = [("order_ids", "in", self.ids)]
        action["context"] = {"active_test": False}
        if len(self.shipment_ids) == 1:
            action.update(res_id=self.shipment_ids.id, view_mode="form", views=[(False, "form")])
        return action
