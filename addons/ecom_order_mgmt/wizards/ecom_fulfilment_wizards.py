from odoo import fields, models

from ..models.ecom_shipment_reject import REASONS


class EcomShipmentRejection(models.TransientModel):
    """A picker says why a parcel cannot be sent."""

    _name = "ecom.shipment.rejection"
    _description = "Rejection of a Shipment"

    shipment_id = fields.Many2one("ecom.shipment", required=True)
    reason = fields.Selection(REASONS, required=True, default="not_found")
    pause_hours = fields.Integer("Closed for Hours", default=2)
    note = fields.Char()

    def action_apply(self):
        self.ensure_one()
        self.shipment_id._reject(self.reason, self.pause_hours, self.note)
        return {"type": "ir.actions.act_window_close"}


class EcomOrderWarehouse(models.TransientModel):
    """Asks which warehouse is to deliver."""

    _name = "ecom.order.warehouse"
    _description = "Choice of a Warehouse"

    order_ids = fields.Many2many("ecom.order", required=True)
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    warehouse_id = fields.Many2one(
        "stock.warehouse", required=True, domain="[('company_id', '=', company_id)]"
    )

    def action_apply(self):
        self.ensure_one()
        self.order_ids.action_set_warehouse(self.warehouse_id.id)
        return {"type": "ir.actions.act_window_close"}
