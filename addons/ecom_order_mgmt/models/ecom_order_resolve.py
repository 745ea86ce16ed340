from dataclasses import dataclass, field
from decimal import Decimal

from odoo import api, fields, models

from ..concurrency import create_once
from ..exceptions import ParkOrder
from ..tools import canonical, text, totals


@dataclass
class Resolved:
    """What the names in a document are here.

    `listings`: {listing key: ecom.listing}; `taxes`: {mapping key: ecom.mapping or None};
    `countries`: {text of the document: (res.country, mapping)}; `currencies`: {code: (res.currency,
    mapping)}; a record that is empty and a mapping that is not say what must be mapped.
    """

    listings: dict = field(default_factory=dict)
    taxes: dict = field(default_factory=dict)
    countries: dict = field(default_factory=dict)
    currencies: dict = field(default_factory=dict)


class EcomOrder(models.Model):
    """From names to records: products, taxes, countries, currencies."""

    _inherit = "ecom.order"

    @api.model
    def _prepare_document_facts(self, document):
        """:return: values of the fields that a normalised document states"""
        customer = document.get("customer", {})
        address = document.get("shipping_address") or document.get("billing_address") or {}
        lines = [line for line in document["lines"] if line["kind"] == "product"]
        payments = document.get("payments", [])
        paid = [p for p in payments if p["state"] == "paid" and p["kind"] != "cash_on_delivery"]
        return {
            "number": document.get("number") or document["external_id"],
            "external_updated_at": canonical.version(document) or False,
            "placed_at": canonical.utc(document["placed_at"]),
            "currency_code": document["currency"],
            "amount_total": float(document["total"]),
            "customer_name": customer.get("name") or address.get("name") or customer.get("company"),
            "buyer_key": self._get_buyer_key(document),
            "line_count": len(document["lines"]),
            "quantity_total": float(sum(Decimal(line["quantity"]) for line in lines)),
            "payment_state": self._get_payment_state(document),
            "paid_at": max(
                (canonical.utc(p["paid_at"]) for p in paid if p.get("paid_at")), default=False
            ),
            "is_cash_on_delivery": any(p["kind"] == "cash_on_delivery" for p in payments),
            "fulfilled_by": document.get("fulfilled_by", "merchant"),
            "buyer_message": document.get("buyer_message"),
            "seller_memo": document.get("seller_memo"),
            "channel_status": document.get("status", "open"),
            "ship_by": canonical.utc(document.get("ship_by")),
        }

    @api.model
    def _get_payment_state(self, document):
        if document.get("payment_state"):
            return document["payment_state"]
        payments = document.get("payments", [])
        paid = sum(Decimal(p["amount"]) for p in payments if p["state"] == "paid")
        total = Decimal(document["total"])
        if paid and paid >= total or not total:
            return "paid"
        if paid:
            return "partially_paid"
        return "authorized" if any(p["state"] == "authorized" for p in payments) else "unpaid"

    @api.model
    def _get_buyer_key(self, document):
        """:return: by what the buyer is the same one on this channel, or False"""
        customer = document.get("customer", {})
        address = document.get("shipping_address", {})
        for kind, value in (
            ("id", customer.get("external_id")),
            ("email", text.email_key(customer.get("email") or address.get("email"))),
            ("phone", text.phone_key(customer.get("phone") or address.get("phone"))),
        ):
            if value:
                return f"{kind}:{value}"
        return False

    @api.model
    def _includes_tax(self, channel, document):
        return document.get("prices_include_tax", channel.prices_include_tax)

    # === LOOK-UP === #

    def _resolve_documents(self):
        """Look up what the documents of these orders (of one channel) name, in few queries.

        Missing listings and mappings are made, empty, for a person to fill in.

        :return: Resolved
        """
        channel = self.channel_id
        documents = [order.document for order in self]
        result = Resolved()
        lines = [line for doc in documents for line in doc["lines"] if line["kind"] == "product"]
        if lines:
            result.listings = self.env["ecom.listing"]._get_for_lines(channel, lines)
        result.countries = self._resolve_countries(channel, documents)
        result.taxes = self._resolve_taxes(channel, documents, result.countries)
        result.currencies = self._resolve_currencies(channel, documents)
        return result

    @api.model
    def _resolve_countries(self, channel, documents):
        """:return: {text: (res.country, mapping)}; country empty and mapping not: unknown"""
        wanted = {
            document[key]["country"]
            for document in documents
            for key in ("shipping_address", "billing_address")
            if document.get(key, {}).get("country")
        }
        if not wanted:
            return {}
        Mapping, Country = self.env["ecom.mapping"], self.env["res.country"]
        mappings = Mapping._get(channel, "country", wanted)
        found = {}
        rest = wanted - {key for key, mapping in mappings.items() if mapping.state == "done"}
        if rest:
            codes = {word.upper() for word in rest if len(word) == 2}
            by_code = {c.code: c for c in Country.search([("code", "in", list(codes))])}
            found = {w: by_code[w.upper()] for w in rest if w.upper() in by_code}
            names = rest - found.keys()
            if names:
                found |= self._find_countries_by_name(names)
            to_create = [word for word in rest if word not in found and word not in mappings]
            for mapping in create_once(
                Mapping,
                [{"channel_id": channel.id, "kind": "country", "key": word} for word in to_create],
            ):
                mappings[mapping.key] = mapping
        return {
            word: (found.get(word) or mappings[word].country_id, mappings.get(word))
            for word in wanted
        }

    @api.model
    def _find_countries_by_name(self, names):
        """Names in English or in any installed language, and alpha-3 codes where pytz knows none:
        Odoo stores no alpha-3, so these go through a mapping."""
        found = {}
        countries = self.env["res.country"]
        for lang, _name in self.env["res.lang"].get_installed():
            by_name = {
                text.fold(country.name): country
                for country in countries.with_context(lang=lang).search([])
            }
            for name in names:
                if text.fold(name) in by_name:
                    found[name] = by_name[text.fold(name)]
        return found

    @api.model
    def _resolve_taxes(self, channel, documents, countries):
        """:return: {mapping key: ecom.mapping or None}; None: a tax of 0 % that needs no record"""
        wanted = {}
        for document in documents:
            included = self._includes_tax(channel, document)
            country = self._get_ship_country(document, countries)
            for line in document["lines"]:
                for _index, tax in totals.own_taxes(line):
                    key = self._tax_key(tax, included, country)
                    wanted.setdefault(key, (tax, included, country))
        if not wanted:
            return {}
        Mapping = self.env["ecom.mapping"]
        mappings = Mapping._get(channel, "tax", wanted)
        vals_list = []
        for key, (tax, included, country) in wanted.items():
            mapping = mappings.get(key)
            if mapping and mapping.state == "done":
                continue
            found, hint = Mapping._find_tax(channel, tax, included, country)
            if not found and not mapping and not Decimal(tax["rate"]) and not tax.get("code"):
                mappings[key] = None
            elif found and mapping:
                mapping.write({"tax_id": found.id, "automatic": True, "hint": False})
            elif mapping:
                mapping.hint = hint
            else:
                vals_list.append(
                    {
                        "channel_id": channel.id,
                        "kind": "tax",
                        "key": key,
                        "tax_id": found.id,
                        "automatic": bool(found),
                        "hint": hint,
                    }
                )
        mappings |= {mapping.key: mapping for mapping in create_once(Mapping, vals_list)}
        return mappings

    @api.model
    def _tax_key(self, tax, included, country):
        return self.env["ecom.mapping"]._tax_key(tax, included, country.code)

    @api.model
    def _get_ship_country(self, document, countries):
        address = document.get("shipping_address") or document.get("billing_address") or {}
        return countries.get(address.get("country"), (self.env["res.country"], None))[0]

    @api.model
    def _resolve_currencies(self, channel, documents):
        """:return: {code: (res.currency, mapping)}; an inactive currency has a mapping"""
        wanted = {document["currency"] for document in documents}
        Mapping = self.env["ecom.mapping"]
        currencies = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "in", list(wanted))])
        )
        by_code = {currency.name: currency for currency in currencies}
        result = {code: (c, None) for code, c in by_code.items() if c.active}
        rest = wanted - result.keys()
        if rest:
            mappings = Mapping._get(channel, "currency", rest)
            for mapping in create_once(
                Mapping,
                [
                    {
                        "channel_id": channel.id,
                        "kind": "currency",
                        "key": code,
                        "currency_id": by_code[code].id if code in by_code else False,
                    }
                    for code in rest - mappings.keys()
                ],
            ):
                mappings[mapping.key] = mapping
            for code in rest:
                mapping = mappings[code]
                # Another currency chosen by hand is obeyed; an inactive one waits.
                active = mapping.currency_id if mapping.currency_id.active else None
                result[code] = (active or self.env["res.currency"], mapping)
        return result

    # === PARKING OF WHAT IS NOT RESOLVED === #

    def _park_unresolved(self):
        """Park the received orders whose names nothing here stands for.

        :return: (Resolved of each channel by id, orders that go on)
        """
        resolved, going_on = {}, self.browse()
        for channel, orders in self.grouped("channel_id").items():
            found = resolved[channel.id] = orders._resolve_documents()
            for order in orders:
                missing = order._get_missing(found)
                if missing:
                    order._park_missing(*missing)
                else:
                    going_on |= order
        return resolved, going_on

    def _get_missing(self, resolved):
        """:return: (cause, listings, mappings) of what the order waits for, or None"""
        self.ensure_one()
        document = self.document
        if document.get("status") == "cancelled" and not self.sale_order_id:
            return None
        Listing, Mapping = self.env["ecom.listing"], self.env["ecom.mapping"]
        listings, mappings = Listing, Mapping
        for line in document["lines"]:
            if line["kind"] == "product":
                listing = resolved.listings[Listing._line_key(line)]
                if not listing.product_id:
                    listings |= listing
        if listings:
            return "listing_unmapped", listings, mappings
        currency, mapping = resolved.currencies[document["currency"]]
        if not currency:
            return "currency_inactive", listings, mapping
        for key in ("shipping_address", "billing_address"):
            country, mapping = resolved.countries.get(
                document.get(key, {}).get("country"), (None, None)
            )
            if mapping and not country and mapping.state == "missing":
                mappings |= mapping
        if mappings:
            return "country_unmapped", listings, mappings
        included = self._includes_tax(self.channel_id, document)
        country = self._get_ship_country(document, resolved.countries)
        for line in document["lines"]:
            for _index, tax in totals.own_taxes(line):
                mapping = resolved.taxes[self._tax_key(tax, included, country)]
                if mapping and mapping.state == "missing":
                    mappings |= mapping
        return ("tax_unmapped", listings, mappings) if mappings else None

    def _park_missing(self, cause, listings, mappings):
        self.ensure_one()
        names = ", ".join(
            [f"{listing.key} ({listing.name})" if listing.name else listing.key
             for listing in listings]
            + mappings.mapped("display_name")
        )  # fmt: skip
        messages = {
            "listing_unmapped": self.env._("No product is mapped to: %(names)s", names=names),
            "currency_inactive": self.env._("This currency is not active: %(names)s", names=names),
            "country_unmapped": self.env._("No country is mapped to: %(names)s", names=names),
            "tax_unmapped": self.env._("No tax is mapped to: %(names)s", names=names),
        }
        self._park(cause, messages[cause])
        self.missing_listing_ids = listings
        self.missing_mapping_ids = mappings

    # === RETRY === #

    @api.model
    def _get_retry_domain(self):
        """Parked orders whose cause may be gone: everything they waited for is mapped by now, or
        an error's waiting time is over."""
        return [
            ("state", "=", "parked"),
            "|",
            "&",
            ("cause", "=", "processing_error"),
            ("next_try", "<=", fields.Datetime.now()),
            "&",
            (
                "cause",
                "in",
                ("listing_unmapped", "currency_inactive", "country_unmapped", "tax_unmapped"),
            ),
            "&",
            ("missing_listing_ids", "not any", [("state", "=", "missing")]),
            ("missing_mapping_ids", "not any", [("state", "=", "missing")]),
        ]

    def _retry_batch(self, final=False):
        self._replay()
        return {"replayed": len(self)}

    def _check_not_empty(self, total):
        """:raise ParkOrder: nothing in the order has a quantity"""
        self.ensure_one()
        if not any(line.quantity for line in total.lines):
            raise ParkOrder("nothing_to_sell", self.env._("No line of the order has a quantity."))
