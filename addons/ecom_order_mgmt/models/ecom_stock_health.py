from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools.replenishment import health

STATES = [
    ("out", "Out of stock"),
    ("short", "Short: gone before the next delivery"),
    ("healthy", "Healthy"),
    ("new", "New, not sold yet"),
    ("excess", "Excess"),
    ("slow", "Slow"),
    ("dead", "Dead"),
]


class EcomStockHealth(models.Model):
    """How healthy the stock of each product in each warehouse is: a view over stock, demand,
    receipts and counts. The rules are those of `tools/replenishment/health.py`."""

    _name = "ecom.stock.health"
    _description = "Stock Health"
    _auto = False
    _order = "value desc, id"
    _rec_name = "product_id"

    product_id = fields.Many2one("product.product", readonly=True)
    categ_id = fields.Many2one("product.category", "Product Category", readonly=True)
    warehouse_id = fields.Many2one("stock.warehouse", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    on_hand = fields.Float(digits="Product Unit", readonly=True)
    value = fields.Monetary(readonly=True, help="On hand, at cost.")
    demand = fields.Float(
        "Sold in 90 Days", digits="Product Unit", readonly=True, help="Demand, sold or not."
    )
    cover_days = fields.Float(
        "Cover in Days",
        readonly=True,
        aggregator="avg",
        digits=(16, 0),
        help="At the pace of the last 90 days. 9999: it does not sell.",
    )
    turns = fields.Float(
        "Turns a Year", readonly=True, aggregator="avg", digits=(16, 1), help="Demand over stock."
    )
    age_days = fields.Integer(
        "Age in Days",
        readonly=True,
        aggregator="avg",
        help="Of the oldest piece, if the oldest is sold first.",
    )
    age_band = fields.Selection(
        [(band, band) for band in ("0-30", "31-90", "91-180", "181-365", "366+")],
        "Ageing",
        readonly=True,
    )
    idle_days = fields.Integer(
        "Days Unsold",
        readonly=True,
        aggregator="avg",
        help="Since the last sale; if there was none, since it came in.",
    )
    state = fields.Selection(STATES, readonly=True)
    stockout_date = fields.Date("Out of Stock On", readonly=True, help="As last worked out.")
    excess_value = fields.Monetary(
        readonly=True, help="Value of what is more than 90 days' demand."
    )
    accuracy = fields.Float(
        "Inventory Accuracy",
        readonly=True,
        aggregator="avg",
        digits=(16, 3),
        help="Share of the pieces handled within a year that no count had to correct.",
    )
    proposal = fields.Selection(
        [
            ("keep", "Keep"),
            ("transfer", "Move to where it sells"),
            ("return", "Return to supplier"),
            ("promotion", "Promotion"),
            ("write_down", "Write down"),
        ],
        readonly=True,
    )

    @property
    def _table_query(self):
        return SQL(
            """
            WITH crossing AS (
                SELECT move.product_id, move.company_id, move.date, move.is_inventory,
                       source.warehouse_id AS giver, target.warehouse_id AS taker,
                       move.quantity * unit.factor / own.factor AS qty
                  FROM stock_move move
                  JOIN stock_location source ON source.id = move.location_id
                  JOIN stock_location target ON target.id = move.location_dest_id
                  JOIN product_product product ON product.id = move.product_id
                  JOIN product_template template ON template.id = product.product_tmpl_id
                  JOIN uom_uom own ON own.id = template.uom_id
                  JOIN uom_uom unit ON unit.id = move.product_uom
                 WHERE move.state = 'done'
                   AND source.warehouse_id IS DISTINCT FROM target.warehouse_id
            ), stock AS (
                SELECT quant.product_id, location.warehouse_id, quant.company_id,
                       SUM(quant.quantity) AS on_hand
                  FROM stock_quant quant
                  JOIN stock_location location ON location.id = quant.location_id
                 WHERE location.usage = 'internal' AND location.warehouse_id IS NOT NULL
                 GROUP BY 1, 2, 3
            ), sold AS (
                SELECT product_id, warehouse_id, company_id,
                       SUM(qty) FILTER (WHERE day >= CURRENT_DATE - 90) AS quarter,
                       SUM(qty) FILTER (WHERE day >= CURRENT_DATE - 365) AS year,
                       MAX(day) FILTER (WHERE qty > 0) AS last_day
                  FROM ecom_demand WHERE source <> 'stock'
                 GROUP BY 1, 2, 3
            ), item AS (
                SELECT product_id, warehouse_id, company_id FROM stock
                UNION SELECT product_id, warehouse_id, company_id FROM sold WHERE quarter > 0
            ), layer AS (
                SELECT product_id, taker AS warehouse_id, date,
                       SUM(qty) OVER (PARTITION BY product_id, taker ORDER BY date DESC) AS since
                  FROM crossing WHERE taker IS NOT NULL
            ), aged AS (
                SELECT layer.product_id, layer.warehouse_id,
                       COALESCE(MAX(layer.date) FILTER (WHERE layer.since >= stock.on_hand),
                                MIN(layer.date)) AS date
                  FROM layer
                  JOIN stock ON stock.product_id = layer.product_id
                   AND stock.warehouse_id = layer.warehouse_id
                 GROUP BY 1, 2
            ), counted AS (
                SELECT product_id, COALESCE(giver, taker) AS warehouse_id,
                       SUM(qty) FILTER (WHERE is_inventory) AS corrected, SUM(qty) AS handled
                  FROM crossing WHERE date >= CURRENT_DATE - 365
                 GROUP BY 1, 2
            ), figures AS (
                SELECT item.*, template.categ_id, template.list_price,
                       GREATEST(COALESCE(stock.on_hand, 0), 0) AS on_hand,
                       COALESCE((product.standard_price->>item.company_id::text)::float8, 0) AS cost,
                       COALESCE(sold.quarter, 0) AS quarter, COALESCE(sold.year, 0) AS year,
                       COALESCE(sold.quarter, 0) / 90.0 AS rate,
                       CURRENT_DATE - aged.date::date AS age,
                       CURRENT_DATE - sold.last_day AS idle,
                       counted.corrected / NULLIF(counted.handled + COALESCE(stock.on_hand, 0), 0)
                           AS wrong,
                       waiting.stockout_date, waiting.urgency,
                       COALESCE(elsewhere.qty, 0) AS elsewhere,
                       COALESCE(supplier.ecom_takes_back, FALSE) AS returnable
                  FROM item
                  LEFT JOIN stock USING (product_id, warehouse_id, company_id)
                  LEFT JOIN sold USING (product_id, warehouse_id, company_id)
                  LEFT JOIN aged USING (product_id, warehouse_id)
                  LEFT JOIN counted USING (product_id, warehouse_id)
                  JOIN product_product product ON product.id = item.product_id AND product.active
                  JOIN product_template template ON template.id = product.product_tmpl_id
                   AND template.is_storable
                  LEFT JOIN LATERAL (
                      SELECT MIN(stockout_date) AS stockout_date, MAX(urgency) AS urgency
                        FROM ecom_replenishment
                       WHERE product_id = item.product_id AND warehouse_id = item.warehouse_id
                         AND state IN ('open', 'postponed')) waiting ON TRUE
                  LEFT JOIN LATERAL (
                      SELECT SUM(qty) AS qty FROM ecom_replenishment
                       WHERE product_id = item.product_id AND company_id = item.company_id
                         AND warehouse_id <> item.warehouse_id
                         AND state IN ('open', 'postponed')) elsewhere ON TRUE
                  LEFT JOIN LATERAL (
                      SELECT partner.ecom_takes_back
                        FROM product_supplierinfo info
                        JOIN res_partner partner ON partner.id = info.partner_id
                       WHERE info.product_tmpl_id = template.id
                         AND (info.company_id = item.company_id OR info.company_id IS NULL)
                       ORDER BY info.sequence, info.id LIMIT 1) supplier ON TRUE
            ), judged AS (
                SELECT *, CASE WHEN rate > 0 THEN on_hand / rate END AS cover,
                       CASE WHEN on_hand <= 0 THEN 'out'
                            WHEN LEAST(COALESCE(idle, age, 0), COALESCE(age, 0)) >= %(dead)s
                                THEN 'dead'
                            WHEN rate <= 0 AND COALESCE(age, 0) <= %(excess)s THEN 'new'
                            WHEN rate <= 0 OR on_hand / rate > %(slow)s THEN 'slow'
                            WHEN on_hand / rate > %(excess)s THEN 'excess'
                            WHEN urgency IN ('2', '3') THEN 'short'
                            ELSE 'healthy' END AS state
                  FROM figures
            )
            SELECT ROW_NUMBER() OVER (ORDER BY product_id, warehouse_id, company_id)::int AS id,
                   product_id, warehouse_id, company_id, categ_id, on_hand,
                   on_hand * cost AS value, quarter AS demand, LEAST(COALESCE(cover, 9999), 9999) AS cover_days,
                   CASE WHEN on_hand > 0 THEN year / on_hand END AS turns,
                   COALESCE(age, 0) AS age_days, COALESCE(idle, age, 0) AS idle_days, state, stockout_date,
                   CASE WHEN COALESCE(age, 0) <= 30 THEN '0-30' WHEN age <= 90 THEN '31-90'
                        WHEN age <= 180 THEN '91-180' WHEN age <= 365 THEN '181-365'
                        ELSE '366+' END AS age_band,
                   GREATEST(0, on_hand - rate * %(excess)s) * cost AS excess_value,
                   1 - LEAST(1, COALESCE(wrong, 0)) AS accuracy,
                   CASE WHEN state NOT IN ('dead', 'slow', 'excess') THEN 'keep'
                        WHEN elsewhere > 0 THEN 'transfer'
                        WHEN returnable AND state IN ('dead', 'slow') THEN 'return'
                        WHEN state = 'excess' THEN 'keep'
                        WHEN (COALESCE(age, 0) >= 365 AND COALESCE(idle, 9999) >= 365)
                             OR list_price <= 0 OR (list_price - cost) / list_price <= 0.05
                            THEN 'write_down'
                        ELSE 'promotion' END AS proposal
              FROM judged
            """,
            dead=health.DEAD_DAYS,
            slow=health.SLOW_COVER_DAYS,
            excess=health.EXCESS_COVER_DAYS,
        )

    def action_open_stock(self):
        """Show where the pieces lie."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.product_id.display_name,
            "res_model": "stock.quant",
            "view_mode": "list",
            "domain": [
                ("product_id", "=", self.product_id.id),
                ("warehouse_id", "=", self.warehouse_id.id),
                ("location_id.usage", "=", "internal"),
            ],
        }

    def action_return_to_supplier(self):
        """Prepare a transfer of all free pieces to their supplier, for a person to check.

        :raise UserError: no supplier is known
        """
        self.ensure_one()
        sellers = self.env["ecom.replenishment"]._sellers(
            self.product_id, self.company_id, fields.Date.today()
        )
        if not sellers:
            raise UserError(self.env._("This product has no supplier."))
        partner = sellers[0].partner_id
        source = self.warehouse_id.lot_stock_id
        target = partner.with_company(self.company_id).property_stock_supplier
        picking = self.env["stock.picking"].create(
            {
                "picking_type_id": self.warehouse_id.out_type_id.id,
                "partner_id": partner.id,
                "location_id": source.id,
                "location_dest_id": target.id,
                "origin": self.env._("Slow stock"),
                "move_ids": [
                    fields.Command.create(
                        {
                            "product_id": self.product_id.id,
                            "product_uom_qty": self.on_hand,
                            "product_uom": self.product_id.uom_id.id,
                            "location_id": source.id,
                            "location_dest_id": target.id,
                        }
                    )
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "stock.picking",
            "res_id": picking.id,
            "view_mode": "form",
        }
