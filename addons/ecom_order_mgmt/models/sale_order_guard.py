from collections import defaultdict

from odoo import models


class SaleOrder(models.Model):
    """No channel order is promised what is not there, by whatever door it is confirmed."""

    _inherit = "sale.order"

    def action_confirm(self):
        held = self._ecom_hold_uncovered()
        if not held:
            return super().action_confirm()
        going_on = self - held
        result = super(SaleOrder, going_on).action_confirm() if going_on else True
        if len(self) == 1 and not self.env.su:
            return held._ecom_notify_held()
        return result

    def _ecom_notify_held(self):
        """:return: what the person who pressed Confirm reads; the order stays a quotation"""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("Held: not enough stock"),
                "message": self.sudo().ecom_order_id.hold_reason,
                "type": "warning",
                "sticky": True,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _ecom_hold_uncovered(self):
        """Hold the channel orders among these that stock cannot cover.

        Takes the guards of all products first, so that nobody else can promise the same pieces
        until this transaction ends.

        :return: the orders that are held, with exception and decision
        """
        if self.env.context.get("ecom_covered"):
            return self.browse()
        todo = self.filtered(
            lambda order: order.ecom_order_id
            and order.state in ("draft", "sent")
            and order.sudo().ecom_order_id._needs_cover()
            and not order._confirmation_error_message()
        )
        # By whatever door: the warehouse is chosen first.
        unsourced = todo.sudo().ecom_order_id.filtered(lambda order: not order.sourced_at)
        choosing = unsourced.channel_id.filtered(lambda channel: channel._needs_sourcing())
        unsourced.filtered(lambda order: order.channel_id in choosing)._source()
        # A rule that should have chosen could not: a person looks at these first.
        held = todo.filtered(
            lambda order: "rule_failed"
            in order.sudo().ecom_order_id._get_blocking_exceptions().mapped("type")
        )
        todo -= held
        # Whoever confirms need not have rights on stock.
        for company, orders in todo.sudo().grouped("company_id").items():
            missing = orders._ecom_find_missing(company)
            orders.ecom_order_id._hold_for_stock(
                {order.ecom_order_id: found for order, found in missing.items()}
            )
            held |= self.browse([order.id for order in missing])
        return held

    def _ecom_get_demand(self, company):
        """:return: dict {order: {(product, warehouse): quantity}} of what must be on the shelves;
        what is bought or made to order, or is no stored good, is not in it"""
        lines = self.order_line.filtered(
            lambda line: line.product_id.type == "consu" and line.product_uom_qty > 0
        )
        lines -= lines._ecom_get_made_to_order()
        exploded = self.env["stock.warehouse"]._ecom_explode(
            [
                (
                    line.product_id,
                    line.product_uom_id._compute_quantity(
                        line.product_uom_qty, line.product_id.uom_id
                    ),
                )
                for line in lines
            ],
            company,
        )
        demand = {order: defaultdict(float) for order in self}
        for line, parts in zip(lines, exploded, strict=True):
            for warehouse, share in line._ecom_get_shares():
                for product, quantity in parts.items():
                    if product.is_storable:
                        demand[line.order_id][product, warehouse] += quantity * share
        return demand

    def _ecom_find_missing(self, company, take=True):
        """Give out what is free, the most urgent order first.

        :param take: hold the stock until the end of the transaction
        :return: dict {order: list of (product, warehouse, wanted, free)} of those not covered
        """
        demand = self._ecom_get_demand(company)
        keys = {key for wanted in demand.values() for key in wanted}
        products = self.env["product.product"].union(*(product for product, _w in keys))
        warehouses = self.env["stock.warehouse"].union(*(w for _product, w in keys))
        if take:
            self.env["ecom.stock.guard"]._take(
                (product.id, warehouse.id) for product, warehouse in keys
            )
        free = warehouses._ecom_get_free(products)
        kept = self._ecom_get_kept(company) if keys else {}
        missing = {}
        for order in self.sorted(lambda o: o.ecom_order_id._get_urgency()):
            wanted, before = demand[order], order._ecom_get_kept_before(kept)
            left = {
                key: free[key[0].id, key[1].id] - before.get(key, 0.0) for key in wanted
            }
            short = [
                (product, warehouse, quantity, left[product, warehouse])
                for (product, warehouse), quantity in wanted.items()
                if product.uom_id.compare(quantity, left[product, warehouse]) > 0
            ]
            if short:
                missing[order] = short
                continue
            for (product, warehouse), quantity in wanted.items():
                free[product.id, warehouse.id] -= quantity
        return missing
