from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.publish import Rule


class EcomStockRule(models.Model):
    """How much of the stock a shop shows. The most specific rule counts: of a listing, then of a
    product, of a product category, of a channel, and of all."""

    _name = "ecom.stock.rule"
    _description = "Stock Publishing Rule"
    _order = "sequence, id"

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    channel_id = fields.Many2one(
        "ecom.channel", index="btree_not_null", ondelete="cascade", help="Empty: all channels."
    )
    listing_id = fields.Many2one("ecom.listing", index="btree_not_null", ondelete="cascade")
    product_id = fields.Many2one("product.product", index="btree_not_null", ondelete="cascade")
    categ_id = fields.Many2one(
        "product.category", "Product Category", index="btree_not_null", ondelete="cascade"
    )
    date_from = fields.Datetime("From")
    date_to = fields.Datetime("To")
    listed = fields.Boolean("On Sale", default=True, help="Off: the shop shows none.")
    percent = fields.Float("Percent of What Is Available", default=100)
    offset = fields.Integer("Plus or Minus", help="Pieces added or (negative) held back.")
    maximum = fields.Integer("At Most", help="0: no limit.")
    zero_at = fields.Integer("Show None At", help="This many or fewer are shown as none.")
    threshold = fields.Integer("Few Left Below", help="Below it the values for few count. 0: never.")
    low_percent = fields.Float("Percent When Few", default=100)
    low_offset = fields.Integer("Plus or Minus When Few")

    @api.constrains("percent", "low_percent", "maximum", "zero_at", "threshold")
    def _check_values(self):
        for rule in self:
            if min(rule.percent, rule.low_percent, rule.maximum, rule.zero_at, rule.threshold) < 0:
                raise ValidationError(self.env._("Only Plus or Minus may be negative."))

    def _to_rule(self, weight):
        self.ensure_one()
        return Rule(
            percent=self.percent,
            offset=self.offset,
            maximum=self.maximum or None,
            zero_at=self.zero_at,
            threshold=self.threshold,
            low_percent=self.low_percent,
            low_offset=self.low_offset,
            weight=weight,
            listed=self.listed,
        )

    @api.model
    def _get_rules(self, channel, listings):
        """:return: {listing id: (Rule, name)} for all `listings`, from one search"""
        now = fields.Datetime.now()
        rules = self.search(
            [
                ("company_id", "=", channel.company_id.id),
                ("channel_id", "in", (False, channel.id)),
                "|", ("date_from", "=", False), ("date_from", "<=", now),
                "|", ("date_to", "=", False), ("date_to", ">", now),
            ]
        )  # fmt: skip
        weight = channel.stock_weight
        found = {}
        maps = {"listing_id": {}, "product_id": {}, "categ_id": {}, False: {}}
        # Of two of the same scope that of the channel counts, then the one further up.
        for rule in rules.sorted(lambda rule: (not rule.channel_id, rule.sequence, rule.id)):
            scope = next((k for k in ("listing_id", "product_id", "categ_id") if rule[k]), False)
            maps[scope].setdefault(rule[scope].id if scope else False, rule)
        default = Rule(weight=weight)
        cache = {}
        for listing in listings:
            rule = maps["listing_id"].get(listing.id) or maps["product_id"].get(listing.product_id.id)
            if not rule and maps["categ_id"]:
                category = listing.product_id.categ_id
                while category and not rule:
                    rule = maps["categ_id"].get(category.id)
                    category = category.parent_id
            rule = rule or maps[False].get(False)
            if rule:
                if rule not in cache:
                    cache[rule] = (rule._to_rule(weight), rule.name)
                found[listing.id] = cache[rule]
            else:
                found[listing.id] = (default, False)
        return found
