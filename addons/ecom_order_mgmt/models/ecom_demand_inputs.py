import json

from odoo import models
from odoo.tools import SQL

from ..tools import text


class EcomDemand(models.Model):
    """What the demand is built from beside orders and moves: kits and planned promotions."""

    _inherit = "ecom.demand"

    # === KITS === #

    def _build_kits(self, company):
        """Table `ecom_build_kit`: what one piece of each kit consists of, in pieces."""
        rows = self._kit_rows(company)
        self.env.cr.execute("DROP TABLE IF EXISTS ecom_build_kit")
        self.env.cr.execute(
            "CREATE TEMP TABLE ecom_build_kit (kit_id int, component_id int, factor float8) "
            "ON COMMIT DROP"
        )
        if rows:
            self.env.execute_query(
                SQL(
                    """INSERT INTO ecom_build_kit
                    SELECT * FROM unnest(%s::int[], %s::int[], %s::float8[]) RETURNING 1""",
                    *(list(column) for column in zip(*rows, strict=True)),
                )
            )

    def _kit_rows(self, company):
        """:return: list of (kit id, component id, pieces of it in one kit); none without mrp"""
        if "mrp.bom" not in self.env:
            return []
        # Whoever builds the demand need not be allowed to see bills of materials.
        boms = self.env["mrp.bom"].sudo().with_company(company)
        kits = boms.search([("type", "=", "phantom"), ("company_id", "in", [company.id, False])])
        products = (
            kits.product_id
            | kits.filtered(lambda bom: not bom.product_id).product_tmpl_id.product_variant_ids
        )
        found = boms._bom_find(products, company_id=company.id, bom_type="phantom")
        rows = {}
        for product in products:
            bom = found[product]
            if not bom:
                continue
            per_bom = product.uom_id._compute_quantity(1, bom.product_uom_id, round=False)
            _boms, lines = bom.explode(product, per_bom / bom.product_qty)
            for line, done in lines:
                part = line.product_id
                qty = line.product_uom_id._compute_quantity(done["qty"], part.uom_id, round=False)
                key = (product.id, part.id)
                rows[key] = rows.get(key, 0.0) + qty
        return [(*key, qty) for key, qty in sorted(rows.items()) if qty > 0]

    def _build_promotions(self, company):
        """Table `ecom_build_promotion`: the days of planned promotions, per product."""
        self.env.cr.execute("DROP TABLE IF EXISTS ecom_build_promotion")
        self.env.cr.execute(
            "CREATE TEMP TABLE ecom_build_promotion "
            "(product_id int, warehouse_id int, first date, last date) ON COMMIT DROP"
        )
        # What was planned is part of the history, whoever builds it.
        rows = [row[:4] for row in self.env["ecom.promotion"].sudo()._days_of(company)]
        if rows:
            self.env.execute_query(
                SQL(
                    """INSERT INTO ecom_build_promotion
                    SELECT * FROM unnest(%s::int[], %s::int[], %s::date[], %s::date[])
                    RETURNING 1""",
                    *(list(column) for column in zip(*rows, strict=True)),
                )
            )

    def _newly_promoted(self, company, since):
        """:return: ids of products whose promotions were planned, changed or archived since"""
        changed = (
            self.env["ecom.promotion"]
            .sudo()
            .with_context(active_test=False)
            .search([("company_id", "=", company.id), ("write_date", ">=", since)])
        )
        return [id_ for promotion in changed for id_ in promotion._get_products().ids]

    def _kit_digest(self):
        rows = self.env.execute_query(
            SQL("SELECT kit_id, component_id, factor FROM ecom_build_kit ORDER BY 1, 2")
        )
        return text.digest(json.dumps(rows))
