from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import split_every

from ..tools import names

BATCH = 500


class EcomListing(models.Model):
    """What may be the product of a listing, by its name. A person decides; nothing is mapped by
    likeness alone."""

    _inherit = "ecom.listing"

    matched_by = fields.Selection(selection_add=[("name", "A person, from a proposal")])
    proposal_product_id = fields.Many2one(
        "product.product",
        "Proposed Product",
        readonly=True,
        check_company=True,
        index="btree_not_null",
        ondelete="set null",
        help="The product whose name (or SKU without separators) is most like this one.",
    )
    proposal_score = fields.Integer("Likeness", readonly=True, help="0 to 100.")
    refused_product_ids = fields.Many2many(
        "product.product",
        "ecom_listing_refused_product_rel",
        "listing_id",
        "product_id",
        "Not These",
        readonly=True,
        help="Products that a person said are something else.",
    )

    def write(self, vals):
        if vals.get("product_id"):
            vals = {**vals, "proposal_product_id": False, "proposal_score": 0}
        return super().write(vals)

    def action_propose(self):
        """Button: look for names that are alike, for what is not mapped."""
        self.check_access("write")
        listings = self or self.search([("state", "=", "missing")])
        count = listings._propose()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if count else "info",
                "message": self.env._("%(count)s proposals. Look at each before you take it.", count=count),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _propose(self):
        """Third step after SKU and barcode. :return: how many listings have a proposal now"""
        missing = self.filtered(lambda listing: listing.state == "missing")
        count = 0
        for company, listings in missing.grouped("company_id").items():
            index = names.Index(listings._get_goods(company))
            for part in split_every(BATCH, listings.ids, listings.browse):
                for listing in part:
                    refused = set(listing.refused_product_ids.ids)
                    found = index.best(listing.name or listing.key, listing.key, limit=1 + len(refused))
                    product, score = next(((p, s) for p, s in found if p not in refused), (False, 0))
                    if listing.proposal_product_id.id != product or listing.proposal_score != score:
                        listing.write({"proposal_product_id": product, "proposal_score": score})
                    count += bool(product)
        return count

    def _get_goods(self, company):
        """What a company may sell; variants with what sets them apart, in two queries.

        :return: {product: (title, SKU)}"""
        domain = Domain("sale_ok", "=", True) & Domain("company_id", "in", (False, company.id))
        products = self.env["product.product"].search(domain)
        goods = {}
        for product in products:
            values = product.product_template_attribute_value_ids.mapped("name")
            goods[product.id] = (" ".join([product.name or "", *values]), product.default_code)
        return goods

    def action_accept_proposal(self):
        """Button: it is this product; the orders that wait go on."""
        self.check_access("write")
        for listing in self.filtered(lambda each: each.proposal_product_id and not each.product_id):
            listing.write({"product_id": listing.proposal_product_id.id, "matched_by": "name"})
        return True

    def action_refuse_proposal(self):
        """Button: it is something else; it is not proposed again."""
        self.check_access("write")
        for listing in self.filtered("proposal_product_id"):
            listing.refused_product_ids |= listing.proposal_product_id
        self._propose()
        return True

    # === NEW PRODUCTS === #

    def action_create_product(self):
        """Nothing is made twice: what has come since is matched, and what is there under the same SKU
        or barcode (archived, or several times) is for a person to look at."""
        self.check_access("write")
        listings = self.filtered(lambda listing: not listing.product_id)
        if listings:
            listings.lock_for_update(allow_referencing=True)
        for channel, group in listings.grouped("channel_id").items():
            self._match_again(channel, group)
        rest = listings.filtered(lambda listing: not listing.product_id)
        taken = rest._find_taken()
        if taken:
            raise UserError(
                self.env._(
                    "There are products of the same SKU or barcode already: %(products)s. Choose one, "
                    "or unarchive it.",
                    products=", ".join(taken.mapped("display_name")[:5]),
                )
            )
        return super().action_create_product()

    def _find_taken(self):
        """:return: products, also archived ones, that another of the same kind would be beside"""
        keys, barcodes = self.mapped("key"), [code for code in self.mapped("barcode") if code]
        if not keys:
            return self.env["product.product"]
        codes = Domain.OR([Domain("default_code", "=ilike", _literal(key)) for key in keys])
        if barcodes:
            codes |= Domain("barcode", "in", barcodes)
        companies = Domain("company_id", "in", [False, *self.company_id.ids])
        return self.env["product.product"].with_context(active_test=False).search(codes & companies, limit=20)


def _literal(text):
    """:return: `text` for =ilike, whose wildcards are signs of a SKU here"""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
