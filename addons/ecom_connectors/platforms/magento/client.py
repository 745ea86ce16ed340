from odoo import models


class EcomConnectorMagento(models.AbstractModel):
    """Magento: reads documents, calls nobody."""

    _name = "ecom.connector.magento"
    _inherit = "ecom.connector"
    _description = "Connector: Magento"

    _platform = "magento"
