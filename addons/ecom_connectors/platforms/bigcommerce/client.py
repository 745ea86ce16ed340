from odoo import models


class EcomConnectorBigCommerce(models.AbstractModel):
    """BigCommerce: reads documents, calls nobody."""

    _name = "ecom.connector.bigcommerce"
    _inherit = "ecom.connector"
    _description = "Connector: BigCommerce"

    _platform = "bigcommerce"
