from odoo import models
from odoo.fields import Command

from odoo.addons.ecom_order_mgmt import fast


class StockReturnPicking(models.TransientModel):
    _inherit = "stock.return.picking"

    def _prepare_picking_default_values_based_on(self, picking):
        """What comes back for a case waits to be looked at, where it is no stock to sell."""
        vals = super()._prepare_picking_default_values_based_on(picking)
        location_id = self.env.context.get("ecom_return_location_id")
        if location_id:
            vals["location_dest_id"] = location_id
        return vals


class StockReturnPickingLine(models.TransientModel):
    _inherit = "stock.return.picking.line"

    def _process_line(self, new_picking):
        """Odoo makes the moves of a return one by one; for a case they are made at once.

        :return: whether anything of this line comes back, as in Odoo
        """
        if "ecom_return_location_id" not in self.env.context or not fast.only_known(
            self, "_process_line", {"stock", "ecom_aftersales"}
        ):
            return super()._process_line(new_picking)
        if self.uom_id.is_zero(self.quantity):
            return False
        if not new_picking.move_ids:
            lines = self.wizard_id.product_return_moves.filtered(
                lambda line: line.move_id and not line.uom_id.is_zero(line.quantity)
            )
            vals_list = []
            for line in lines:
                (vals,) = line.move_id.copy_data(line._prepare_move_default_values(new_picking))
                vals_list.append(vals | line._ecom_prepare_links())
            self.env["stock.move"].create(vals_list)
            self.env.context[fast.KEY].pickings.add(new_picking.id)
        return True

    def _ecom_prepare_links(self):
        """:return: values that chain the move that comes back to those that it follows and precedes"""
        move = self.move_id
        after = move.move_dest_ids
        before = move.move_orig_ids.returned_move_ids
        siblings = after.filtered(lambda m: m.state != "cancel").move_orig_ids
        follow_ups = before.move_orig_ids.filtered(lambda m: m.state != "cancel").move_dest_ids
        origins = after.returned_move_ids | move | siblings.filtered(lambda m: m.state != "cancel")
        targets = before | follow_ups.filtered(lambda m: m.state != "cancel")
        return {
            "move_orig_ids": [Command.link(origin.id) for origin in origins],
            "move_dest_ids": [Command.link(target.id) for target in targets],
        }
