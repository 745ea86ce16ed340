from odoo import models


class EcomConnectorMercadoLibre(models.AbstractModel):
    """Mercado Libre: reads documents, calls nobody."""

    _name = "ecom.connector.mercadolibre"
    _inherit = "ecom.connector"
    _description = "Connector: Mercado Libre"

    _platform = "mercadolibre"
