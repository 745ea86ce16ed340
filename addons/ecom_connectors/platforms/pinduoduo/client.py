from odoo import models


class EcomConnectorPinduoduo(models.AbstractModel):
    """Pinduoduo: reads documents, calls nobody."""

    _name = "ecom.connector.pinduoduo"
    _inherit = "ecom.connector"
    _description = "Connector: Pinduoduo"

    _platform = "pinduoduo"
