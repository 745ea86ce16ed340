import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# A refund within this time of the order takes the order back: it was no demand.
CANCEL_HOURS = 24
# A single line is a one-off if it is this many times as large as the usual one, and lines of
# that size are rare; see _build_caps().
OUTLIER_FACTOR = 10.0
OUTLIER_SIGMAS = 4.0
OUTLIER_LINES = 8
OUTLIER_SHARE = 0.01
# Stock-outs further back do not change a forecast.
STOCKOUT_DAYS = 730
# Transactions that were open when the last build read are read again.
OVERLAP = timedelta(hours=1)
_LOCK = 0x65636F6D


class EcomDemand(models.Model):
    _inherit = "ecom.demand"

    @api.model
    def _build(self, company, rebuild=False):
        """Bring the rows of a company up to date: all of them, or those of the products whose
        orders, deliveries or refunds changed since the last build.

        Both ways give the same rows: what is built anew for a product is its whole history.

        :return: the ecom.replenishment.run that tells what was done
        """
        Run = self.env["ecom.replenishment.run"].sudo()
        self.env.flush_all()
        self._lock_build(company)
        started = fields.Datetime.now()
        self._build_kits(company)
        self._build_promotions(company)
        digest = self._kit_digest()
        last = Run.search(
            [("company_id", "=", company.id), ("kind", "=", "demand"), ("state", "=", "done")],
            limit=1,
        )
        products = None
        if not rebuild and last and last.figures.get("kits") == digest:
            products = self._changed_products(company, last.started_at - OVERLAP)
        since = last.started_at.date() if last else None
        counts = self._build_rows(company, products)
        counts["stockouts"] = self._build_stockouts(company, products, since)
        self.invalidate_model()
        return Run.create(
            {
                "company_id": company.id,
                "kind": "demand",
                "state": "done",
                "started_at": started,
                "ended_at": fields.Datetime.now(),
                "done_count": counts["rows"],
                "total_count": counts["rows"],
                "figures": {
                    **counts,
                    "kits": digest,
                    "rebuilt": products is None,
                    "products": len(products) if products is not None else None,
                },
            }
        )

    def _lock_build(self, company):
        """Two builds of a company at a time would write the same rows.

        :raise UserError: another one is at it
        """
        [(free,)] = self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock(%s, %s)", _LOCK, company.id)
        )
        if not free:
            raise UserError(
                self.env._(
                    "The demand of %(company)s is being built right now.", company=company.name
                )
            )

    def _changed_products(self, company, since):
        """:return: ids of the products whose history may have changed since then; kits count as
        their components"""
        rows = self.env.execute_query(
            SQL(
                """
                WITH touched AS (
                    SELECT sol.product_id
                      FROM sale_order_line sol
                      JOIN sale_order so ON so.id = sol.order_id
                      LEFT JOIN ecom_order intake ON intake.id = so.ecom_order_id
                     WHERE so.company_id = %(company)s AND sol.product_id IS NOT NULL
                       AND (sol.write_date >= %(since)s OR so.write_date >= %(since)s
                            OR intake.write_date >= %(since)s)
                    UNION
                    SELECT unnest(%(promoted)s::int[])
                    UNION
                    SELECT sol.product_id
                      FROM ecom_refund refund
                      JOIN sale_order so ON so.ecom_order_id = refund.order_id
                      JOIN sale_order_line sol ON sol.order_id = so.id
                     WHERE refund.company_id = %(company)s AND refund.write_date >= %(since)s
                       AND sol.product_id IS NOT NULL
                    UNION
                    SELECT product_id FROM stock_move
                     WHERE company_id = %(company)s AND state = 'done'
                       AND write_date >= %(since)s
                )
                SELECT DISTINCT COALESCE(kit.component_id, touched.product_id)
                  FROM touched LEFT JOIN ecom_build_kit kit ON kit.kit_id = touched.product_id
                """,
                company=company.id,
                since=since,
                promoted=self._newly_promoted(company, since),
            )
        )
        return [product_id for (product_id,) in rows]

    # === ROWS === #

    def _build_rows(self, company, products):
        """:return: {'lines': order lines read, 'rows': rows written}"""
        scope = self._in_products(SQL("product_id"), products)
        self.env.execute_query(
            SQL(
                """DELETE FROM ecom_demand WHERE company_id = %s
                      AND source IN ('sale', 'production') AND %s RETURNING 1""",
                company.id,
                scope,
            )
        )
        self._build_lines(company, products)
        self._build_caps()
        [(lines,)] = self.env.execute_query(SQL("SELECT count(*) FROM ecom_build_line"))
        rows = self.env.execute_query(
            SQL(
                """
                WITH counted AS (
                    SELECT line.product_id, line.warehouse_id, line.channel_id, line.day,
                           line.source, line.qty, line.cancelled, line.returned,
                           line.promoted OR EXISTS (
                               SELECT FROM ecom_build_promotion planned
                                WHERE planned.product_id = line.product_id
                                  AND line.day BETWEEN planned.first AND planned.last
                                  AND COALESCE(planned.warehouse_id, line.warehouse_id)
                                      = line.warehouse_id) AS promoted,
                           CASE WHEN cap.cap < line.qty - line.cancelled
                                THEN line.qty - line.cancelled - cap.cap ELSE 0 END AS outlier
                      FROM ecom_build_line line
                      LEFT JOIN ecom_build_cap cap ON cap.product_id = line.product_id
                ), written AS (
                    INSERT INTO ecom_demand (
                        product_id, warehouse_id, channel_id, company_id, day, source,
                        qty, qty_gross, qty_cancelled, qty_outlier, qty_returned, qty_promoted,
                        line_count, stockout, promotion)
                    SELECT product_id, warehouse_id, channel_id, %(company)s, day, source,
                           SUM(qty - cancelled - outlier), SUM(qty), SUM(cancelled), SUM(outlier),
                           SUM(returned),
                           SUM(CASE WHEN promoted THEN qty - cancelled - outlier ELSE 0 END),
                           COUNT(*) FILTER (WHERE qty > 0), FALSE,
                           SUM(CASE WHEN promoted THEN qty - cancelled ELSE 0 END) * 2
                               > SUM(qty - cancelled) AND SUM(qty - cancelled) > 0
                      FROM counted
                     GROUP BY product_id, warehouse_id, channel_id, day, source
                    RETURNING 1
                )
                SELECT COUNT(*) FROM written
                """,
                company=company.id,
            )
        )
        return {"lines": lines, "rows": rows[0][0]}

    def _in_products(self, column, products):
        return SQL("TRUE") if products is None else SQL("%s = ANY(%s)", column, products)

    def _build_lines(self, company, products):
        """Table `ecom_build_line`: every order line, return and use in production, by component.

        Orders that were confirmed count, and those of a channel that wait for a review or for
        stock, or were cancelled after they came in: the buyer had ordered. What the platform's own warehouse ships does not
        leave ours.
        """
        tz = company.partner_id.tz or "UTC"
        kits_and_parts = SQL("TRUE")
        if products is not None:
            kits_and_parts = SQL(
                """sol.product_id = ANY(ARRAY(
                    SELECT unnest(%(products)s::int[])
                    UNION SELECT kit_id FROM ecom_build_kit
                           WHERE component_id = ANY(%(products)s::int[])))""",
                products=products,
            )
        self.env.cr.execute("DROP TABLE IF EXISTS ecom_build_line")
        self.env.cr.execute(
            SQL(
                """
                CREATE TEMP TABLE ecom_build_line ON COMMIT DROP AS
                WITH quick AS (%(quick)s),
                line AS (
                    SELECT COALESCE(kit.component_id, sol.product_id) AS product_id,
                           COALESCE(sol.warehouse_id, so.warehouse_id) AS warehouse_id,
                           so.ecom_channel_id AS channel_id,
                           ((so.date_order AT TIME ZONE 'UTC')
                               AT TIME ZONE COALESCE(channel.tz, %(tz)s))::date AS day,
                           (sol.product_uom_qty * COALESCE(unit.factor / own.factor, 1)
                               * COALESCE(kit.factor, 1))::float8 AS qty,
                           CASE WHEN so.state = 'cancel' THEN 1.0
                                ELSE LEAST(1.0, COALESCE(quick.qty, 0) / sol.product_uom_qty)
                           END::float8 AS cancelled_share,
                           COALESCE(sol.discount, 0) > 0 AS promoted
                      FROM sale_order_line sol
                      JOIN sale_order so ON so.id = sol.order_id
                      JOIN product_product product ON product.id = sol.product_id
                      JOIN product_template template ON template.id = product.product_tmpl_id
                      JOIN uom_uom own ON own.id = template.uom_id
                      LEFT JOIN uom_uom unit ON unit.id = sol.product_uom_id
                      LEFT JOIN ecom_channel channel ON channel.id = so.ecom_channel_id
                      LEFT JOIN ecom_order intake ON intake.id = so.ecom_order_id
                      LEFT JOIN ecom_build_kit kit ON kit.kit_id = sol.product_id
                      LEFT JOIN quick ON quick.line_id = sol.id
                     WHERE so.company_id = %(company)s
                       AND (so.state = 'sale'
                            OR (so.state = 'cancel' AND so.ecom_channel_id IS NOT NULL)
                            OR (%(wanted)s))
                       AND sol.display_type IS NULL AND sol.product_uom_qty > 0
                       AND COALESCE(intake.fulfilled_by, '') <> 'platform'
                       AND %(kits_and_parts)s
                )
                SELECT line.product_id, line.warehouse_id, line.channel_id, line.day,
                       'sale'::varchar AS source, line.qty,
                       line.qty * line.cancelled_share AS cancelled,
                       0::float8 AS returned, line.promoted
                  FROM line
                  JOIN product_product product ON product.id = line.product_id
                  JOIN product_template template ON template.id = product.product_tmpl_id
                 WHERE template.is_storable AND line.warehouse_id IS NOT NULL AND %(scope)s
                UNION ALL
                %(moves)s
                """,
                quick=self._quick_refunds_sql(company),
                wanted=self._wanted_sql(),
                tz=tz,
                company=company.id,
                kits_and_parts=kits_and_parts,
                scope=self._in_products(SQL("line.product_id"), products),
                moves=self._moves_sql(company, tz, products),
            )
        )

    def _quick_refunds_sql(self, company):
        """Quantities, in the order line's unit, that were taken back soon after the order."""
        return SQL(
            """
            SELECT sol.id AS line_id, SUM((part.value->>'quantity')::float8) AS qty
              FROM ecom_refund refund
              JOIN ecom_order intake ON intake.id = refund.order_id
              JOIN sale_order so ON so.ecom_order_id = intake.id
              CROSS JOIN LATERAL jsonb_array_elements(
                  CASE WHEN jsonb_typeof(refund.document->'lines') = 'array'
                       THEN refund.document->'lines' ELSE '[]' END) part
              JOIN LATERAL (
                  SELECT line.id
                    FROM sale_order_line line
                    JOIN product_product product ON product.id = line.product_id
                   WHERE line.order_id = so.id
                     AND (line.ecom_line_ref = part.value->>'order_line_id'
                          OR (part.value->>'order_line_id' IS NULL
                              AND product.default_code = part.value->>'sku'))
                   ORDER BY line.id LIMIT 1
              ) sol ON TRUE
             WHERE refund.company_id = %(company)s AND refund.state = 'matched'
               AND refund.refunded_at < intake.placed_at + %(hours)s * INTERVAL '1 hour'
             GROUP BY sol.id
            """,
            company=company.id,
            hours=CANCEL_HOURS,
        )

    def _moves_sql(self, company, tz, products):
        """Returns of customers, and what was used in production."""
        return SQL(
            """
            SELECT move.product_id,
                   CASE WHEN source.usage = 'customer' THEN target.warehouse_id
                        ELSE source.warehouse_id END,
                   CASE WHEN source.usage = 'customer' THEN so.ecom_channel_id END,
                   ((move.date AT TIME ZONE 'UTC')
                       AT TIME ZONE COALESCE(channel.tz, %(tz)s))::date,
                   CASE WHEN source.usage = 'customer' THEN 'sale' ELSE 'production' END,
                   CASE WHEN source.usage = 'customer' THEN 0
                        ELSE move.quantity * unit.factor / own.factor END::float8,
                   0::float8,
                   CASE WHEN source.usage = 'customer'
                        THEN move.quantity * unit.factor / own.factor ELSE 0 END::float8,
                   FALSE
              FROM stock_move move
              JOIN stock_location source ON source.id = move.location_id
              JOIN stock_location target ON target.id = move.location_dest_id
              JOIN product_product product ON product.id = move.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN uom_uom own ON own.id = template.uom_id
              JOIN uom_uom unit ON unit.id = move.product_uom
              LEFT JOIN sale_order_line sol ON sol.id = move.sale_line_id
              LEFT JOIN sale_order so ON so.id = sol.order_id
              LEFT JOIN ecom_channel channel ON channel.id = so.ecom_channel_id
             WHERE move.company_id = %(company)s AND move.state = 'done' AND move.quantity > 0
               AND template.is_storable AND %(scope)s
               AND ((source.usage = 'customer' AND target.usage = 'internal'
                     AND target.warehouse_id IS NOT NULL)
                    OR (source.usage = 'internal' AND target.usage = 'production'
                        AND source.warehouse_id IS NOT NULL))
            """,
            company=company.id,
            tz=tz,
            scope=self._in_products(SQL("move.product_id"), products),
        )

    def _build_caps(self):
        """Table `ecom_build_cap`: above which size a single line is a one-off, per product.

        The usual size and its spread are taken from the quartiles of the logarithm, which no
        single line can move. Lines above the limit that come again and again are how this
        product sells, so there is no limit then.
        """
        self.env.cr.execute("DROP TABLE IF EXISTS ecom_build_cap")
        self.env.cr.execute(
            SQL(
                """
                CREATE TEMP TABLE ecom_build_cap ON COMMIT DROP AS
                WITH size AS (
                    SELECT product_id, LN(qty - cancelled) AS size
                      FROM ecom_build_line
                     WHERE source = 'sale' AND qty - cancelled > 0
                ), quartile AS (
                    SELECT product_id, COUNT(*) AS lines,
                           PERCENTILE_CONT(ARRAY[0.25, 0.5, 0.75])
                               WITHIN GROUP (ORDER BY size) AS q
                      FROM size GROUP BY product_id HAVING COUNT(*) >= %(least)s
                ), limits AS (
                    SELECT product_id, lines,
                           q[2] + GREATEST(LN(%(factor)s), %(sigmas)s * (q[3] - q[1]) / 1.349)
                               AS size_limit
                      FROM quartile
                )
                SELECT limits.product_id, EXP(limits.size_limit)::float8 AS cap
                  FROM limits JOIN size ON size.product_id = limits.product_id
                   AND size.size > limits.size_limit
                 GROUP BY limits.product_id, limits.size_limit, limits.lines
                HAVING COUNT(*) <= GREATEST(1, limits.lines * %(share)s)
                """,
                least=OUTLIER_LINES,
                factor=OUTLIER_FACTOR,
                sigmas=OUTLIER_SIGMAS,
                share=OUTLIER_SHARE,
            )
        )

    def _build_stockouts(self, company, products, since):
        """Mark the days on which nothing was on hand from morning to evening.

        Products that did not change only need the days since the last build.

        :return: number of days added
        """
        today = fields.Date.today()
        first = today - timedelta(days=STOCKOUT_DAYS)
        self.env.execute_query(
            SQL(
                """DELETE FROM ecom_demand WHERE company_id = %s AND source = 'stock' AND %s
                   RETURNING 1""",
                company.id,
                self._in_products(SQL("product_id"), products),
            )
        )
        recent = SQL("TRUE")
        if products is not None and since:
            recent = SQL(
                "(out.product_id = ANY(%s) OR out.day >= %s)", products, since - timedelta(days=1)
            )
        rows = self.env.execute_query(
            SQL(
                """
                WITH flow AS (
                    SELECT move.product_id, location.warehouse_id, move.date::date AS day,
                           SUM(CASE WHEN location.id = move.location_dest_id THEN 1 ELSE -1 END
                               * move.quantity * unit.factor / own.factor) AS qty
                      FROM stock_move move
                      JOIN stock_location location
                        ON location.id IN (move.location_id, move.location_dest_id)
                       AND location.usage = 'internal' AND location.warehouse_id IS NOT NULL
                      JOIN product_product product ON product.id = move.product_id
                       AND product.active
                      JOIN product_template template ON template.id = product.product_tmpl_id
                       AND template.is_storable
                      JOIN uom_uom own ON own.id = template.uom_id
                      JOIN uom_uom unit ON unit.id = move.product_uom
                     WHERE move.company_id = %(company)s AND move.state = 'done'
                       AND move.location_id <> move.location_dest_id
                     GROUP BY 1, 2, 3
                ), level AS (
                    SELECT product_id, warehouse_id, day,
                           SUM(qty) OVER item AS qty,
                           LEAD(day) OVER item AS next_day
                      FROM flow
                    WINDOW item AS (PARTITION BY product_id, warehouse_id ORDER BY day)
                ), out AS (
                    SELECT level.product_id, level.warehouse_id, days.day::date AS day
                      FROM level
                     CROSS JOIN LATERAL GENERATE_SERIES(
                           GREATEST(level.day + 1, %(first)s),
                           COALESCE(level.next_day, %(today)s) - 1, INTERVAL '1 day') AS days(day)
                     WHERE level.qty < 0.00001
                ), written AS (
                    INSERT INTO ecom_demand (
                        product_id, warehouse_id, company_id, day, source, stockout, promotion,
                        qty, qty_gross, qty_cancelled, qty_outlier, qty_returned, qty_promoted,
                        line_count)
                    SELECT product_id, warehouse_id, %(company)s, day, 'stock', TRUE, FALSE,
                           0, 0, 0, 0, 0, 0, 0
                      FROM out WHERE %(recent)s
                        ON CONFLICT DO NOTHING
                    RETURNING 1
                )
                SELECT COUNT(*) FROM written
                """,
                company=company.id,
                today=today,
                first=first,
                recent=recent,
            )
        )
        self.env.execute_query(
            SQL(
                """
                UPDATE ecom_demand demand SET stockout = TRUE
                  FROM ecom_demand mark
                 WHERE mark.company_id = %(company)s AND mark.source = 'stock'
                   AND demand.company_id = %(company)s AND demand.source <> 'stock'
                   AND demand.product_id = mark.product_id
                   AND demand.warehouse_id = mark.warehouse_id AND demand.day = mark.day
                   AND NOT demand.stockout
                RETURNING 1
                """,
                company=company.id,
            )
        )
        return rows[0][0]
