from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

# The keys of a policy as plain data, by the fields that they are read from.
_CONDITIONS = {
    "channels": "channel_ids",
    "countries": "country_ids",
    "country_groups": "country_group_ids",
    "reasons": "reason_ids",
    "product_tags": "product_tag_ids",
    "partner_tags": "partner_tag_ids",
}

RESOLUTION_WINDOWS = {
    "refund_only": "days_refund",
    "return": "days_return",
    "exchange": "days_exchange",
    "resend": "days_resend",
    "warranty": "days_warranty",
}


class EcomReturnPolicy(models.Model):
    """Who may return what until when, how, at whose cost, and what then happens by itself.

    The first active policy whose conditions are met decides about a case; the case stores it with
    the reasons. A number of days of -1 means: not offered.
    """

    _name = "ecom.return.policy"
    _description = "Return Policy"
    _inherit = ["mail.thread"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True, help="Empty: for all companies.")
    buyer_text = fields.Html(
        "What Buyers Read", translate=True, help="Shown in the portal before the request is sent."
    )

    # --- conditions
    channel_ids = fields.Many2many("ecom.channel", string="Channels", help="Empty: all.")
    country_ids = fields.Many2many(
        "res.country", "ecom_return_policy_country_rel", string="Ship-to Countries"
    )
    country_group_ids = fields.Many2many("res.country.group", string="Ship-to Country Groups")
    product_tag_ids = fields.Many2many(
        "product.tag", string="Product Tags", help="At least one product of the case has one."
    )
    partner_tag_ids = fields.Many2many(
        "res.partner.category", string="Customer Tiers", help="The customer has one of these tags."
    )
    reason_ids = fields.Many2many("ecom.return.reason", string="Reasons")
    value_min = fields.Float("Value From", help="Value of the goods, in the order's currency.")
    value_max = fields.Float("Value Up To", help="0 means no limit.")

    # --- what is offered
    days_refund = fields.Integer("Refund Without Return", default=-1, help="-1: not offered.")
    days_return = fields.Integer("Return and Refund", default=14, help="Days from delivery.")
    days_exchange = fields.Integer("Exchange", default=14)
    days_resend = fields.Integer("Resend", default=60)
    days_warranty = fields.Integer("Warranty", default=730)
    max_cases = fields.Integer("Cases per Order", help="0 means no limit.")
    method = fields.Selection(
        [
            ("ship", "Buyer ships it back"),
            ("drop_off", "Buyer drops it off"),
            ("keep", "Buyer keeps it"),
            ("destroy", "Buyer destroys it, with a photo"),
        ],
        default="ship",
        required=True,
        help="How goods come back.",
    )
    instructions = fields.Html("Return Instructions", translate=True)

    # --- what it costs
    restocking_percent = fields.Float("Restocking Fee (%)")
    label_fee = fields.Float("Return Label Fee", help="In the order's currency, once per case.")
    fee_if_seller_fault = fields.Boolean(
        "Fees also when we are at fault", help="Usually a buyer pays nothing for our mistakes."
    )
    shipping_rule = fields.Selection(
        [
            ("none", "Never"),
            ("last", "With the last goods of the order"),
            ("share", "In proportion to the goods"),
            ("full", "Always"),
        ],
        string="Refund Shipping",
        default="last",
        required=True,
    )

    # --- what happens by itself
    auto_approve = fields.Boolean("Approve by itself", default=True)
    auto_value_max = fields.Float("Up to a Value of", help="0 means whatever the value.")
    refund_on = fields.Selection(
        [
            ("manual", "When an agent says so"),
            ("request", "Once approved"),
            ("first_scan", "Once the carrier has it"),
            ("receipt", "Once received"),
            ("grading", "Once graded"),
        ],
        string="Refund",
        default="grading",
        required=True,
    )
    exchange_on = fields.Selection(
        [
            ("request", "Once approved"),
            ("first_scan", "Once the carrier has the old one"),
            ("receipt", "Once the old one is received"),
        ],
        string="Replacement Leaves",
        default="receipt",
        required=True,
    )
    exchange_tolerance = fields.Float(
        "Price Difference Waived Up To",
        help="A replacement that costs up to this much more is sent at no extra charge.",
    )
    reserve_days = fields.Integer("Replacement Reserved (days)", default=7)
    goodwill_limit = fields.Float(
        "Goodwill of Agents Up To",
        default=20.0,
        help="What an agent may add to the amount of a case; managers may add more.",
    )

    _fees_check = models.Constraint(
        "CHECK (restocking_percent BETWEEN 0 AND 100 AND label_fee >= 0 AND goodwill_limit >= 0 "
        "AND reserve_days >= 0 AND exchange_tolerance >= 0)",
        "A fee, limit or number of days must not be negative, a restocking fee not above 100 %.",
    )

    @api.constrains("value_min", "value_max")
    def _check_values(self):
        for policy in self:
            if policy.value_max and policy.value_max < policy.value_min:
                raise ValidationError(
                    self.env._("The highest value of a policy must not be below its lowest one.")
                )

    def _prepare_policies(self):
        """:return: list of the policies as plain data, for :mod:`..tools.policy`"""
        conditions = self._get_conditions()
        return [policy._prepare_policy(conditions[policy.id]) for policy in self]

    def _get_conditions(self):
        """Read by one statement, not by one for each field. What is archived still restricts: a policy
        for a channel that is no longer there does not become one for all.

        :return: {policy id: {key of _CONDITIONS: set of ids}}
        """
        result = {policy.id: defaultdict(set) for policy in self}
        if not self:
            return result
        relations = [(key, self._fields[name]) for key, name in _CONDITIONS.items()]
        rows = self.env.execute_query(
            SQL(" UNION ALL ").join(
                SQL(
                    "SELECT %s, %s, %s FROM %s WHERE %s IN %s",
                    key,
                    SQL.identifier(field.column1),
                    SQL.identifier(field.column2),
                    SQL.identifier(field.relation),
                    SQL.identifier(field.column1),
                    self._ids,
                )
                for key, field in relations
            )
        )
        for key, policy_id, value in rows:
            result[policy_id][key].add(value)
        for conditions in result.values():
            groups = self.env["res.country.group"].browse(conditions.pop("country_groups", ()))
            conditions["countries"].update(groups.country_ids.ids)
        return result

    def _prepare_policy(self, conditions):
        self.ensure_one()
        return {
            "id": self.id,
            "name": self.name,
            **{key: conditions[key] for key in _CONDITIONS if key != "country_groups"},
            "value_min": self.value_min,
            "value_max": self.value_max,
            "windows": {
                resolution: None if self[name] < 0 else self[name]
                for resolution, name in RESOLUTION_WINDOWS.items()
            }
            # The carrier brings these back whatever the buyer may ask for.
            | {"refused": 10**6, "intercept": 10**6, "unknown": 10**6},
            "max_cases": self.max_cases,
            "auto_approve": self.auto_approve,
            "auto_value_max": self.auto_value_max,
        }
