from datetime import timedelta

from odoo import models


class StockWarehouse(models.Model):
    _inherit = "stock.warehouse"

    def _ecom_get_make_route(self):
        """:return: Odoo's route by which goods are made for this warehouse; empty: there is none"""
        self.ensure_one()
        if "manufacture_pull_id" not in self._fields:
            return self.env["stock.route"]
        return self.manufacture_pull_id.filtered("active").route_id.filtered("active")


class EcomOrder(models.Model):
    """Where nothing has everything, the rest is made: with Odoo's Manufacturing, if it is there.

    As with what is bought, only the choice is made here: the manufacturing order is made by Odoo's
    own rules when the order is confirmed, and what comes out of it is reserved for the order.
    """

    _inherit = "ecom.order"

    def _get_makeable(self, lines, notes):
        """:param notes: list, to which is added why something cannot be made
        :return: set of keys of the lines whose goods can be made"""
        self.ensure_one()
        orders = {line.id: line for line in self.sale_order_id.order_line}
        products = self.env["product.product"].union(
            *(orders[m.key].product_id for line in lines for m in line.inside or (line,))
        )
        # Whoever sells something need not see how it is made.
        boms = (
            self.env["mrp.bom"]
            .sudo()
            ._bom_find(products, company_id=self.company_id.id, bom_type="normal")
        )
        making = self._get_productions("progress", "to_close").product_id
        makeable = set()
        for line in lines:
            why = None
            for member in line.inside or (line,):
                product = orders[member.key].product_id
                if set(member.parts) != {product.id}:
                    why = self.env._("%s is a kit, which is not made", product.display_name)
                elif product in making:
                    why = self.env._("%s is made for it already", product.display_name)
                elif not boms.get(product):
                    why = self.env._("%s has no bill of materials", product.display_name)
            if why:
                notes.append(why)
            else:
                makeable.add(line.key)
        return makeable

    def _get_productions(self, *states):
        """:return: manufacturing orders that were made for these, in one of these states"""
        references = self.sale_order_id.stock_reference_ids
        return references.sudo().production_ids.filtered(lambda mo: mo.state in states)

    def _get_make_time(self, line_id):
        product = self.env["sale.order.line"].browse(line_id).product_id
        bom = (
            self.env["mrp.bom"]
            .sudo()
            ._bom_find(product, company_id=self.company_id.id, bom_type="normal")[product]
        )
        return timedelta(days=bom.produce_delay + bom.days_to_prepare_mo)


class StockMove(models.Model):
    _inherit = "stock.move"

    def _ecom_release_productions(self):
        """What was to be made for these moves alone is not made, unless somebody began with it:
        then it becomes stock."""
        if "production_id" not in self._fields:
            return
        ahead = self.move_orig_ids | self.move_orig_ids.move_orig_ids
        for production in ahead.production_id:
            if production.state in ("draft", "confirmed"):
                production.with_context(skip_activity=True).action_cancel()
            elif production.state in ("progress", "to_close"):
                production.move_finished_ids.move_dest_ids -= self
