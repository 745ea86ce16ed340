from odoo import api, models, tools


class ResCountry(models.Model):
    _inherit = "res.country"

    @api.model
    @tools.ormcache("country_id", cache="stable")
    def _get_ecom_code(self, country_id):
        """:return: the code of a country, from memory: every look at a buyer's page needs it"""
        return self.browse(country_id).sudo().code or ""
