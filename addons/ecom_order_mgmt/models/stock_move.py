from odoo import models


class StockMove(models.Model):
    _inherit = "stock.move"

    def _ecom_guard_keys(self):
        """:return: set of (product id, warehouse id or 0) that these moves may reserve from"""
        return {
            (move.product_id.id, move.location_id.warehouse_id.id or 0)
            for move in self
            if move.state in ("confirmed", "waiting", "partially_available")
            and not move.picked
            and not move._should_bypass_reservation()
        }

    def _action_assign(self, force_qty=False):
        """All guards of a batch are taken at once and in order, before anything is read."""
        known = self.env.context.get("ecom_guarded", frozenset())
        keys = self._ecom_guard_keys() - known
        if not keys:
            return super()._action_assign(force_qty=force_qty)
        # The guard is nobody's record; taking it is part of reserving.
        self.env["ecom.stock.guard"].sudo()._take(keys)
        guarded = self.with_context(ecom_guarded=known | keys)
        return super(StockMove, guarded)._action_assign(force_qty=force_qty)

    def _action_done(self, cancel_backorder=False):
        done = super()._action_done(cancel_backorder=cancel_backorder)
        arrived = done.filtered(
            lambda move: move.state == "done" and move.location_dest_id.usage == "internal"
        ).product_id
        if arrived:
            # Whoever books a receipt need not see the orders that wait for it.
            self.env["ecom.order"].sudo()._note_arrival(arrived)
        return done

    def _assign_picking_post_process(self, new=False):
        result = super()._assign_picking_post_process(new=new)
        # The next step of a delivery: it travels in the parcel of the step before.
        if new and self.move_orig_ids.picking_id.sudo().ecom_shipment_id:
            self.picking_id._ecom_assign_shipments()
        return result
