import hashlib
import hmac
import secrets

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools import text

SALT_PARAMETER = "ecom_order_mgmt.blacklist_salt"
_ADDRESS_PARTS = ("street", "street2", "zip", "city", "country")


class EcomBlacklist(models.Model):
    """A buyer or an address that no order is sent to unseen.

    What identifies it is kept as a hash with a secret of this database: who reads the table, or a
    copy of it, learns nobody's e-mail address or phone number.
    """

    _name = "ecom.blacklist"
    _description = "Blacklist Entry"
    _order = "id desc"
    _rec_name = "hint"

    kind = fields.Selection(
        [("email", "E-mail"), ("phone", "Phone"), ("address", "Address")],
        default="email",
        required=True,
    )
    value = fields.Char(
        compute="_compute_value",
        inverse="_inverse_value",
        help="E-mail address, phone number (with country code), or address: street, postal code, "
        "city, country code. It is not stored, only a fingerprint of it.",
    )
    key = fields.Char("Fingerprint", readonly=True, copy=False, index=True)
    hint = fields.Char(readonly=True, help="What is left of it for people to tell entries apart.")
    reason = fields.Char(required=True)
    expires_at = fields.Datetime("Until", help="Empty: for ever.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        index=True,
        default=lambda self: self.env.company,
        help="Empty: for all companies.",
    )
    order_id = fields.Many2one(
        "ecom.order", "From Order", readonly=True, index="btree_not_null", ondelete="set null"
    )

    _key_uniq = models.UniqueIndex(
        "(kind, key, COALESCE(company_id, 0)) WHERE active AND key IS NOT NULL",
        "This is on the blacklist already.",
    )

    # === THE SECRET === #

    @api.model
    def _ensure_salt(self):
        """Make the secret of this database once; it never changes, or nothing would be found."""
        # Only the system may read or write parameters.
        parameters = self.env["ir.config_parameter"].sudo()
        salt = parameters.get_param(SALT_PARAMETER)
        if not salt:
            salt = secrets.token_hex(32)
            parameters.set_param(SALT_PARAMETER, salt)
            # With an external id it goes when the addon is uninstalled.
            self.env["ir.model.data"].sudo()._update_xmlids(
                [
                    {
                        "xml_id": "ecom_order_mgmt.blacklist_salt",
                        "record": parameters.search([("key", "=", SALT_PARAMETER)]),
                        "noupdate": True,
                    }
                ]
            )
        return salt

    @api.model
    def _fingerprint(self, kind, key):
        message = f"{kind}:{key}".encode()
        return hmac.new(self._ensure_salt().encode(), message, hashlib.sha256).hexdigest()

    # === WRITING === #

    def _compute_value(self):
        self.value = False

    def _inverse_value(self):
        for entry in self:
            if entry.value:
                key = self._get_key(entry.kind, entry.value)
                if not key:
                    raise ValidationError(
                        self.env._("“%s” cannot be read as what it should be.", entry.value)
                    )
                entry.key = self._fingerprint(entry.kind, key)
                entry.hint = self._get_hint(entry.kind, entry.value)

    @api.constrains("key")
    def _check_key(self):
        if any(not entry.key for entry in self):
            raise ValidationError(self.env._("Say which e-mail, phone or address is meant."))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not vals.get("value") and not vals.get("key"):
                raise ValidationError(self.env._("Say which e-mail, phone or address is meant."))
        return super().create(vals_list)

    @api.model
    def _get_key(self, kind, value):
        """:return: what a value is compared by, or "" where it cannot be read"""
        if kind == "email":
            return text.email_key(value)
        if kind == "phone":
            return text.phone_key(value, self.env.company.country_id.code)
        return text.fold(value.replace(",", " ").replace("\n", " "))

    @api.model
    def _get_hint(self, kind, value):
        if kind == "email":
            name, _at, host = value.strip().partition("@")
            return f"{name[:1]}***@{host}"
        if kind == "phone":
            return f"***{value.strip()[-3:]}"
        words = value.replace(",", " ").split()
        return f"{words[0][:3]}*** {words[-1][:12]}"

    # === LOOKING UP === #

    @api.model
    def _get_order_keys(self, order):
        """:return: {fingerprint: kind} of the buyer and the addresses of an order"""
        document = order.document or {}
        customer = document.get("customer", {})
        addresses = [
            document[name] for name in ("shipping_address", "billing_address") if document.get(name)
        ]
        keys = {}
        for source in (customer, *addresses):
            email = text.email_key(source.get("email"))
            if email:
                keys["email", email] = "email"
            country = source.get("country") or (addresses[0].get("country") if addresses else "")
            phone = text.phone_key(
                source.get("phone"), country if len(country or "") == 2 else None
            )
            if phone:
                keys["phone", phone] = "phone"
        for address in addresses:
            written = self._get_address_text(address)
            if written:
                keys["address", self._get_key("address", written)] = "address"
        return {self._fingerprint(kind, key): kind for (kind, key) in keys}

    @api.model
    def _get_address_text(self, address):
        return " ".join(filter(None, (address.get(part) for part in _ADDRESS_PARTS)))

    @api.model
    def _find(self, orders):
        """:return: {order id: what was found, in words} of orders of somebody on the list"""
        keys = {order: self._get_order_keys(order) for order in orders}
        # The rule is asked on behalf of the company, whoever runs the pipeline.
        entries = self.sudo().search(
            [
                ("key", "in", list({key for mine in keys.values() for key in mine})),
                "|",
                ("expires_at", "=", False),
                ("expires_at", ">", fields.Datetime.now()),
            ]
        )
        by_key = {}
        for entry in entries:
            by_key.setdefault(entry.key, []).append(entry)
        labels = dict(self._fields["kind"]._description_selection(self.env))
        result = {}
        for order, mine in keys.items():
            found = [
                entry
                for key in mine
                for entry in by_key.get(key, ())
                if entry.company_id in (order.company_id, self.env["res.company"])
            ]
            if found:
                result[order.id] = self.env._(
                    "%(kind)s is on the blacklist: %(reason)s",
                    kind=labels[found[0].kind],
                    reason=found[0].reason,
                )
        return result

    @api.model
    def _add_order(self, order, kinds, reason, expires_at=False):
        """Put the buyer or address of an order on the list. :return: the new entries
        :raise UserError: the order has none of what is asked for"""
        wanted = {key: kind for key, kind in self._get_order_keys(order).items() if kind in kinds}
        if not wanted:
            raise UserError(self.env._("The order has no such e-mail, phone or address."))
        known = self.search(
            [("key", "in", list(wanted)), ("company_id", "in", (False, order.company_id.id))]
        )
        return self.create(
            [
                {
                    "kind": kind,
                    "key": key,
                    "hint": order.display_name,
                    "reason": reason,
                    "expires_at": expires_at,
                    "company_id": order.company_id.id,
                    "order_id": order.id,
                }
                for key, kind in wanted.items()
                if key not in known.mapped("key")
            ]
        )
