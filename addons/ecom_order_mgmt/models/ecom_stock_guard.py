from odoo import api, fields, models
from odoo.tools import SQL


class EcomStockGuard(models.Model):
    """The turnstile in front of the stock of one product in one warehouse.

    Odoo reserves on the snapshot of its transaction and passes by quants that another one holds:
    two buyers who confirm at the same moment both get the last piece. Whoever wants to reserve
    goes through here first. Who comes second waits; if the first one took something, PostgreSQL
    reports a serialization failure, and the second runs again on what is really left (Odoo does
    that for requests, our timers do it themselves).
    """

    _name = "ecom.stock.guard"
    _description = "Guard of a Stock"
    _log_access = False
    _rec_name = "product_id"

    product_id = fields.Many2one("product.product", required=True, ondelete="cascade")
    # Plain number, 0 where a location belongs to no warehouse: NULL would not be unique.
    warehouse_number = fields.Integer(required=True)
    count = fields.Integer(required=True, help="Reservations that went through.")

    _place_uniq = models.UniqueIndex("(product_id, warehouse_number)")

    @api.model
    def _take(self, keys):
        """Go through the turnstiles of `keys`, then hold the quants behind them.

        Always in the same order, so that two transactions cannot block each other. The quants are
        held as well because picking and counting, which do not come through here, change them.

        What was read of quants before may be older than the guards: it is read again.

        :param keys: iterable of (product id, warehouse id or 0)
        """
        keys = sorted(set(keys))
        if not keys:
            return
        products, warehouses = (list(column) for column in zip(*keys, strict=True))
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO ecom_stock_guard (product_id, warehouse_number, count)
                SELECT product, warehouse, 1
                  FROM unnest(%s::int[], %s::int[]) AS key (product, warehouse)
                ON CONFLICT (product_id, warehouse_number)
                DO UPDATE SET count = ecom_stock_guard.count + 1
                """,
                products,
                warehouses,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                SELECT quant.id
                  FROM stock_quant quant
                  JOIN stock_location location ON location.id = quant.location_id
                  JOIN unnest(%s::int[], %s::int[]) AS key (product, warehouse)
                    ON key.product = quant.product_id
                   AND key.warehouse = COALESCE(location.warehouse_id, 0)
                 WHERE location.usage = 'internal'
                 ORDER BY quant.id
                   FOR NO KEY UPDATE OF quant
                """,
                products,
                warehouses,
            )
        )
        self.env["stock.quant"].invalidate_model(["quantity", "reserved_quantity"])
