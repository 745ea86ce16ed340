from odoo import api, models
from odoo.tools import SQL


class EcomDemand(models.Model):
    """Orders of channels that wait for a review or for stock: the buyer has ordered already."""

    _inherit = "ecom.demand"

    @api.model
    def _wanted_sql(self):
        """:return: SQL condition on `so` (sale_order) and `intake` (ecom_order): an order that
        will be delivered when the review and the stock allow it

        Unpaid orders may never come to be, unless they are paid on delivery.
        """
        return SQL(
            """so.state IN ('draft', 'sent') AND intake.state = 'accepted'
               AND intake.review_state <> 'rejected' AND intake.confirmed_at IS NULL
               AND (intake.is_cash_on_delivery
                    OR intake.payment_state IN ('authorized', 'partially_paid', 'paid',
                                                'partially_refunded'))"""
        )

    @api.model
    def _owed_unconfirmed(self, company, product_ids):
        """:return: list of (product id, warehouse id, quantity) of orders that wait, kits by their
        components; no stock move tells of them yet"""
        kits = self._kit_rows(company)
        columns = [list(column) for column in zip(*kits, strict=True)] or [[], [], []]
        return self.env.execute_query(
            SQL(
                """
                WITH kit AS (
                    SELECT * FROM unnest(%(kits)s::int[], %(parts)s::int[], %(factors)s::float8[])
                        AS kit(kit_id, component_id, factor)
                )
                SELECT COALESCE(kit.component_id, sol.product_id),
                       COALESCE(sol.warehouse_id, so.warehouse_id),
                       SUM(sol.product_uom_qty * COALESCE(unit.factor / own.factor, 1)
                           * COALESCE(kit.factor, 1))::float8
                  FROM ecom_order intake
                  JOIN sale_order so ON so.id = intake.sale_order_id
                  JOIN sale_order_line sol ON sol.order_id = so.id
                  JOIN product_product product ON product.id = sol.product_id
                  JOIN product_template template ON template.id = product.product_tmpl_id
                  JOIN uom_uom own ON own.id = template.uom_id
                  LEFT JOIN uom_uom unit ON unit.id = sol.product_uom_id
                  LEFT JOIN kit ON kit.kit_id = sol.product_id
                 WHERE intake.company_id = %(company)s AND %(wanted)s
                   AND COALESCE(intake.fulfilled_by, '') <> 'platform'
                   AND sol.display_type IS NULL AND sol.product_uom_qty > 0
                   AND COALESCE(kit.component_id, sol.product_id) = ANY(%(products)s)
                   AND COALESCE(sol.warehouse_id, so.warehouse_id) IS NOT NULL
                 GROUP BY 1, 2
                """,
                kits=columns[0],
                parts=columns[1],
                factors=columns[2],
                company=company.id,
                wanted=self._wanted_sql(),
                products=list(product_ids),
            )
        )
