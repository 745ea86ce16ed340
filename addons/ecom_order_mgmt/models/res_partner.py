from odoo import api, fields, models

from ..tools import text

_ADDRESS_FIELDS = {
    "name", "street", "street2", "zip", "city", "state_id", "country_id", "company_name",
}  # fmt: skip


class ResPartner(models.Model):
    _inherit = "res.partner"

    ecom_phone_key = fields.Char(
        "Comparable Phone",
        compute="_compute_ecom_phone_key",
        store=True,
        readonly=False,
        index="btree_not_null",
    )
    ecom_address_key = fields.Char(
        "Address Known From Channel",
        copy=False,
        index="btree_not_null",
        help="Set on addresses that came with an order; an equal one is used again.",
    )

    _ecom_email_idx = models.Index("(email_normalized) WHERE email_normalized IS NOT NULL")

    @api.depends("phone", "country_id")
    def _compute_ecom_phone_key(self):
        for partner in self:
            partner.ecom_phone_key = text.phone_key(partner.phone, partner.country_id.code) or False

    def write(self, vals):
        if _ADDRESS_FIELDS & vals.keys() and "ecom_address_key" not in vals:
            # It is another address now: the next order with the old one gets its own contact.
            vals = {**vals, "ecom_address_key": False}
        return super().write(vals)
