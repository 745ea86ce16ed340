from odoo import api, fields, models

from ..fast import KEY


class SaleOrderLine(models.Model):
    """What is launched for a channel order is put into shipments."""

    _inherit = "sale.order.line"

    ecom_warehouse_id = fields.Many2one(
        "stock.warehouse",
        "Chosen Warehouse",
        copy=False,
        index="btree_not_null",
        help="The warehouse that was chosen for this line of a channel order.",
    )
    ecom_allocation = fields.Json(
        copy=False,
        help="List of [warehouse, parcel, quantity], where there is more than one; where goods are "
        "brought or bought first, [..., kind of supply, sister warehouse].",
    )

    @api.depends("ecom_warehouse_id")
    def _compute_warehouse_id(self):
        chosen = self.filtered("ecom_warehouse_id")
        for line in chosen:
            line.warehouse_id = line.ecom_warehouse_id
        return super(SaleOrderLine, self - chosen)._compute_warehouse_id()

    def _create_procurements(self, product_qty, procurement_uom, values):
        """One procurement per parcel: each leads to a delivery of its own."""
        allocation = self.ecom_allocation or []
        total = sum(entry[2] for entry in allocation)
        unit = self.product_uom_id
        if not allocation or procurement_uom.compare(
            unit._compute_quantity(total, procurement_uom), product_qty
        ):
            # A later change of the quantity: the rest comes from the line's warehouse.
            return super()._create_procurements(product_qty, procurement_uom, values)
        procurements = []
        Warehouse = self.env["stock.warehouse"]
        for warehouse_id, part, quantity, *supplied in allocation:
            warehouse = Warehouse.browse(warehouse_id)
            special = {}
            if supplied:
                # Whoever confirms an order need not see the routes of warehouses.
                special = self.sudo()._ecom_prepare_supply(
                    warehouse.sudo(), supplied[0], Warehouse.sudo().browse(supplied[1] or [])
                )
            procurements += super()._create_procurements(
                unit._compute_quantity(quantity, procurement_uom),
                procurement_uom,
                {**values, "warehouse_id": warehouse, "ecom_part": part, **special},
            )
        return procurements

    def _action_launch_stock_rule(self, **kwargs):
        result = super()._action_launch_stock_rule(**kwargs)
        # Whoever confirms an order need not see stock.
        lines = self.sudo().filtered("order_id.ecom_order_id")
        lines.move_ids.picking_id._ecom_assign_shipments()
        return result

    def _get_qty_procurement(self, previous_product_uom_qty=False):
        """Without moves nothing is on its way yet; Odoo would look for kits line by line."""
        if KEY in self.env.context and not self.move_ids:
            return 0.0
        return super()._get_qty_procurement(previous_product_uom_qty)

    def _compute_analytic_distribution(self):
        """Odoo looks for an analytic model line by line; mostly a company has none at all."""
        ours = self.filtered("ecom_kind")
        # Whoever makes an order need not see the models that apply to it.
        if ours and not self.env["account.analytic.distribution.model"].sudo().search_count(
            [], limit=1
        ):
            for line in ours:
                line.analytic_distribution = line.analytic_distribution
        else:
            ours = self.browse()
        return super(SaleOrderLine, self - ours)._compute_analytic_distribution()

    def _ecom_get_shares(self):
        """:return: list of (warehouse, share of the quantity) whose shelves this line is taken from;
        what is bought is on none"""
        self.ensure_one()
        allocation = self.ecom_allocation or []
        total = sum(entry[2] for entry in allocation)
        if not total or self.product_uom_id.compare(total, self.product_uom_qty):
            return [(self.warehouse_id or self.order_id.warehouse_id, 1.0)]
        Warehouse = self.env["stock.warehouse"]
        shares = []
        for warehouse_id, _part, quantity, *supplied in allocation:
            if not supplied:
                shares.append((Warehouse.browse(warehouse_id), quantity / total))
            elif supplied[1]:
                shares.append((Warehouse.browse(supplied[1]), quantity / total))
        return shares

    def _ecom_get_made_to_order(self):
        """:return: lines whose goods are bought, made or sent by the vendor for this order: their
        stock is not on the shelves"""
        special = self.browse()
        for line in self:
            product = line.product_id
            routes = line.route_ids | product.route_ids | product.categ_id.total_route_ids
            rules = routes.rule_ids.filtered(
                lambda rule: rule.location_dest_id.usage == "customer"
                and (rule.action == "buy" or rule.procure_method != "make_to_stock")
            )
            if rules:
                special |= line
        return special
