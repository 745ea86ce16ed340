from collections import defaultdict

from odoo import models
from odoo.tools import SQL


class StockWarehouse(models.Model):
    """What can still be promised from a warehouse."""

    _inherit = "stock.warehouse"

    def _ecom_get_free(self, products, but=None):
        """What is on the shelves, less what is reserved, less what channel orders were promised
        but could not reserve yet. Goods in the receiving or packing area do not count.

        :param but: sale orders whose promises do not count; nothing of their moves is written to
            the database for it
        :return: dict {(product id, warehouse id): quantity in the product's unit}, with every
            pair; may be negative
        """
        free = {(product_id, w): 0.0 for product_id in products.ids for w in self.ids}
        if not free:
            return free
        self._ecom_flush_free(moves=not but)
        rows = self.env.execute_query(
            SQL(
                """
                WITH place AS (
                    SELECT warehouse.id AS warehouse_id, location.id AS location_id
                      FROM stock_warehouse warehouse
                      JOIN stock_location root ON root.id = warehouse.lot_stock_id
                      JOIN stock_location location
                        ON location.parent_path LIKE root.parent_path || '%%'
                     WHERE warehouse.id = ANY(%(warehouses)s) AND location.usage = 'internal'
                )
                SELECT quant.product_id, place.warehouse_id,
                       SUM(quant.quantity - quant.reserved_quantity)
                  FROM stock_quant quant
                  JOIN place USING (location_id)
                 WHERE quant.product_id = ANY(%(products)s)
                 GROUP BY 1, 2
                 UNION ALL
                SELECT move.product_id, place.warehouse_id,
                       -SUM(move.product_qty * (
                           1 - COALESCE(move.quantity, 0) / NULLIF(move.product_uom_qty, 0)))
                  FROM stock_move move
                  JOIN place USING (location_id)
                  JOIN sale_order_line line ON line.id = move.sale_line_id
                  JOIN sale_order ON sale_order.id = line.order_id
                 WHERE move.product_id = ANY(%(products)s)
                   AND move.state IN ('confirmed', 'partially_available')
                   AND sale_order.ecom_order_id IS NOT NULL
                   AND sale_order.id != ALL(%(but)s)
                 GROUP BY 1, 2
                """,
                but=but.ids if but else [],
                warehouses=self.ids,
                products=products.ids,
            )
        )
        for product_id, warehouse_id, quantity in rows:
            free[product_id, warehouse_id] += float(quantity or 0)
        return free

    def _ecom_flush_free(self, moves=True):
        """Write what :meth:`_ecom_get_free` reads."""
        self.env["stock.quant"].flush_model(
            ["product_id", "location_id", "quantity", "reserved_quantity"]
        )
        if moves:
            self.env["stock.move"].flush_model(
                ["product_id", "location_id", "state", "product_qty", "product_uom_qty", "quantity"]
            )
        self.env["stock.location"].flush_model(["parent_path", "usage"])
        self.flush_model(["lot_stock_id"])
        self.env["sale.order"].flush_model(["ecom_order_id"])

    def _ecom_explode(self, demands, company):
        """Replace kits by what they consist of.

        :param demands: list of (product, quantity in its unit)
        :return: list, in the same order, of dict {product: quantity}
        """
        products = self.env["product.product"].union(*(product for product, _qty in demands))
        boms = {}
        if products and "mrp.bom" in self.env:
            # Whoever sells a kit need not see its bill of materials.
            boms = (
                self.env["mrp.bom"]
                .sudo()
                ._bom_find(products, company_id=company.id, bom_type="phantom")
            )
        result = []
        for product, quantity in demands:
            bom = boms.get(product)
            if not bom:
                result.append({product: quantity})
                continue
            parts = defaultdict(float)
            factor = (
                product.uom_id._compute_quantity(quantity, bom.product_uom_id) / bom.product_qty
            )
            for line, data in bom.explode(product, factor)[1]:
                parts[line.product_id] += line.product_uom_id._compute_quantity(
                    data["qty"], line.product_id.uom_id
                )
            result.append(dict(parts))
        return result
