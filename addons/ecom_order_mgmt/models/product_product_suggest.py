from datetime import timedelta

from odoo import api, fields, models

from ..tools.replenishment.levels import mean_over
from ..tools.replenishment.promotion import lift

DAYS_PER_MONTH = 365.25 / 12


class ProductProduct(models.Model):
    """The *Suggest* of Odoo's purchase catalogue, based on the forecast of the coming days."""

    _inherit = "product.product"

    @api.depends_context("suggest_based_on", "suggest_days", "warehouse_id")
    def _compute_monthly_demand(self):
        """By "Demand forecast", the demand expected in the days that are asked for (promotions
        in it), as a monthly figure: Odoo takes it times those days again."""
        if self.env.context.get("suggest_based_on") != "ecom_forecast":
            return super()._compute_monthly_demand()
        days = self.env.context.get("suggest_days") or DAYS_PER_MONTH
        expected = self._ecom_get_expected_demand(days, self.env.context.get("warehouse_id"))
        for product in self:
            product.monthly_demand = expected.get(product.id, 0.0) * DAYS_PER_MONTH / days
        return None

    def _ecom_get_expected_demand(self, days, warehouse_id=None):
        """:param days: how far to look ahead from today
        :param warehouse_id: of one warehouse; otherwise of all warehouses of the company
        :return: {product id: quantity in the product's unit}; products without a forecast are
            left out"""
        Suggestion = self.env["ecom.replenishment"]
        today = fields.Date.today()
        promotions = Suggestion._promotions(self.env.company, today)
        domain = [("product_id", "in", self.ids), ("company_id", "=", self.env.company.id)]
        if warehouse_id:
            domain.append(("warehouse_id", "=", warehouse_id))
        expected = {}
        for forecast in self.env["ecom.forecast"].search(domain):
            product, start = forecast.product_id, forecast.made_on or today
            planned = Suggestion._promotions_of(product, forecast.warehouse_id, promotions, start)
            points = lift(forecast.points or [], [], planned)[0]
            gone = max(0, (today - start) / timedelta(days=1))
            demand = mean_over(points, gone + days) - mean_over(points, gone)
            expected[product.id] = expected.get(product.id, 0.0) + demand
        return expected
