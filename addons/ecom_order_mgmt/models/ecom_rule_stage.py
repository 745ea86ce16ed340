from odoo import api, fields, models
from odoo.exceptions import ValidationError

# What a rule of each stage can do.
REVIEW = [
    "hold", "finance", "approve", "tag", "team", "priority", "warehouse", "carrier", "no_merge",
    "no_split", "free_line", "notify",
]  # fmt: skip
KINDS = {
    "review": REVIEW,
    "source": ["warehouse", "exclude_warehouse", "profile"],
    "split": ["no_split", "split_by", "together"],
    "merge": ["no_merge", "merge_key", "merge_window"],
}
_NEEDS = {
    "exclude_warehouse": "exclude_warehouse_ids",
    "profile": "profile_id",
    "split_by": "strategy",
    "together": "product_tag_ids",
    "merge_key": "merge_key",
}


class EcomRuleAction(models.Model):
    """What rules of the stages after review do."""

    _inherit = "ecom.rule.action"

    kind = fields.Selection(
        selection_add=[
            ("exclude_warehouse", "Do not deliver from"),
            ("profile", "Choose the warehouse by"),
            ("split_by", "Split"),
            ("together", "Keep together products tagged"),
            ("merge_key", "Merge only with orders of the group"),
            ("merge_window", "Wait for others to merge with"),
        ],
        ondelete=dict.fromkeys(
            (
                "exclude_warehouse", "profile", "split_by", "together", "merge_key", "merge_window",
            ),
            "cascade",
        ),
    )  # fmt: skip
    allowed_kinds = fields.Json(compute="_compute_allowed_kinds")
    exclude_warehouse_ids = fields.Many2many(
        "stock.warehouse", "ecom_rule_action_exclude_warehouse_rel", string="Warehouses"
    )
    profile_id = fields.Many2one("ecom.source.profile", "Sourcing Profile", ondelete="restrict")
    strategy = fields.Selection(
        [
            ("class", "by kind of transport"),
            ("date", "by promised date"),
            ("vendor", "by vendor"),
            ("category", "by product category"),
            ("alone", "alone where the product says so"),
        ],
        string="How to Split",
    )
    product_tag_ids = fields.Many2many("product.tag", string="Product Tags")
    merge_key = fields.Char(
        "Merge Group",
        help="Orders of the same recipient are merged with those of the same group only, of "
        "whatever channel.",
    )
    minutes = fields.Integer(help="0: the parcel waits for no other order.")

    _minutes_positive = models.Constraint("CHECK(minutes >= 0)", "Times must not be negative.")

    @api.depends("rule_id.stage")
    def _compute_allowed_kinds(self):
        for action in self:
            action.allowed_kinds = KINDS.get(action.rule_id.stage or "review", REVIEW)

    @api.depends(
        "exclude_warehouse_ids", "profile_id", "strategy", "product_tag_ids", "merge_key", "minutes"
    )
    def _compute_summary(self):
        return super()._compute_summary()

    def _get_detail(self):
        if self.kind == "merge_window":
            return self.env._("%s minutes", self.minutes)
        field = _NEEDS.get(self.kind)
        if not field:
            return super()._get_detail()
        if field == "strategy":
            labels = dict(self._fields["strategy"]._description_selection(self.env))
            return labels.get(self.strategy, "?")
        if field == "merge_key":
            return self.merge_key or "?"
        return ", ".join(self[field].mapped("display_name"))

    @api.constrains("kind", *_NEEDS.values())
    def _check_stage_parameters(self):
        for action in self:
            needed = _NEEDS.get(action.kind)
            if needed and not action[needed]:
                raise ValidationError(
                    self.env._(
                        "Action “%(action)s” of rule “%(rule)s” needs: %(field)s.",
                        action=action.summary or action.kind,
                        rule=action.rule_id.name,
                        field=self._fields[needed]._description_string(self.env),
                    )
                )

    @api.constrains("rule_id", "kind")
    def _check_stage(self):
        self.rule_id._check_action_stage()

    @api.constrains("rule_id", "exclude_warehouse_ids", "profile_id")
    def _check_stage_companies(self):
        """What is of one company cannot be set on orders of another."""
        # Who makes rules need not work with stock.
        for action in self.sudo():
            owners = action.exclude_warehouse_ids.company_id | action.profile_id.company_id
            for owner in owners - action.rule_id.company_id:
                raise ValidationError(
                    self.env._(
                        "%(record)s is of company %(owner)s; the rule must be of that company too.",
                        record=action.summary,
                        owner=owner.name,
                    )
                )


class EcomRule(models.Model):
    _inherit = "ecom.rule"

    @api.constrains("stage")
    def _check_action_stage(self):
        for rule in self:
            wrong = rule.action_ids.filtered(
                lambda action, r=rule: action.kind not in KINDS.get(r.stage, REVIEW)
            )
            if wrong:
                stages = dict(self._fields["stage"]._description_selection(self.env))
                raise ValidationError(
                    self.env._(
                        "Rule “%(rule)s” is asked at the stage %(stage)s: it cannot do there: "
                        "%(action)s.",
                        rule=rule.name,
                        stage=stages[rule.stage],
                        action=wrong[0].summary,
                    )
                )

    # === ONE METHOD PER ACTION === #

    def _plan_exclude_warehouse(self, action, order, plan, hit, now):
        excluded = plan.extra.setdefault("excluded", {})
        for warehouse in action.exclude_warehouse_ids:
            excluded.setdefault(warehouse, self)
        hit.effects.append(action.summary)

    def _plan_profile(self, action, order, plan, hit, now):
        self._plan_first("profile", action.profile_id, action, plan, hit)

    def _plan_split_by(self, action, order, plan, hit, now):
        plan.extra.setdefault("split_by", []).append(action.strategy)
        hit.effects.append(action.summary)

    def _plan_together(self, action, order, plan, hit, now):
        plan.extra.setdefault("together", []).append(action.product_tag_ids)
        hit.effects.append(action.summary)

    def _plan_merge_key(self, action, order, plan, hit, now):
        self._plan_first("merge_key", action.merge_key, action, plan, hit)

    def _plan_merge_window(self, action, order, plan, hit, now):
        self._plan_first("merge_minutes", action.minutes, action, plan, hit)
