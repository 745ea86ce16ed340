from odoo import api, fields, models


class StockMove(models.Model):
    """Parcels of one order that leave the same warehouse are deliveries of their own."""

    _inherit = "stock.move"

    ecom_part = fields.Integer("Parcel", help="Which parcel of its order this belongs to.")

    def _key_assign_picking(self):
        return (*super()._key_assign_picking(), self.ecom_part)

    def _search_picking_for_assignation_domain(self):
        domain = super()._search_picking_for_assignation_domain()
        if self.ecom_part or self.sale_line_id.ecom_allocation:
            return [*domain, ("move_ids", "any", [("ecom_part", "=", self.ecom_part)])]
        return domain

    @api.model
    def _prepare_merge_moves_distinct_fields(self):
        return [*super()._prepare_merge_moves_distinct_fields(), "ecom_part"]

    def _prepare_procurement_values(self):
        return {**super()._prepare_procurement_values(), "ecom_part": self.ecom_part}


class StockRule(models.Model):
    _inherit = "stock.rule"

    def _get_custom_move_fields(self):
        return [*super()._get_custom_move_fields(), "ecom_part"]
