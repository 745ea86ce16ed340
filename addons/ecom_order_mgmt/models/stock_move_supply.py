from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..tools import supply


class StockMove(models.Model):
    """Goods that a channel order leaves with are brought or bought first, by Odoo's own rules.

    A move that has a supply route is made to order: Odoo runs that route (resupply from a sister
    warehouse, or buy) for it, and reserves what arrives for this move.
    """

    _inherit = "stock.move"

    ecom_supply_route_id = fields.Many2one(
        "stock.route",
        "Supplied By",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="How the goods of this move get into the warehouse first.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            route_id = vals.get("ecom_supply_route_id")
            if route_id:
                vals["procure_method"] = "make_to_order"
                vals["route_ids"] = [Command.link(route_id)]
        return super().create(vals_list)

    @api.model
    def _prepare_merge_moves_distinct_fields(self):
        return [*super()._prepare_merge_moves_distinct_fields(), "ecom_supply_route_id"]

    def _ecom_is_delivery(self):
        """:return: whether this is a step of a delivery; not one that only brings goods for it"""
        self.ensure_one()
        final = self.location_final_id or self.location_dest_id
        return final.usage == "customer" or (final.usage == "transit" and not final.company_id)


class StockRule(models.Model):
    _inherit = "stock.rule"

    def _get_custom_move_fields(self):
        return [*super()._get_custom_move_fields(), "ecom_supply_route_id"]


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _ecom_prepare_supply(self, warehouse, kind, sister):
        """:return: procurement values that have the goods brought or bought first
        :raise UserError: what sourcing counted on is not there any more"""
        self.ensure_one()
        if kind == supply.TRANSFER:
            route = warehouse._ecom_get_supply_route(sister)
            name = sister.name
        elif kind == supply.BUY:
            route = warehouse.buy_pull_id.route_id.filtered("active")
            name = self.env._("its vendor")
        elif kind == supply.MAKE:
            route = warehouse._ecom_get_make_route()
            name = self.env._("manufacturing in %s", warehouse.name)
        else:
            route = self.env["ecom.channel"]._get_dropship_route()
            name = self.env._("its vendor, to the buyer")
        if not route:
            raise UserError(
                self.env._(
                    "%(product)s was to come from %(name)s, but Odoo has no route for that any "
                    "more. Have the warehouse chosen again.",
                    product=self.product_id.display_name,
                    name=name,
                )
            )
        if kind == supply.DROPSHIP:
            return {"route_ids": route}
        return {"ecom_supply_route_id": route.id}


class SaleOrder(models.Model):
    """Cancelled orders take back what was to be brought or bought for them."""

    _inherit = "sale.order"

    def _action_cancel(self):
        # Whoever cancels an order need have no rights on transfers and purchases.
        self.sudo().filtered("ecom_order_id")._ecom_release_supply()
        return super()._action_cancel()

    def _ecom_release_supply(self):
        """What is on the road arrives, as stock; what is only asked for is not bought; what is
        bought is remembered, so that it is not bought again."""
        moves = self.order_line.move_ids.filtered(lambda m: m.state not in ("done", "cancel"))
        arriving = moves.filtered(
            lambda m: not m._ecom_is_delivery() and "done" in m.move_orig_ids.mapped("state")
        )
        if arriving:
            arriving.write({"sale_line_id": False, "move_dest_ids": [Command.clear()]})
        supplied = moves.filtered("created_purchase_line_ids")
        for move in supplied:
            order = move.sale_line_id.order_id.ecom_order_id
            left = move.product_uom_qty
            for line in move.created_purchase_line_ids:
                if line.order_id.state in ("draft", "sent"):
                    left -= line._ecom_take_back(
                        move.product_uom._compute_quantity(left, line.product_uom_id)
                    )
                elif line.order_id.state != "cancel":
                    order._keep_bought(line)
        moves._ecom_release_productions()
        for order in self.ecom_order_id:
            for line in order._get_dropship_lines("draft", "sent"):
                line._ecom_take_back(line.product_qty)


class PurchaseOrderLine(models.Model):
    _inherit = "purchase.order.line"

    def _ecom_take_back(self, quantity):
        """Ask for less, of a request that no vendor has confirmed yet.

        :return: quantity that was taken back
        """
        self.ensure_one()
        taken = min(quantity, self.product_qty)
        request = self.order_id
        if self.product_uom_id.compare(self.product_qty, taken) <= 0:
            self.move_dest_ids = [Command.clear()]
            self.unlink()
            if not request.order_line:
                request.button_cancel()
        else:
            self.product_qty -= taken
        return taken
