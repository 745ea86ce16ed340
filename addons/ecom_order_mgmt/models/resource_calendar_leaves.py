from odoo import api, models


class ResourceCalendarLeaves(models.Model):
    """Public holidays are remembered until one of them changes. (Time off of single people is
    none, and changes every day.)"""

    _inherit = "resource.calendar.leaves"

    @api.model_create_multi
    def create(self, vals_list):
        leaves = super().create(vals_list)
        leaves._forget_ecom_holidays()
        return leaves

    def write(self, vals):
        self._forget_ecom_holidays()
        result = super().write(vals)
        self._forget_ecom_holidays()
        return result

    def unlink(self):
        self._forget_ecom_holidays()
        return super().unlink()

    def _forget_ecom_holidays(self):
        if any(not leave.resource_id for leave in self):
            self.env.registry.clear_cache()
