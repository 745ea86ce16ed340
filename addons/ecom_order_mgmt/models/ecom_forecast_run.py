import json
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import forecast as engine
from ..tools.forecast.pool import Pool
from ..tools.replenishment import classes, history

_logger = logging.getLogger(__name__)

WEEKS = 156
SEASON = 52
# A season is believed when it has been seen twice.
SEASON_FROM = 104
# A pool of methods and each item's choice are learned anew after this time; in between the
# choices are kept and only new items are tested.
RELEARN_DAYS = 28
LEAST_HORIZON = 8
LONGEST_HORIZON = 40
# For the band of the chart and the record, beside the service levels in use.
QUANTILES = (0.1, 0.5, 0.9, 0.95)


class EcomForecast(models.Model):
    _inherit = "ecom.forecast"

    @api.model
    def _run(self, company, relearn=False):
        """Forecast all items of a company with demand. :return: ecom.replenishment.run"""
        Run = self.env["ecom.replenishment.run"].sudo()
        started = fields.Datetime.now()
        today = fields.Date.today()
        policies = self.env["ecom.replenishment.policy"]._of_company(company)
        histories = self._histories(company, today)
        siblings = self._siblings(company, histories)
        length = max((len(values) for values in histories.values()), default=0)
        horizon = self._horizon(company, policies)
        season = (SEASON,) if length >= SEASON_FROM else ()
        quantiles = self._quantiles(policies)
        last = Run.search(
            [("company_id", "=", company.id), ("kind", "=", "forecast"), ("state", "=", "done")],
            limit=1,
        )
        plan, learned_on = self._kept_plan(company, last, horizon, season, relearn, today)
        products = self.env["product.product"].browse({key[0] for key in histories})
        category = {product.id: product.categ_id.id for product in products}
        result = engine.forecast_many(
            histories,
            horizon,
            season,
            categories={key: category[key[0]] for key in histories},
            siblings=siblings,
            quantiles=quantiles,
            plan=plan,
        )
        calibration = self._judge_promises(company, today)
        self._store(company, today, histories, result)
        self._promise(company, today, calibration["factor"])
        quality = result.quality
        return Run.create(
            {
                "company_id": company.id,
                "kind": "forecast",
                "state": "done",
                "started_at": started,
                "ended_at": fields.Datetime.now(),
                "done_count": len(histories),
                "total_count": len(histories),
                "figures": {
                    "pool": result.plan.pool.to_dict(),
                    "horizon": horizon,
                    "season": list(season),
                    "learned_on": fields.Date.to_string(learned_on),
                    "items": len(histories),
                    "calibration": calibration,
                    "rmsse": quality.rmsse,
                    "cumulative_wape": quality.cumulative_wape,
                    "bias": quality.bias,
                    "coverage": {str(q): share for q, share in quality.coverage_totals.items()},
                },
            }
        )

    @api.model
    def _histories(self, company, today):
        """:return: {(product id, warehouse id): demand per week, oldest first, ending yesterday}

        Imported rows count only before an item's own sales in Odoo begin: a newcomer's file may
        well overlap with them.
        """
        self.env.flush_all()
        first = today - timedelta(days=7 * WEEKS)
        rows = self.env.execute_query(
            SQL(
                """
                WITH own AS (
                    SELECT product_id, warehouse_id, MIN(day) AS day FROM ecom_demand
                     WHERE company_id = %(company)s AND source = 'sale' AND qty_gross > 0
                     GROUP BY product_id, warehouse_id
                ), days AS (
                    SELECT demand.product_id, demand.warehouse_id, demand.day,
                           SUM(demand.qty) AS qty,
                           COALESCE(SUM(demand.qty_promoted), 0) AS promoted,
                           BOOL_OR(demand.stockout) AS stockout
                      FROM ecom_demand demand
                      LEFT JOIN own ON own.product_id = demand.product_id
                       AND own.warehouse_id = demand.warehouse_id
                     WHERE demand.company_id = %(company)s
                       AND demand.day >= %(first)s AND demand.day < %(today)s
                       AND (demand.source <> 'import' OR own.day IS NULL OR demand.day < own.day)
                     GROUP BY demand.product_id, demand.warehouse_id, demand.day
                )
                SELECT days.product_id, days.warehouse_id,
                       (%(today)s - 1 - days.day) / 7 AS week,
                       SUM(qty), SUM(promoted),
                       COUNT(*) FILTER (WHERE stockout AND qty <= 0),
                       MIN(days.day) FILTER (WHERE qty <> 0 OR stockout)
                  FROM days
                  JOIN product_product product ON product.id = days.product_id AND product.active
                 GROUP BY days.product_id, days.warehouse_id, week
                """,
                company=company.id,
                first=first,
                today=today,
            )
        )
        weeks, lengths, sold = {}, {}, set()
        for product, warehouse, back, qty, promoted, lost, start in rows:
            key = (product, warehouse)
            weeks.setdefault(key, {})[back] = (qty, promoted, lost)
            if start:
                lengths[key] = max(lengths.get(key, 0), back + 1)
            if qty > 0:
                sold.add(key)
        result = {}
        for key in sorted(sold):
            length = lengths[key]
            numbered = {length - 1 - back: values for back, values in weeks[key].items()}
            result[key] = history.weekly(length, numbered)
        return result

    def _siblings(self, company, histories):
        """Add new products that sell like others to the histories.

        :return: {item: [items that it is like]}
        """
        products = self.env["product.product"].search(
            [
                ("ecom_sibling_id", "!=", False),
                ("is_storable", "=", True),
                ("company_id", "in", [company.id, False]),
            ]
        )
        warehouses = {}
        for product, warehouse in histories:
            warehouses.setdefault(product, []).append(warehouse)
        siblings = {}
        for product in products:
            for warehouse in warehouses.get(product.ecom_sibling_id.id, ()):
                key = (product.id, warehouse)
                histories.setdefault(key, [])
                siblings[key] = [(product.ecom_sibling_id.id, warehouse)]
        return siblings

    def _horizon(self, company, policies):
        """:return: weeks that the longest lead time, review and cover together need"""
        [(longest,)] = self.env.execute_query(
            SQL(
                """SELECT MAX(delay) FROM product_supplierinfo
                    WHERE company_id = %s OR company_id IS NULL""",
                company.id,
            )
        )
        fixed = max(policies.mapped("lead_days"), default=0)
        # Learned lead times may well be longer than promised.
        lead = max(1.5 * (longest or 0), fixed)
        own = max((p.review_days + p.cover_days for p in policies), default=37)
        weeks = -(-int(lead + own) // 7)
        # In steps of four, so that a new supplier does not throw away what was learned.
        return min(LONGEST_HORIZON, max(LEAST_HORIZON, -(-weeks // 4) * 4))

    def _quantiles(self, policies):
        levels = {*QUANTILES, *classes.SERVICE_LEVELS.values(), 0.8, 0.99}
        levels |= {round(policy.service_level / 100, 4) for policy in policies}
        return tuple(sorted(levels))

    def _kept_plan(self, company, last, horizon, season, relearn, today):
        """:return: (plan of an earlier run or None, day on which it was learned)"""
        figures = last.figures or {}
        learned = fields.Date.to_date(figures.get("learned_on"))
        fresh = learned and (today - learned).days < RELEARN_DAYS
        same = figures.get("horizon") == horizon and figures.get("season") == list(season)
        if relearn or not fresh or not same:
            return None, today
        choices = {
            (product, warehouse): choice
            for product, warehouse, choice in self.env.execute_query(
                SQL(
                    """SELECT product_id, warehouse_id, choice FROM ecom_forecast
                        WHERE company_id = %s AND choice IS NOT NULL""",
                    company.id,
                )
            )
            if choice
        }
        return engine.Plan(Pool.from_dict(figures["pool"]), choices), learned

    def _store(self, company, today, histories, result):
        """Write all forecasts at once; those of items without demand any more go away."""
        grades = self._grades(company, histories)
        rows = []
        for key, found in result.forecasts.items():
            quality = found.quality
            known = [value for value in histories[key] if value is not None]
            rows.append(
                (
                    *key,
                    json.dumps([v if v is None else round(v, 4) for v in histories[key]]),
                    json.dumps([round(point, 5) for point in found.points]),
                    json.dumps(
                        {
                            str(q): [round(total, 4) for total in totals]
                            for q, totals in found.cumulative_quantiles.items()
                        }
                    ),
                    json.dumps(
                        {
                            str(q): [round(value, 4) for value in found.quantiles[q]]
                            for q in (0.1, 0.9)
                        }
                    ),
                    json.dumps(result.plan.choices.get(key)),
                    sum(found.points[:4]) / max(1, len(found.points[:4])),
                    found.method,
                    found.demand_class,
                    *grades[key],
                    quality.rmsse,
                    quality.bias,
                    quality.cumulative_wape,
                    quality.coverage_totals.get(0.95),
                    len(known),
                )
            )
        self.env.execute_query(
            SQL("DELETE FROM ecom_forecast WHERE company_id = %s AND NOT ((product_id, warehouse_id)"
                " IN (SELECT * FROM unnest(%s::int[], %s::int[]))) RETURNING 1",
                company.id, [row[0] for row in rows], [row[1] for row in rows])
        )  # fmt: skip
        if rows:
            self._upsert(company, today, rows)
        self.invalidate_model()

    def _upsert(self, company, today, rows):
        names = (
            *("history", "points", "totals", "bands", "choice"),
            *("weekly_qty", "method", "demand_class", "abc", "xyz"),
            *("rmsse", "bias", "cumulative_wape", "coverage", "weeks_known"),
        )
        # The record of the back-test stays until there is a new one: nights go without.
        record = ("rmsse", "bias", "cumulative_wape", "coverage")
        kinds = ("int4", "int4", *["text"] * 5, "float8", *["text"] * 4, *["float8"] * 4, "int4")
        self.env.execute_query(
            SQL(
                """
                INSERT INTO ecom_forecast (
                    company_id, made_on, create_uid, write_uid, create_date, write_date,
                    product_id, warehouse_id, categ_id, history, points, totals, bands, choice,
                    weekly_qty, method, demand_class, abc, xyz,
                    rmsse, bias, cumulative_wape, coverage, weeks_known)
                SELECT %(company)s, %(today)s, %(user)s, %(user)s,
                       NOW() AT TIME ZONE 'UTC', NOW() AT TIME ZONE 'UTC',
                       item.product, item.warehouse, template.categ_id, item.history::jsonb,
                       item.points::jsonb, item.totals::jsonb, item.bands::jsonb,
                       NULLIF(item.choice::jsonb, 'null'::jsonb), item.weekly_qty, item.method,
                       item.demand_class, item.abc, item.xyz, item.rmsse, item.bias,
                       item.cumulative_wape, item.coverage, item.weeks_known
                  FROM unnest(%(columns)s) AS item(
                       product, warehouse, history, points, totals, bands, choice, weekly_qty,
                       method, demand_class, abc, xyz, rmsse, bias, cumulative_wape, coverage,
                       weeks_known)
                  JOIN product_product product ON product.id = item.product
                  JOIN product_template template ON template.id = product.product_tmpl_id
                ON CONFLICT (product_id, warehouse_id) DO UPDATE SET
                    made_on = EXCLUDED.made_on, write_date = EXCLUDED.write_date,
                    categ_id = EXCLUDED.categ_id, %(updates)s
                RETURNING 1
                """,
                company=company.id,
                today=today,
                user=self.env.uid,
                columns=SQL(", ").join(
                    SQL("%s::%s[]", list(column), SQL.identifier(kind))
                    for kind, column in zip(kinds, zip(*rows, strict=True), strict=True)
                ),
                updates=SQL(", ").join(
                    SQL(
                        "%(name)s = COALESCE(EXCLUDED.%(name)s, ecom_forecast.%(name)s)"
                        if name in record
                        else "%(name)s = EXCLUDED.%(name)s",
                        name=SQL.identifier(name),
                    )
                    for name in names
                ),
            )
        )

    def _grades(self, company, histories):
        """:return: {item: (ABC by turnover of the last quarter of the company, XYZ)}"""
        products = self.env["product.product"].browse({key[0] for key in histories})
        prices = {product.id: product.with_company(company).list_price for product in products}
        turnover = {
            key: prices[key[0]] * sum(value or 0.0 for value in values[-13:])
            for key, values in histories.items()
        }
        letters = classes.abc(turnover)
        return {key: (letters[key], classes.xyz(values[-52:])) for key, values in histories.items()}
