from odoo import fields, models


class EcomBuyer(models.Model):
    """By what a buyer is known again: one row per customer id on a channel, e-mail or phone.

    The unique index makes that two orders of one new guest, taken in at the same moment, cannot
    make two contacts.
    """

    _name = "ecom.buyer"
    _description = "Buyer Identity"
    _rec_name = "key"

    company_id = fields.Many2one("res.company", required=True, index=True, ondelete="cascade")
    kind = fields.Selection(
        [("customer", "Customer id on a channel"), ("email", "E-mail"), ("phone", "Phone")],
        required=True,
    )
    key = fields.Char(required=True, help="For a customer id: id of the channel, ':' and the id.")
    partner_id = fields.Many2one("res.partner", required=True, index=True, ondelete="cascade")

    _key_uniq = models.UniqueIndex("(company_id, kind, key)", "This buyer is known already.")
