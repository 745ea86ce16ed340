from odoo import api, fields, models
from odoo.tools import SQL

from ..concurrency import create_once


class EcomListing(models.Model):
    """One sellable thing on a channel, and the product that it is here."""

    _name = "ecom.listing"
    _description = "Channel Listing"
    _inherit = ["ecom.mapping.mixin"]
    _order = "state desc, key, id"
    _rec_name = "key"
    _check_company_auto = True

    channel_id = fields.Many2one("ecom.channel", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="channel_id.company_id", store=True, index=True)
    key = fields.Char(
        "SKU on the Channel",
        required=True,
        help="SKU as the channel writes it, or its listing id, barcode or title where it has none.",
    )
    name = fields.Char("Title on the Channel")
    barcode = fields.Char()
    product_id = fields.Many2one(
        "product.product",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        domain="[('sale_ok', '=', True)]",
        help="What is delivered. Choosing it sends all orders on that wait for it.",
    )
    matched_by = fields.Selection(
        [
            ("manual", "A person"),
            ("sku", "Same SKU"),
            ("sku_case", "Same SKU, other case"),
            ("barcode", "Same barcode"),
            ("created", "Product created"),
        ],
        readonly=True,
    )
    state = fields.Selection(
        [("missing", "To map"), ("done", "Mapped")],
        compute="_compute_state",
        store=True,
        index=True,
    )
    order_ids = fields.Many2many(
        "ecom.order", "ecom_order_listing_rel", "listing_id", "order_id", "Orders Waiting"
    )

    _key_uniq = models.UniqueIndex("(channel_id, key)", "This SKU is on the channel already.")

    @api.depends("product_id")
    def _compute_state(self):
        for listing in self:
            listing.state = "done" if listing.product_id else "missing"

    def write(self, vals):
        if "product_id" in vals and "matched_by" not in vals:
            vals = {**vals, "matched_by": "manual" if vals["product_id"] else False}
        return super().write(vals)

    @api.model
    def _get_for_lines(self, channel, lines):
        """Find or make the listings of document lines; products are matched where it is certain.

        :param lines: document lines of kind product
        :return: {key of :meth:`_line_key`: listing}
        """
        wanted = {}
        for line in lines:
            wanted.setdefault(self._line_key(line), line)
        listings = self.search([("channel_id", "=", channel.id), ("key", "in", list(wanted))])
        found = {listing.key: listing for listing in listings}
        unknown = {key: line for key, line in wanted.items() if key not in found}
        if unknown:
            matches = self._match_products(channel, unknown)
            created = create_once(
                self,
                [
                    {
                        "channel_id": channel.id,
                        "key": key,
                        "name": line.get("name", "")[:512],
                        "barcode": line.get("barcode"),
                        **matches.get(key, {}),
                    }
                    for key, line in unknown.items()
                ],
            )
            found |= {listing.key: listing for listing in created}
        missing = [listing for listing in found.values() if not listing.product_id]
        if missing:
            self._match_again(channel, self.browse([listing.id for listing in missing]))
        return found

    @api.model
    def _line_key(self, line):
        return (
            line.get("sku") or line.get("listing_id") or line.get("barcode") or line["name"][:128]
        )

    def _match_again(self, channel, listings):
        """A product may have come since: look once more for what is not mapped."""
        lines = {
            listing.key: {"barcode": listing.barcode, "name": listing.name} for listing in listings
        }
        matches = self._match_products(channel, lines)
        for listing in listings:
            if listing.key in matches:
                listing.write(matches[listing.key])
        rest = listings.filtered(lambda listing: not listing.product_id)
        if rest and channel.sku_policy == "create":
            rest._create_products()

    @api.model
    def _match_products(self, channel, lines):
        """:param lines: {key: document line}
        :return: {key: values} for keys that are the SKU or barcode of exactly one product"""
        products = self._find_products(channel, "default_code", list(lines))
        matches = {key: (product, "sku") for key, product in products.items()}
        barcodes = {
            line["barcode"]: key
            for key, line in lines.items()
            if key not in matches and line.get("barcode")
        }
        if barcodes:
            for barcode, product in self._find_products(channel, "barcode", list(barcodes)).items():
                matches[barcodes[barcode]] = (product, "barcode")
        rest = [key for key in lines if key not in matches]
        if rest:
            matches |= {
                key: (product, "sku_case")
                for key, product in self._find_products_any_case(channel, rest).items()
            }
        return {
            key: {"product_id": product, "matched_by": how}
            for key, (product, how) in matches.items()
        }

    @api.model
    def _find_products(self, channel, field, values):
        groups = self.env["product.product"]._read_group(
            [
                (field, "in", values),
                ("company_id", "in", (False, channel.company_id.id)),
            ],
            [field],
            ["id:array_agg"],
        )
        return {value: ids[0] for value, ids in groups if len(ids) == 1}

    @api.model
    def _find_products_any_case(self, channel, keys):
        by_upper = {}
        for key in keys:
            by_upper.setdefault(key.upper(), []).append(key)
        self.env["product.product"].flush_model(["default_code", "active"])
        self.env["product.template"].flush_model(["company_id"])
        rows = self.env.execute_query(
            SQL(
                """SELECT upper(p.default_code), min(p.id)
                     FROM product_product p JOIN product_template t ON t.id = p.product_tmpl_id
                    WHERE upper(p.default_code) IN %s AND p.active
                      AND (t.company_id IS NULL OR t.company_id = %s)
                 GROUP BY 1 HAVING count(*) = 1""",
                tuple(by_upper),
                channel.company_id.id,
            )
        )
        return {key: product for upper, product in rows for key in by_upper.get(upper, ())}

    def _create_products(self):
        """Make a product for each listing: storable, its title from the channel."""
        by_upper = {}
        for listing in self:
            by_upper.setdefault(listing.key.upper(), []).append(listing)
        firsts = [group[0] for group in by_upper.values()]
        products = self.env["product.product"].create(
            [listing._prepare_product_vals() for listing in firsts]
        )
        for product, group in zip(products, by_upper.values(), strict=True):
            self.browse([listing.id for listing in group]).write(
                {"product_id": product.id, "matched_by": "created"}
            )
        return products

    def _prepare_product_vals(self):
        self.ensure_one()
        return {
            "name": self.name or self.key,
            "default_code": self.key,
            "barcode": self.barcode or False,
            "type": "consu",
            "is_storable": True,
            "company_id": self.channel_id.company_id.id,
            "taxes_id": False,
            "supplier_taxes_id": False,
        }

    def action_create_product(self):
        """Button: create the product from the listing; the waiting orders go on."""
        self.check_access("write")
        return bool(self.filtered(lambda listing: not listing.product_id)._create_products())
