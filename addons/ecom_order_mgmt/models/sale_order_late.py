from collections import defaultdict

from odoo import models

from .. import fast
from ..concurrency import WorkAlone

# Whose confirmation makes new records only, and changes none but those that are held: see
# `_ecom_check_late`. Another module that has a part in it gets the careful way.
_CONFIRM = {
    "sale", "sale_management", "sale_stock", "sale_purchase", "sale_crm", "sale_project", "repair",
    "delivery", "stock_delivery", "website_sale", "ecom_order_mgmt", "ecom_connectors",
    "ecom_aftersales",
}  # fmt: skip


class SaleOrder(models.Model):
    """Confirmation that builds first and takes the stock last, so that workers do it side by side.

    Whoever takes stock has it to himself until his transaction ends; what takes long is to build
    sale orders' deliveries. So everything is built on the assumption that the stock is there.
    Only then the guards are taken, what is really free is read, and the pieces are reserved.
    Where somebody else was quicker, all is taken back, and done again the careful way.

    The transaction must read what others commit while it runs (READ COMMITTED); on one snapshot
    PostgreSQL would refuse the stock that another one has taken from. So nothing may be changed on
    the strength of what was read before it was held:

    * the orders, their sale orders and the lines of these are locked before they are read;
    * the guards and the quants behind them are locked before these are read;
    * everything else is new. Where a stock rule, a batch of deliveries, a reordering rule or a
      module that we do not know would change more than that, :class:`WorkAlone` is raised.
    """

    _inherit = "sale.order"

    def _ecom_check_late(self):
        """:raise WorkAlone: these orders cannot be built first, or stock does not cover them now"""
        Move = self.env["stock.move"]
        if not (
            fast.only_known(self, "action_confirm", _CONFIRM)
            and fast.only_known(self, "_action_confirm", _CONFIRM)
            and Move._ecom_collects()
        ):
            raise WorkAlone("another module has a part in the confirmation")
        # Whoever confirms need not have rights on stock.
        orders = self.sudo()
        unsourced = orders.ecom_order_id.filtered(lambda order: not order.sourced_at)
        if any(channel._needs_sourcing() for channel in unsourced.channel_id):
            raise WorkAlone("the warehouse is not chosen yet")
        if not all(order._ecom_is_plain() for order in orders):
            raise WorkAlone("not only goods from the shelves")
        for company, group in orders.grouped("company_id").items():
            if group._ecom_find_missing(company, take=False):
                raise WorkAlone("stock is short")

    def _ecom_is_plain(self):
        """:return: whether nothing is to be decided about this order, and only goods are in it"""
        self.ensure_one()
        order = self.ecom_order_id
        return (
            self.state in ("draft", "sent")
            and bool(order)
            and order._needs_cover()
            and not order._get_blocking_exceptions()
            # A service that is sold may be bought, or become a task.
            and all(
                line.product_id.type == "consu" or line.ecom_kind not in ("product", False)
                for line in self.order_line
            )
        )

    def _ecom_take_late(self):
        """Hold the stock of the deliveries that were made for these orders.

        :raise WorkAlone: somebody else took it meanwhile
        """
        moves = self.sudo().order_line.move_ids
        for place in moves.location_id:
            shelves = place.warehouse_id.lot_stock_id
            if not shelves or not place.parent_path.startswith(shelves.parent_path):
                raise WorkAlone("goods do not come from a warehouse's shelves")
        needed = defaultdict(float)
        for move in moves:
            for key in move._ecom_guard_keys():
                needed[key] += move.product_qty
        products = self.env["product.product"].sudo().browse({product for product, _w in needed})
        warehouses = self.env["stock.warehouse"].sudo().browse({w for _p, w in needed})
        units = {product.id: product.uom_id for product in products}
        self.env["ecom.stock.guard"].sudo()._take(needed)
        free = warehouses._ecom_get_free(products, but=self)
        if any(units[key[0]].compare(needed[key], free[key]) > 0 for key in needed):
            raise WorkAlone("somebody else was quicker")
