from collections import defaultdict
from dataclasses import dataclass, field

from odoo import fields, models

from .ecom_rule_check import EXCEPTION_TYPES

# Of these, the first rule that sets one wins.
_EXCLUSIVE = {
    "team": "team_id",
    "priority": "priority",
    "warehouse": "rule_warehouse_id",
    "carrier": "rule_carrier_id",
}


@dataclass
class Hit:
    """One rule that holds for one order.

    `effects`: list of texts, what it does; `conflicts`: list of texts, what it would have done,
    had not an earlier rule decided; `acted`: it did all that on this version of the order already.
    """

    rule: object
    reason: str
    acted: bool = False
    effects: list = field(default_factory=list)
    conflicts: list = field(default_factory=list)


@dataclass
class Plan:
    """What the rules do to one order.

    `values`: {field of ecom.order: (value, rule that set it)}; `holds`: list of (rule, values of
    ecom.exception); `tags`: ids; `free_lines`: list of (rule, product, quantity); `notify`: list of
    (rule, action); `approve`: rule that approves, or None; `failed`: {rule: error}; `extra`: what
    rules of the stages after review ask for.
    """

    hits: list = field(default_factory=list)
    values: dict = field(default_factory=dict)
    holds: list = field(default_factory=list)
    tags: list = field(default_factory=list)
    free_lines: list = field(default_factory=list)
    notify: list = field(default_factory=list)
    approve: object = None
    failed: dict = field(default_factory=dict)
    asked: int = 0
    extra: dict = field(default_factory=dict)

    def changes(self):
        """:return: whether more is done than to hold or approve"""
        return bool(self.values or self.tags or self.free_lines)


class EcomRule(models.Model):
    """What rules would do to orders. Nothing is written here: the review applies a plan, the
    back-test only looks at it."""

    _inherit = "ecom.rule"

    def _plan(self, orders, now=None, past=False, anew=False):
        """:param anew: judge as if these orders were seen for the first time
        :return: {order id: Plan}; the same whatever else is in `orders`, and in what order"""
        now = now or fields.Datetime.now()
        matched = self._match(orders, now, past)
        verdicts = {} if past or anew else orders._get_verdicts()
        fresh = defaultdict(list)
        for rule, hits in matched.hits.items():
            for order_id, reason in hits.items():
                fresh[order_id].append((rule, reason))
        plans = {}
        for order in orders:
            plan = plans[order.id] = Plan(asked=len(self))
            # A past order is judged at the time at which it was made.
            moment = order.placed_at or now if past else now
            acted, seen_at = verdicts.get(order.id, (frozenset(), False))
            hits = self._judge_again(order, matched, acted, seen_at) if seen_at else fresh[order.id]
            for rule, reason in hits:
                hit = Hit(rule, reason, acted=rule.id in acted)
                plan.hits.append(hit)
                for action in rule.action_ids:
                    getattr(rule, f"_plan_{action.kind}")(action, order, plan, hit, moment)
                if rule.stop:
                    break
        if matched.failed:
            groups = orders.grouped(lambda order: (order.company_id.id, order.channel_id.id))
            for rule, error in matched.failed.items():
                for order in rule._get_candidates(orders, groups, now, past):
                    plans[order.id].failed[rule] = error
        return plans

    def _judge_again(self, order, matched, acted, seen_at):
        """:return: list of (rule, what was found) of an order that the rules have seen before

        A rule that looked at this version of the order already, and neither watches nor was
        changed since, is not asked a second time: its verdict stands.
        """
        result = []
        for rule in self:
            if rule in matched.failed:
                continue
            stands = not rule.watch and rule.changed_at < seen_at
            if stands and rule.id not in acted:
                continue
            reason = matched.hits[rule].get(order.id, "" if stands else None)
            if reason is not None:
                result.append((rule, reason))
        return result

    # === ONE METHOD PER ACTION === #

    def _plan_hold(self, action, order, plan, hit, now):
        until = action._get_hold_until(order)
        if until and until <= now:
            hit.effects.append(self.env._("not held: its time is over already"))
            return
        hit.effects.append(
            self.env._("held until %s (UTC)", fields.Datetime.to_string(until))
            if until
            else self.env._("held")
        )
        plan.holds.append(
            (
                self,
                {
                    **self._prepare_exception_vals(action, order, hit, now),
                    "type": self.exception_type or self._get_check_exception_type() or "rule",
                    "group_id": action.group_id.id,
                    "until": until,
                },
            )
        )

    def _plan_finance(self, action, order, plan, hit, now):
        hit.effects.append(self.env._("needs a finance review"))
        vals = self._prepare_exception_vals(action, order, hit, now)
        if action.group_id:
            vals["group_id"] = action.group_id.id
        plan.holds.append((self, {**vals, "type": "finance", "until": False}))

    def _prepare_exception_vals(self, action, order, hit, now):
        return {
            "order_id": order.id,
            "rule_id": self.id,
            "rule_version": self.version,
            "message": self._get_message(hit.reason),
            "force_only": action.force_only,
            "due_at": fields.Datetime.add(now, hours=action.due_hours)
            if action.due_hours
            else False,
        }

    def _get_message(self, reason):
        """:return: what a person reads on an order that this rule holds"""
        if self.message:
            return f"{self.message} ({reason})"
        if self.check_ids:
            return f"{reason[:1].upper()}{reason[1:]}."
        # Values alone say nothing; the name of the rule says what they mean.
        return f"{self.name} ({reason})"

    def _get_check_exception_type(self):
        return next(
            (EXCEPTION_TYPES[c.kind] for c in self.check_ids if c.kind in EXCEPTION_TYPES), None
        )

    def _plan_approve(self, action, order, plan, hit, now):
        hit.effects.append(self.env._("approved"))
        plan.approve = plan.approve or self

    def _plan_tag(self, action, order, plan, hit, now):
        hit.effects.append(self.env._("tagged %s", ", ".join(action.tag_ids.mapped("name"))))
        plan.tags += [tag.id for tag in action.tag_ids if tag.id not in plan.tags]

    def _plan_exclusive(self, action, order, plan, hit, now):
        name = _EXCLUSIVE[action.kind]
        value = action.priority if action.kind == "priority" else action[name.removeprefix("rule_")]
        self._plan_first(name, value, action, plan, hit)

    def _plan_first(self, name, value, action, plan, hit):
        """Of rules that set the same thing, the first one wins; the others say that they did not."""
        first = plan.values.setdefault(name, (value, self))
        text = action.summary
        if first == (value, self):
            hit.effects.append(text)
        elif first[0] != value:
            hit.conflicts.append(
                self.env._(
                    "%(wanted)s: rule “%(rule)s” decided otherwise before",
                    wanted=text,
                    rule=first[1].name,
                )
            )

    _plan_team = _plan_priority = _plan_warehouse = _plan_carrier = _plan_exclusive

    def _plan_flag(self, action, order, plan, hit, now):
        plan.values.setdefault(action.kind, (True, self))
        hit.effects.append(action.summary)

    _plan_no_merge = _plan_no_split = _plan_flag

    def _plan_free_line(self, action, order, plan, hit, now):
        plan.free_lines.append((self, action.product_id, action.quantity))
        hit.effects.append(action.summary)

    def _plan_notify(self, action, order, plan, hit, now):
        plan.notify.append((self, action))
        hit.effects.append(action.summary)
