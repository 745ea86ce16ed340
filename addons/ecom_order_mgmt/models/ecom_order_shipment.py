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
        address = (self.document or {}).get("shipping_address")
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
