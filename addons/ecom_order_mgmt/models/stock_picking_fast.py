from odoo import models

from .. import fast


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def action_confirm(self):
        """Odoo calls this for every order; it is called once at the end of a fast run."""
        run = fast.of(self)
        if not run or any(picking.state == "draft" for picking in self):
            return super().action_confirm()
        run.to_confirm.update(self.ids)
        return True

    def _ecom_name(self, vals_list):
        """Draw the numbers of many deliveries by one query per type, in the order of the list; and
        look up once what is the same for all."""
        names = [name for name in ("weight_uom_name",) if name in self._fields]
        defaults = self.default_get(names) if names else {}
        for vals in vals_list:
            vals.update({name: value for name, value in defaults.items() if name not in vals})
        by_type = {}
        for vals in vals_list:
            by_type.setdefault(vals["picking_type_id"], []).append(vals)
        for type_id, group in by_type.items():
            # Whoever makes a delivery may number it.
            sequence = self.env["stock.picking.type"].browse(type_id).sudo().sequence_id
            names = sequence._ecom_next(len(group)) if sequence else ()
            for vals, name in zip(group, names, strict=False):
                vals["name"] = name
        return vals_list


class StockPickingType(models.Model):
    _inherit = "stock.picking.type"

    def _ecom_joins_batches(self):
        """:return: whether new deliveries are put into batches that are there already"""
        self.ensure_one()
        return "auto_batch" in self._fields and self.auto_batch
