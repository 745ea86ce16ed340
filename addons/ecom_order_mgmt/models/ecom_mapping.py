from odoo import api, fields, models


class EcomMapping(models.Model):
    """What a channel's tax, country or currency is here.

    `key` is what the channel says: for a tax ``<code or rate>|<incl or excl>|<country>``, for a
    country its code or name, for a currency its ISO code. Orders wait while nothing is chosen.
    """

    _name = "ecom.mapping"
    _description = "Channel Mapping"
    _inherit = ["ecom.mapping.mixin"]
    _order = "state desc, kind, key, id"
    _rec_name = "key"
    _check_company_auto = True

    channel_id = fields.Many2one("ecom.channel", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="channel_id.company_id", store=True, index=True)
    kind = fields.Selection(
        [("tax", "Tax"), ("country", "Country"), ("currency", "Currency")], required=True
    )
    key = fields.Char("On the Channel", required=True)
    hint = fields.Char(readonly=True, help="What was found, and why nothing was chosen.")
    tax_id = fields.Many2one(
        "account.tax",
        check_company=True,
        domain="[('type_tax_use', '=', 'sale')]",
        index="btree_not_null",
        ondelete="restrict",
    )
    country_id = fields.Many2one("res.country")
    currency_id = fields.Many2one("res.currency", domain="[]", context={"active_test": False})
    ignore = fields.Boolean(
        "Leave out", help="Take orders in without this tax or country, knowing what you do."
    )
    automatic = fields.Boolean(
        readonly=True, help="Chosen by the system, as only one was possible."
    )
    state = fields.Selection(
        [("missing", "To map"), ("done", "Mapped")],
        compute="_compute_state",
        store=True,
        index=True,
    )
    order_ids = fields.Many2many(
        "ecom.order", "ecom_order_mapping_rel", "mapping_id", "order_id", "Orders Waiting"
    )

    _key_uniq = models.UniqueIndex("(channel_id, kind, key)", "This is mapped already.")

    @api.depends("kind", "tax_id", "country_id", "currency_id.active", "ignore")
    def _compute_state(self):
        for mapping in self:
            target = (
                mapping.currency_id.active
                if mapping.kind == "currency"
                else mapping[f"{mapping.kind}_id"]
                if mapping.kind
                else False
            )
            ignored = mapping.ignore and mapping.kind != "currency"
            mapping.state = "done" if target or ignored else "missing"

    @api.depends("kind", "key")
    def _compute_display_name(self):
        modes = {
            "incl": self.env._("price with tax"),
            "excl": self.env._("price without tax"),
        }
        for mapping in self:
            parts = (mapping.key or "").rsplit("|", 2)
            if mapping.kind == "tax" and len(parts) == 3 and parts[1] in modes:
                name, mode, country = parts
                mapping.display_name = f"{name} ({modes[mode]}, {country})"
            else:
                mapping.display_name = mapping.key

    def write(self, vals):
        if {"tax_id", "country_id", "currency_id", "ignore"} & vals.keys():
            vals = {"automatic": False, "hint": False, **vals}
        return super().write(vals)

    def action_activate_currency(self):
        """Button: activate the currency; orders in it go on."""
        self.check_access("write")
        self.env["res.currency"].check_access("write")
        self.currency_id.active = True
        self._replay_waiting()

    @api.model
    def _get(self, channel, kind, keys):
        """:return: {key: mapping} of what is known on the channel"""
        found = self.search(
            [("channel_id", "=", channel.id), ("kind", "=", kind), ("key", "in", list(keys))]
        )
        return {mapping.key: mapping for mapping in found}

    # === TAXES === #

    @api.model
    def _tax_key(self, tax, included, country_code):
        name = tax.get("code") or f"{tax['rate']}%"
        return f"{name}|{'incl' if included else 'excl'}|{country_code or '-'}"

    @api.model
    def _find_tax(self, channel, tax, included, country):
        """Look for the one tax of the company that a document's tax can be.

        :return: (account.tax, hint): the tax is empty where none or several are possible, and the
            hint says so. Taxes with the channel's own price mode go first; one of the other mode
            is as exact, as net and tax of a line are given to Odoo and not computed by it.
        """
        company = channel.company_id
        candidates = self.env["account.tax"].search(
            [
                *self.env["account.tax"]._check_company_domain(company),
                ("type_tax_use", "=", "sale"),
                ("amount_type", "=", "percent"),
                ("amount", "=", float(tax["rate"])),
            ]
        )
        if not candidates:
            return candidates, self.env._("No sales tax of %(rate)s %% exists.", rate=tax["rate"])
        for narrow in (
            lambda t: t.price_include == included,
            lambda t: country and t.country_id == country,
            lambda t: t.country_id == company.account_fiscal_country_id,
            lambda t: t == company.account_sale_tax_id,
        ):
            candidates = candidates.filtered(narrow) or candidates
            if len(candidates) == 1:
                return candidates, False
        names = ", ".join(candidates.mapped("name")[:5])
        return candidates.browse(), self.env._("Several taxes are possible: %(names)s", names=names)
