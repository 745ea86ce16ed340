from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import patterns

# kind: queue in which orders wait that a rule with this check holds
EXCEPTION_TYPES = {
    "duplicate_number": "duplicate_number",
    "blacklist": "blacklist",
    "address": "address",
    "carrier_reach": "address",
    "same_buyer": "same_buyer",
    "memo_pattern": "message",
    "sku_pattern": "rule",
    "margin_floor": "margin",
    "below_cost": "margin",
    "stock_shortage": "stock_shortage",
    "refund_open": "refund_open",
    "presale_unpaid": "presale_unpaid",
    "unmapped": "unmapped",
    "condition": "rule",
}
_NEEDS_TEXT = {"memo_pattern", "sku_pattern"}
# What these look at is only known for the present: they cannot be tried on past orders.
PRESENT_ONLY = {"stock_shortage", "unmapped"}


class EcomRuleCheck(models.Model):
    """One check of a rule that a condition on fields cannot say.

    A kind of check is a method ``_check_<kind>(orders, past)`` on this model that takes many orders
    and returns ``{order id: what was found, in words}`` of those where it strikes; it writes
    nothing. Another addon adds one by `selection_add` and a method.
    """

    _name = "ecom.rule.check"
    _description = "Check of an Order Rule"
    _order = "rule_id, sequence, id"

    rule_id = fields.Many2one("ecom.rule", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="rule_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    kind = fields.Selection(
        [
            ("duplicate_number", "Order number is there already"),
            ("blacklist", "Buyer or address is on the blacklist"),
            ("address", "Address is not complete"),
            ("carrier_reach", "No carrier reaches the address"),
            ("same_buyer", "Same buyer has another open order"),
            ("memo_pattern", "Message or memo says"),
            ("sku_pattern", "Holds products (SKU)"),
            ("margin_floor", "Margin is under"),
            ("below_cost", "Something is sold below its cost"),
            ("stock_shortage", "Stock is not enough"),
            ("refund_open", "Money was given back"),
            ("presale_unpaid", "Presale is not paid in full"),
            ("unmapped", "Something is not mapped"),
            ("condition", "Another condition holds"),
        ],
        required=True,
    )
    value = fields.Float(
        help="Margin: percent of the price without tax. Products: at least this quantity. Same "
        "buyer: orders of the last so many days (0: all that are open)."
    )
    text = fields.Char(
        help="Words between commas; * stands for any characters, ! in front of a word means that "
        "it must not be there."
    )
    where = fields.Selection(
        [("both", "Message or memo"), ("buyer", "Buyer's message"), ("seller", "Seller's memo")],
        default="both",
        required=True,
    )
    variant = fields.Selection(
        [
            ("any", "any other order"),
            ("same_address", "to the same address"),
            ("other_address", "to another address"),
            ("unpaid", "that is not paid"),
            ("confirmed", "that is approved and not shipped"),
        ],
        string="Which",
        default="any",
        required=True,
    )
    model_name = fields.Char(related="rule_id.model_name")
    domain = fields.Char("Condition", default="[]")

    @api.constrains("kind", "text", "domain", "value")
    def _check_parameters(self):
        """:raise ValidationError: what the check needs is missing or wrong, with the reason"""
        for check in self:
            if check.kind in _NEEDS_TEXT:
                try:
                    patterns.compile_pattern(check.text or "")
                except patterns.InvalidPattern as error:
                    raise ValidationError(
                        self.env._(
                            "Check “%(check)s”: %(error)s.", check=check._get_label(), error=error
                        )
                    ) from error
            if check.kind == "condition":
                check.rule_id._validate_domain(
                    check.domain, self.env._("A condition among the checks")
                )

    @api.model_create_multi
    def create(self, vals_list):
        checks = super().create(vals_list)
        checks.rule_id._bump_version()
        return checks

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() - {"sequence"}:
            self.rule_id._bump_version()
        return result

    def _get_label(self):
        return dict(self._fields["kind"]._description_selection(self.env))[self.kind]

    def _evaluate(self, orders, past=False):
        """Run this check on many orders.

        :param past: the orders are looked at as they were when they came in (back-test)
        :return: {order id: what was found, in words}
        """
        self.ensure_one()
        if past and self.kind in PRESENT_ONLY:
            return {}
        return getattr(self, f"_check_{self.kind}")(orders, past)
