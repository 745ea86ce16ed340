from odoo import api, models
from odoo.fields import Domain

from ..concurrency import create_once
from ..tools import text

_ADDRESS_PARTS = (
    "name", "company", "street", "street2", "district", "city", "zip", "state", "country", "phone",
)  # fmt: skip


class EcomOrder(models.Model):
    """Whose order it is, and where it goes: one contact per person, addresses used again."""

    _inherit = "ecom.order"

    def _match_customers(self, resolved):
        """Find or make the contacts of these orders (of one channel).

        A buyer is known again by the channel's customer id, then by e-mail, then by phone (unless
        the e-mails differ: a household may share a phone), and where none of these is given by
        name and address.

        :return: {order: (customer, invoice address, delivery address)}
        """
        channel = self.channel_id
        identities = {order: order._get_identities() for order in self}
        known = self._find_buyers(channel, {key for keys in identities.values() for key in keys})
        partners, to_create = {}, {}
        for order in self:
            partner = self._pick_known(order, identities[order], known)
            if partner is None:
                # Stands in for the contact to be made, so that the next order of the same new
                # buyer in this batch finds it.
                partner = order
                to_create[order] = order._prepare_partner_vals(resolved)
            for key in identities[order]:
                known.setdefault(key, partner)
            partners[order] = partner
        created = dict(zip(to_create, self._create_partners(list(to_create.values())), strict=True))
        partners = {order: created.get(partner, partner) for order, partner in partners.items()}
        self._remember_buyers(channel, identities, partners)
        return self._match_addresses(partners, resolved)

    def _get_identities(self):
        """:return: list of (kind, key) by which this buyer is known, strongest first"""
        self.ensure_one()
        customer = self.document.get("customer", {})
        shipping = self.document.get("shipping_address", {})
        billing = self.document.get("billing_address", {})
        keys = []
        if customer.get("external_id"):
            keys.append(("customer", f"{self.channel_id.id}:{customer['external_id']}"))
        email = text.email_key(
            customer.get("email") or billing.get("email") or shipping.get("email")
        )
        if email:
            keys.append(("email", email))
        phone = self._get_phone_key(customer, billing or shipping)
        if phone:
            keys.append(("phone", phone))
        if not keys:
            address = billing or shipping
            name = customer.get("name") or address.get("name", "")
            keys.append(
                ("customer", f"{self.channel_id.id}:?{self._get_address_key(address, name)}")
            )
        return keys

    @api.model
    def _get_phone_key(self, customer, address):
        country = address.get("country", "")
        return text.phone_key(
            customer.get("phone") or address.get("phone"), country if len(country) == 2 else None
        )

    @api.model
    def _get_address_key(self, address, name=None):
        parts = {**address, "name": name} if name is not None else address
        return text.address_key(parts.get(part) for part in _ADDRESS_PARTS)

    @api.model
    def _find_buyers(self, channel, keys):
        """:return: {(kind, key): res.partner}"""
        by_kind = {}
        for kind, key in keys:
            by_kind.setdefault(kind, []).append(key)
        domain = Domain.OR(
            Domain("kind", "=", kind) & Domain("key", "in", values)
            for kind, values in by_kind.items()
        )
        buyers = self.env["ecom.buyer"].search(
            Domain("company_id", "=", channel.company_id.id) & domain
        )
        found = {(buyer.kind, buyer.key): buyer.partner_id for buyer in buyers}
        # Contacts that were there before the first order of a channel.
        emails = [key for kind, key in keys if kind == "email" and (kind, key) not in found]
        phones = [key for kind, key in keys if kind == "phone" and (kind, key) not in found]
        partner_domain = Domain("company_id", "in", (False, channel.company_id.id)) & Domain(
            "type", "=", "contact"
        )
        Partner = self.env["res.partner"]
        if emails:
            for partner in Partner.search(
                partner_domain & Domain("email_normalized", "in", emails), order="id desc"
            ):
                found["email", partner.email_normalized] = partner
        if phones:
            for partner in Partner.search(
                partner_domain & Domain("ecom_phone_key", "in", phones), order="id desc"
            ):
                found["phone", partner.ecom_phone_key] = partner
        return found

    @api.model
    def _pick_known(self, order, identities, known):
        email = dict(identities).get("email")
        for kind, key in identities:
            partner = known.get((kind, key))
            if partner is None:
                continue
            if kind == "phone" and email:
                if partner._name == "ecom.order":  # a buyer of this batch
                    other = dict(partner._get_identities()).get("email")
                else:
                    other = partner.email_normalized
                if other and other != email:
                    continue
            return partner
        return None

    def _prepare_partner_vals(self, resolved):
        """:return: values of the contact of a new buyer, with the first address it gives"""
        self.ensure_one()
        customer = self.document.get("customer", {})
        address = (
            self.document.get("billing_address") or self.document.get("shipping_address") or {}
        )
        phone = customer.get("phone") or address.get("phone")
        vals = {
            **self._prepare_address_vals(address, resolved),
            "name": customer.get("name")
            or address.get("name")
            or customer.get("company")
            or customer.get("email")
            or self.env._("Guest of %(channel)s", channel=self.channel_id.name),
            "type": "contact",
            "email": customer.get("email") or address.get("email"),
            "phone": phone,
            "vat": customer.get("vat"),
            "company_name": customer.get("company") or address.get("company"),
            "company_id": self.company_id.id,
            "ecom_phone_key": self._get_phone_key(customer, address) or False,
        }
        given = not self.document.get("billing_address")
        if given and text.fold(address.get("name")) not in ("", text.fold(vals["name"])):
            # A present for somebody else: the recipient gets a contact of his own below the
            # buyer's.
            vals["ecom_address_key"] = False
        lang = (customer.get("language") or "").replace("-", "_")
        if lang and lang in dict(self.env["res.lang"].get_installed()):
            vals["lang"] = lang
        return vals

    def _prepare_address_vals(self, address, resolved):
        """:return: values of a contact that stand for a document's address; nothing is lost"""
        if not address:
            return {}
        country = resolved.countries.get(address.get("country"), (self.env["res.country"], None))[0]
        state = self._find_state(country, address.get("state"))
        city = " ".join(filter(None, [address.get("city"), address.get("district")]))
        if address.get("state") and not state:
            city = ", ".join(filter(None, [city, address["state"]]))
        limit = self.channel_id.address_line_length
        street, street2 = address.get("street", ""), address.get("street2", "")
        lines, rest = text.spill(street, limit, limit)
        comment = False
        if len(street) > limit:
            # The first line runs over into the second; a second line of its own follows there.
            lines[1] = ", ".join(filter(None, [lines[1], street2]))
            if rest or len(lines[1]) > limit:
                comment = self.env._(
                    "Full address: %(text)s", text=", ".join(filter(None, [street, street2]))
                )
                lines[1] = lines[1][:limit]
        else:
            extra, rest = text.spill(street2, limit)
            lines[1] = extra[0]
            if rest:
                comment = self.env._(
                    "Full address: %(text)s", text=", ".join(filter(None, [street, street2]))
                )
        return {
            "name": address.get("name") or address.get("company"),
            "street": lines[0],
            "street2": lines[1],
            "zip": address.get("zip"),
            "city": city,
            "state_id": state.id,
            "country_id": country.id,
            "phone": address.get("phone"),
            "email": address.get("email"),
            "company_name": address.get("company"),
            "comment": comment,
            "ecom_address_key": self._get_address_key(address),
        }

    @api.model
    def _find_state(self, country, name):
        """States of a country are read once per batch (they stay in the cache)."""
        states = self.env["res.country.state"]
        if not country or not name:
            return states
        word = text.fold(name)
        for state in country.state_ids:
            if word in (text.fold(state.code), text.fold(state.name)):
                return state
        return states

    @api.model
    def _create_partners(self, vals_list):
        # A VAT number that cannot be verified is kept as text and never stops an order.
        return (
            self.env["res.partner"]
            .with_context(
                no_vat_validation=True, tracking_disable=True, mail_create_nosubscribe=True
            )
            .create(vals_list)
        )

    @api.model
    def _remember_buyers(self, channel, identities, partners):
        wanted = {}
        for order, keys in identities.items():
            for key in keys:
                wanted.setdefault(key, partners[order])
        Buyer = self.env["ecom.buyer"]
        known = Buyer.search(
            [
                ("company_id", "=", channel.company_id.id),
                ("key", "in", [key for _kind, key in wanted]),
            ]
        )
        known = {(buyer.kind, buyer.key) for buyer in known}
        create_once(
            Buyer,
            [
                {
                    "company_id": channel.company_id.id,
                    "kind": kind,
                    "key": key,
                    "partner_id": partner.id,
                }
                for (kind, key), partner in wanted.items()
                if (kind, key) not in known
            ],
        )

    @api.model
    def _match_addresses(self, partners, resolved):
        """:return: {order: (customer, invoice address, delivery address)}"""
        wanted = {}
        for order, partner in partners.items():
            for field, kind in (("billing_address", "invoice"), ("shipping_address", "delivery")):
                address = order.document.get(field)
                if address:
                    key = (partner.id, self._get_address_key(address))
                    wanted.setdefault(key, (order, address, kind))
        ids = list({partner_id for partner_id, _key in wanted})
        found = {}
        if wanted:
            keys = list({key for _id, key in wanted})
            children = self.env["res.partner"].search(
                [
                    ("ecom_address_key", "in", keys),
                    "|",
                    ("parent_id", "in", ids),
                    ("id", "in", ids),
                ],
                order="id desc",
            )
            for child in children:
                found.setdefault((child.parent_id.id or child.id, child.ecom_address_key), child)
            # A contact's own address goes before one of its children.
            found |= {(p.id, p.ecom_address_key): p for p in children if p.id in ids}
        missing = [key for key in wanted if key not in found]
        vals_list = []
        for partner_id, key in missing:
            order, address, kind = wanted[partner_id, key]
            vals = order._prepare_address_vals(address, resolved)
            vals_list.append(
                {**vals, "parent_id": partner_id, "type": kind, "company_id": order.company_id.id}
            )
        for key, child in zip(missing, self._create_partners(vals_list), strict=True):
            found[key] = child
        result = {}
        for order, partner in partners.items():
            billing, shipping = (
                order.document.get(key) for key in ("billing_address", "shipping_address")
            )
            invoice = found[partner.id, self._get_address_key(billing)] if billing else partner
            delivery = found[partner.id, self._get_address_key(shipping)] if shipping else invoice
            result[order] = (partner, invoice, delivery)
        return result
