import base64

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools.replenishment import history

SHOWN = 20


class EcomDemandImport(models.TransientModel):
    """Takes past demand from a file, for a shop that is new to Odoo.

    The same file again changes nothing: a day of a product and warehouse is replaced.
    """

    _name = "ecom.demand.import"
    _description = "Import a Demand History"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    warehouse_id = fields.Many2one(
        "stock.warehouse",
        required=True,
        domain="[('company_id', '=', company_id)]",
        default=lambda self: self._default_warehouse_id(),
        help="For rows that name no warehouse.",
    )
    file = fields.Binary("CSV File", required=True)
    filename = fields.Char()
    note = fields.Text("Result", readonly=True)

    @api.model
    def _default_warehouse_id(self):
        return self.env["stock.warehouse"].search(
            [("company_id", "=", self.env.company.id)], limit=1
        )

    def action_import(self):
        """Import, and say what could not be."""
        self.ensure_one()
        try:
            rows, problems = history.read_history(base64.b64decode(self.file))
        except history.HistoryFileError as error:
            raise UserError(self._tell_file_error(error)) from error
        rows = history.spread(rows, fields.Date.today())
        days, unknown = self._match(rows)
        self._replace(days)
        self.note = self._prepare_note(days, problems, unknown)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import a Demand History"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _tell_file_error(self, error):
        if error.code == "no_table":
            return self.env._("The file is no table: %s", error.detail)
        if error.code == "no_rows":
            return self.env._("The file has no rows below its header.")
        if error.code == "no_date_column":
            return self.env._(
                "No column with dates was found. Name it date, or day, and give days like "
                "2026-05-31."
            )
        return self.env._("The dates of the file cannot be read; write them like 2026-05-31.")

    def _tell_problem(self, code, detail):
        if code == "no_item":
            return self.env._("no item")
        if code == "date":
            return self.env._("the date cannot be read")
        if code == "number":
            return self.env._("%s is no number", detail)
        return self.env._("a cell is missing or is no number")

    def _match(self, rows):
        """:return: ({(product id, warehouse id, day): quantity}, names that nothing has)"""
        names = sorted({item for item, _warehouse, _day, _qty in rows})
        products = self.env["product.product"].search(
            ["|", ("default_code", "in", names), ("barcode", "in", names)], order="id desc"
        )
        by_name = {p.barcode: p for p in products if p.barcode}
        by_name |= {p.default_code: p for p in products if p.default_code}
        warehouses = self.env["stock.warehouse"].search([("company_id", "=", self.company_id.id)])
        by_code = {w.name.lower(): w for w in warehouses} | {w.code.lower(): w for w in warehouses}
        days, unknown = {}, set()
        for item, place, day, qty in rows:
            product = by_name.get(item)
            warehouse = by_code.get(place.lower()) if place else self.warehouse_id
            if not product or not warehouse:
                unknown.add(item if not product else place)
                continue
            key = (product.id, warehouse.id, day)
            days[key] = days.get(key, 0.0) + qty
        return days, sorted(unknown)

    def _replace(self, days):
        if not days:
            return
        products, warehouses, dates = zip(*days, strict=True)
        self.env.execute_query(
            SQL(
                """
                INSERT INTO ecom_demand (
                    product_id, warehouse_id, day, source, company_id, qty, qty_gross,
                    qty_cancelled, qty_outlier, qty_returned, qty_promoted, line_count,
                    stockout, promotion)
                SELECT item.product, item.warehouse, item.day, 'import', %(company)s, item.qty,
                       item.qty, 0, 0, 0, 0, 1, FALSE, FALSE
                  FROM unnest(%(products)s::int4[], %(warehouses)s::int4[], %(days)s::date[],
                              %(quantities)s::float8[]) AS item(product, warehouse, day, qty)
                ON CONFLICT (product_id, warehouse_id, day, source, COALESCE(channel_id, 0))
                DO UPDATE SET qty = EXCLUDED.qty, qty_gross = EXCLUDED.qty_gross
                RETURNING 1
                """,
                company=self.company_id.id,
                products=list(products),
                warehouses=list(warehouses),
                days=list(dates),
                quantities=list(days.values()),
            )
        )
        self.env["ecom.demand"].invalidate_model()

    def _prepare_note(self, days, problems, unknown):
        _ = self.env._
        lines = [
            _(
                "%(days)s days of %(products)s products are in the history.",
                days=len(days),
                products=len({product for product, _warehouse, _day in days}),
            )
        ]
        if unknown:
            lines.append(
                _(
                    "Not known here, left out: %(names)s",
                    names=", ".join(unknown[:SHOWN]) + (" …" if len(unknown) > SHOWN else ""),
                )
            )
        for number, code, detail in problems[:SHOWN]:
            what = self._tell_problem(code, detail)
            lines.append(_("Line %(number)s: %(what)s", number=number, what=what))
        if len(problems) > SHOWN:
            lines.append(_("And %(count)s more lines.", count=len(problems) - SHOWN))
        return "\n".join(lines)
