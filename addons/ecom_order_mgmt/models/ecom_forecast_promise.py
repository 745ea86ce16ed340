from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.replenishment.calibrate import corrected

# Every forecast promises what lasts two weeks with this probability; see tools' calibrate.py.
PROMISE_WEEKS = 2
PROMISE_SERVICE = 0.95


class EcomForecast(models.Model):
    """How often promises were kept, and the factor that margins are corrected by."""

    _inherit = "ecom.forecast"

    @api.model
    def _calibration(self, company):
        """:return: the factor of this company's margins; 1 = as the back-test says"""
        last = (
            self.env["ecom.replenishment.run"]
            .sudo()
            .search(
                [
                    ("company_id", "=", company.id),
                    ("kind", "=", "forecast"),
                    ("state", "=", "done"),
                ],
                limit=1,
            )
        )
        return ((last.figures or {}).get("calibration") or {}).get("factor", 1.0)

    @api.model
    def _judge_promises(self, company, today):
        """Compare the promises whose time is over with what was asked for.

        Items that were out of stock meanwhile are left out: their demand is not known.

        :return: {'factor', 'kept', 'broken'}
        """
        self.env.flush_all()
        due = today - timedelta(days=7 * PROMISE_WEEKS)
        rows = self.env.execute_query(
            SQL(
                """
                WITH due AS (
                    UPDATE ecom_forecast SET promise = NULL
                      FROM ecom_forecast old
                     WHERE old.id = ecom_forecast.id AND old.company_id = %(company)s
                       AND (old.promise->>'day')::date <= %(due)s
                    RETURNING old.product_id, old.warehouse_id, old.company_id,
                              (old.promise->>'day')::date AS day,
                              (old.promise->>'limit')::float8 AS enough
                )
                SELECT COUNT(*) FILTER (WHERE found.qty <= due.enough + 0.000001),
                       COUNT(*) FILTER (WHERE found.qty > due.enough + 0.000001)
                  FROM due
                 CROSS JOIN LATERAL (
                     SELECT COALESCE(SUM(qty), 0) AS qty, COALESCE(BOOL_OR(stockout), FALSE) AS out
                       FROM ecom_demand
                      WHERE product_id = due.product_id AND warehouse_id = due.warehouse_id
                        AND day >= due.day AND day < due.day + %(days)s
                 ) found
                 WHERE NOT found.out
                """,
                company=company.id,
                due=due,
                days=7 * PROMISE_WEEKS,
            )
        )
        kept, broken = rows[0]
        factor = corrected(self._calibration(company), kept, broken, PROMISE_SERVICE)
        self.invalidate_model(["promise"])
        return {"factor": round(factor, 4), "kept": kept, "broken": broken}

    @api.model
    def _promise(self, company, today, factor):
        """Let every forecast that has no promise under way make one."""
        self.env.execute_query(
            SQL(
                """
                UPDATE ecom_forecast SET promise = jsonb_build_object(
                    'day', %(today)s::date::text, 'limit', forecast.mean + %(factor)s * GREATEST(
                        0, (forecast.totals->%(level)s->>%(last)s)::float8 - forecast.mean))
                  FROM (
                      SELECT id, totals, (
                          SELECT SUM(point.value::float8)
                            FROM jsonb_array_elements_text(points)
                                 WITH ORDINALITY AS point(value, number)
                           WHERE point.number <= %(weeks)s) AS mean
                        FROM ecom_forecast
                       WHERE company_id = %(company)s AND promise IS NULL
                  ) forecast
                 WHERE forecast.id = ecom_forecast.id
                RETURNING 1
                """,
                today=fields.Date.to_string(today),
                factor=factor,
                level=str(PROMISE_SERVICE),
                last=PROMISE_WEEKS - 1,
                weeks=PROMISE_WEEKS,
                company=company.id,
            )
        )
        self.invalidate_model(["promise"])
