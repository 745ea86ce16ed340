from functools import partial

from odoo import api, models

from odoo.addons.stock.models.stock_rule import StockRule as CoreStockRule

from .. import fast
from ..concurrency import WorkAlone

# Purchase looks at the routes of a line only; lines that have some go Odoo's way.
_RUN = {"stock", "mrp", "purchase_stock", "ecom_order_mgmt"}


class StockRule(models.Model):
    _inherit = "stock.rule"

    @api.model
    def run(self, procurements, raise_user_error=True):
        """Odoo's manufacturing looks for a kit's bill of materials line by line; where the batch
        holds no kit at all, there is nothing for it to do."""
        run = fast.of(self)
        if (
            not run
            or not fast.only_known(self, "run", _RUN)
            or any(procurement.values.get("route_ids") for procurement in procurements)
            or run.find_kits(self.env, [(p.product_id, p.company_id) for p in procurements])
        ):
            return super().run(procurements, raise_user_error=raise_user_error)
        return CoreStockRule.run(self, procurements, raise_user_error=raise_user_error)

    @api.model
    def _search_rule_for_warehouses(
        self, route_ids, packaging_uom_id, product_id, warehouse_ids, domain
    ):
        """Odoo asks for the rules of every line; lines with the same routes have the same rules."""
        run = fast.of(self)
        if not run:
            return super()._search_rule_for_warehouses(
                route_ids, packaging_uom_id, product_id, warehouse_ids, domain
            )
        asked = (
            product_id.id,
            tuple(route_ids.ids) if route_ids else (),
            packaging_uom_id.id if packaging_uom_id else False,
            tuple(warehouse_ids.ids) if warehouse_ids else (),
        )
        if asked not in run.routes:
            run.routes[asked] = self._ecom_get_routes(
                route_ids, packaging_uom_id, product_id, warehouse_ids
            )
        key = (
            run.routes[asked],
            asked[-1],
            repr(domain),
            self.env.su,
            self.env.uid,
            self.env.companies.ids and tuple(self.env.companies.ids),
        )
        if key not in run.rules:
            run.rules[key] = super()._search_rule_for_warehouses(
                route_ids, packaging_uom_id, product_id, warehouse_ids, domain
            )
        return run.rules[key]

    @api.model
    def _get_rule(self, product_id, location_id, values):
        """What is not simply taken from the shelves may change what other transactions change as
        well (a request for quotation, say): that is not done on stock that is taken last."""
        rule = super()._get_rule(product_id, location_id, values)
        run = fast.of(self)
        if run and run.late and rule and not rule._ecom_takes_from_stock():
            raise WorkAlone(f"stock rule {rule.id} is not plain")
        return rule

    def _ecom_takes_from_stock(self):
        self.ensure_one()
        return self.action == "pull" and self.procure_method == "make_to_stock"

    def _ecom_get_routes(self, route_ids, packaging_uom_id, product_id, warehouse_ids):
        """:return: the routes that Odoo looks at for these"""
        routes = product_id.route_ids | product_id.categ_id.total_route_ids
        if route_ids:
            routes |= route_ids
        if packaging_uom_id:
            routes |= packaging_uom_id.package_type_id.route_ids
        if warehouse_ids:
            routes |= warehouse_ids.route_ids.filtered(
                partial(self._filter_warehouse_routes, product_id, warehouse_ids)
            )
        return frozenset(routes.ids)
