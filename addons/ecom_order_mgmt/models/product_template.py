from odoo import fields, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    ecom_transport_class = fields.Selection(
        [
            ("normal", "Normal"),
            ("frozen", "Frozen or chilled"),
            ("hazardous", "Hazardous"),
            ("oversize", "Oversize"),
        ],
        string="Kind of Transport",
        default="normal",
        help="Channels may send different kinds in parcels of their own.",
    )
    ecom_ship_alone = fields.Boolean(
        "Own Parcel", help="Every piece of it travels in a parcel of its own."
    )
    ecom_per_parcel = fields.Integer(
        "Pieces per Parcel", help="No more of them travel in one parcel. 0: any number."
    )
