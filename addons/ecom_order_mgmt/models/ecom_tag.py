from odoo import fields, models


class EcomTag(models.Model):
    """A word by which channels and their orders are sorted; rules read and set it."""

    _name = "ecom.tag"
    _description = "E-commerce Tag"
    _order = "name"

    name = fields.Char(required=True, translate=True)
    color = fields.Integer()

    _name_uniq = models.UniqueIndex("(name)", "This tag exists already.")
