from odoo import api, models


class ProductProduct(models.Model):
    _inherit = "product.product"

    @api.model_create_multi
    def create(self, vals_list):
        products = super().create(vals_list)
        products._ecom_match_listings()
        return products

    def write(self, vals):
        result = super().write(vals)
        if {"default_code", "barcode"} & vals.keys():
            self._ecom_match_listings()
        return result

    def _get_ecom_public_name(self):
        """:return: what buyers call it: its name and variant, without our codes"""
        self.ensure_one()
        if not self.combination_indices:
            return self.name
        return self.with_context(display_default_code=False).display_name

    def _ecom_match_listings(self):
        """Orders may wait for a product with this SKU or barcode: let them go on."""
        codes = [code for code in self.mapped("default_code") if code]
        barcodes = [code for code in self.mapped("barcode") if code]
        if not codes and not barcodes:
            return
        # Who makes a product need not see the channels that wait for it.
        listings = (
            self.env["ecom.listing"]
            .sudo()
            .search(
                [
                    ("state", "=", "missing"),
                    "|",
                    ("key", "in", codes + [c.upper() for c in codes] + [c.lower() for c in codes]),
                    ("barcode", "in", barcodes),
                ]
            )
        )
        for channel, group in listings.grouped("channel_id").items():
            group._match_again(channel, group)
