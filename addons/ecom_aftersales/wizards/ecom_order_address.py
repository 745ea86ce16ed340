from odoo import api, fields, models
from odoo.exceptions import AccessError


class EcomOrderAddress(models.TransientModel):
    """An agent enters where an order shall go instead; shows what that does and costs."""

    _name = "ecom.order.address"
    _description = "Change the Delivery Address"

    order_id = fields.Many2one("ecom.order", required=True, readonly=True)
    effect = fields.Char("What It Does", readonly=True)
    name = fields.Char(required=True)
    company = fields.Char()
    street = fields.Char(required=True)
    street2 = fields.Char()
    zip = fields.Char()
    city = fields.Char(required=True)
    state_id = fields.Many2one("res.country.state", domain="[('country_id', '=?', country_id)]")
    country_id = fields.Many2one("res.country", required=True)
    phone = fields.Char()
    cost = fields.Char("Postage", compute="_compute_cost")

    @api.model
    def _open(self, order):
        """:return: action that opens the dialogue for one order"""
        if not self.env.user.has_group("ecom_aftersales.group_ecom_agent"):
            raise AccessError(self.env._("Only after-sales agents may do this."))
        order.check_access("read")
        # The effect depends on transfers and parcels, which agents need not see.
        known = (order.sudo().document or {}).get("shipping_address") or {}
        country = self.env["res.country"].search(
            [("code", "=ilike", known.get("country") or "-")], limit=1
        )
        state = self.env["res.country.state"].search(
            [
                ("country_id", "=", country.id),
                "|",
                ("code", "=ilike", known.get("state") or "-"),
                ("name", "=ilike", known.get("state") or "-"),
            ],
            limit=1,
        )
        names = ("name", "company", "street", "street2", "zip", "city", "phone")
        wizard = self.create(
            {
                "order_id": order.id,
                "effect": order.sudo()._get_address_effect()[1],
                "name": known.get("name") or order.customer_name or "-",
                "street": known.get("street") or "-",
                "city": known.get("city") or "-",
                "country_id": country.id or self.env.company.country_id.id,
                "state_id": state.id,
                **{key: known[key] for key in names if known.get(key)},
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Change the Address"),
            "res_model": self._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    @api.depends("country_id", "state_id", "zip", "city")
    def _compute_cost(self):
        """What the order's carrier takes for the new address, where a table of prices says it."""
        for wizard in self:
            # Agents need no rights on sales and carriers.
            sale_order = wizard.sudo().order_id.sale_order_id
            carrier = sale_order.carrier_id
            wizard.cost = wizard._get_price_text(sale_order, carrier)

    def _get_price_text(self, sale_order, carrier):
        if not carrier or carrier.delivery_type not in ("fixed", "base_on_rule"):
            return self.env._("Not known before the label is bought.")
        there = self.env["res.partner"].new(
            {"country_id": self.country_id, "state_id": self.state_id, "zip": self.zip}
        )
        if not carrier.sudo()._match_address(there):
            return self.env._("%(carrier)s does not deliver there.", carrier=carrier.name)
        if carrier.delivery_type == "fixed":
            return carrier.currency_id.format(carrier.fixed_price)
        return self.env._("By the price table of %(carrier)s.", carrier=carrier.name)

    def action_apply(self):
        """Button: the order goes there."""
        self.ensure_one()
        if not self.env.user.has_group("ecom_aftersales.group_ecom_agent"):
            raise AccessError(self.env._("Only after-sales agents may do this."))
        self.order_id.check_access("read")
        address = {
            "name": self.name,
            "company": self.company,
            "street": self.street,
            "street2": self.street2,
            "zip": self.zip,
            "city": self.city,
            "state": self.state_id.code,
            "country": self.country_id.code,
            "phone": self.phone,
        }
        # Agents change the address without rights on intake, sales and transfers.
        self.order_id.sudo()._change_address({key: v for key, v in address.items() if v})
        return {"type": "ir.actions.act_window_close"}
