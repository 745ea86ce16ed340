from odoo import models


class EcomConnectorEbay(models.AbstractModel):
    """eBay: reads documents, calls nobody."""

    _name = "ecom.connector.ebay"
    _inherit = "ecom.connector"
    _description = "Connector: eBay"

    _platform = "ebay"
