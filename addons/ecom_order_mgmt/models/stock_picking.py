from odoo import fields, models
from odoo.exceptions import UserError


class StockPicking(models.Model):
    """Deliveries of channel orders leave in shipments."""

    _inherit = "stock.picking"

    ecom_shipment_id = fields.Many2one(
        "ecom.shipment",
        "Shipment",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The parcel that this delivery leaves in.",
    )
    ecom_own_shipment_id = fields.Many2one(
        "ecom.shipment",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The shipment that was made for this delivery; it may travel in another one.",
    )

    def _ecom_leaves(self):
        """:return: whether this step takes the goods out of our hands"""
        self.ensure_one()
        place = self.location_dest_id
        # Goods on the way to a sister warehouse of ours have not left.
        return place.usage == "customer" or (place.usage == "transit" and not place.company_id)

    def _ecom_goes_to_customer(self):
        self.ensure_one()
        move = self.move_ids[:1]
        if not move:
            return self._ecom_leaves()
        return move._ecom_is_delivery() and not move.origin_returned_move_id

    def _ecom_assign_shipments(self):
        """Every delivery of a channel order is in a shipment; the steps of one delivery share it.

        :return: the new shipments
        """
        # Whoever confirms an order need not have rights on parcels.
        todo = self.sudo().filtered(
            lambda p: not p.ecom_shipment_id
            and p.sale_id.ecom_order_id
            and p.state != "cancel"
            and p._ecom_goes_to_customer()
        )
        fresh = self.browse()
        for picking in todo:
            before = picking.move_ids.move_orig_ids.picking_id.ecom_shipment_id
            if before:
                picking.write(
                    {"ecom_shipment_id": before[0].id, "ecom_own_shipment_id": before[0].id}
                )
            else:
                fresh |= picking
        Shipment = self.env["ecom.shipment"].sudo()
        if not fresh:
            return Shipment
        shipments = Shipment.with_context(
            tracking_disable=True, mail_create_nolog=True, mail_create_nosubscribe=True
        ).create([picking._prepare_ecom_shipment_vals() for picking in fresh])
        # Their orders are known: no need to work them out one by one when the link is set.
        with self.env.protecting([Shipment._fields["order_ids"]], shipments):
            for picking, shipment in zip(fresh, shipments, strict=True):
                picking.with_context(tracking_disable=True).write(
                    {"ecom_shipment_id": shipment.id, "ecom_own_shipment_id": shipment.id}
                )
        return shipments.with_context(tracking_disable=False)

    def _prepare_ecom_shipment_vals(self):
        self.ensure_one()
        sale_order = self.sale_id
        return {
            "company_id": self.company_id.id,
            "warehouse_id": self.picking_type_id.warehouse_id.id,
            "carrier_id": self.carrier_id.id,
            "partner_id": self.partner_id.id,
            "priority": self.priority,
            "order_ids": [fields.Command.set(sale_order.ecom_order_id.ids)],
            "recipient_key": sale_order.ecom_order_id._get_recipient_key(),
            "eta": sale_order.commitment_date or False,
        }

    def _create_backorder(self, backorder_moves=None):
        backorders = super()._create_backorder(backorder_moves=backorder_moves)
        backorders._ecom_assign_shipments()
        return backorders

    def action_cancel(self):
        """A member that is cancelled leaves its parcel; the rest goes on."""
        result = super().action_cancel()
        cancelled = self.sudo().filtered(lambda picking: picking.state == "cancel")
        for shipment in cancelled.ecom_shipment_id:
            parts = cancelled.ecom_own_shipment_id.filtered(
                lambda part, s=shipment: part.merged_into_id == s
            )
            rest = shipment.picking_ids.filtered(lambda picking: picking.state != "cancel")
            if rest and (parts or shipment.with_context(active_test=False).merged_ids):
                packed = shipment.state == "packed"
                shipment._unmerge(parts, self.env._("An order was cancelled."))
                if packed:
                    shipment._freeze(
                        self.env._("An order of this parcel was cancelled: pack it again.")
                    )
        return result

    def _action_done(self):
        # A picker need not see the parcel's orders to be told that it must not leave.
        for shipment in self.sudo().ecom_shipment_id:
            if shipment.frozen:
                raise UserError(
                    self.env._(
                        "STOP. %(name)s must not leave: %(reason)s",
                        name=shipment.name,
                        reason=shipment.freeze_reason or "",
                    )
                )
        result = super()._action_done()
        self.sudo().ecom_shipment_id._note_departure()
        return result
