from odoo import models


class EcomConnectorTaobao(models.AbstractModel):
    """Taobao / Tmall: reads documents, calls nobody."""

    _name = "ecom.connector.taobao"
    _inherit = "ecom.connector"
    _description = "Connector: Taobao / Tmall"

    _platform = "taobao"
