from odoo import models


class EcomConnectorWalmart(models.AbstractModel):
    """Walmart: reads documents, calls nobody."""

    _name = "ecom.connector.walmart"
    _inherit = "ecom.connector"
    _description = "Connector: Walmart"

    _platform = "walmart"
