import logging
from dataclasses import dataclass, field

from odoo import fields, models

from ..concurrency import RETRYABLE

_logger = logging.getLogger(__name__)


@dataclass
class Matched:
    """`hits`: {rule: {order id: what was found, in words}}, in the order of the rules;
    `failed`: {rule: error text} of rules that cannot be evaluated."""

    hits: dict = field(default_factory=dict)
    failed: dict = field(default_factory=dict)


class EcomRule(models.Model):
    """Which orders rules are about. Nothing is written here."""

    _inherit = "ecom.rule"

    def _match(self, orders, now=None, past=False):
        """Find the orders where the conditions of these rules hold: all orders at once per rule.

        Used by every stage of the pipeline, and by the back-test.

        :param orders: ecom.order, their facts up to date
        :param now: datetime; decides which rules are in force
        :param past: back-test: every rule is in force, and orders are looked at as they were
        :return: Matched; a rule whose evaluation fails is in `failed` and harms no other
        """
        now = now or fields.Datetime.now()
        groups = orders.grouped(lambda order: (order.company_id.id, order.channel_id.id))
        try:
            # One savepoint for all of them: failures are rare.
            with self.env.cr.savepoint():
                return Matched({rule: rule._match_one(orders, groups, now, past) for rule in self})
        except RETRYABLE:
            raise
        except Exception as error:  # noqa: BLE001 - looked into below, rule by rule
            _logger.info("A rule fails, they are evaluated one by one (%s)", error)
        result = Matched()
        for rule in self:
            try:
                with self.env.cr.savepoint():
                    result.hits[rule] = rule._match_one(orders, groups, now, past)
            except RETRYABLE:
                raise
            except Exception as error:  # noqa: BLE001 - it becomes the rule's fault
                _logger.warning("Rule %s (%s) cannot be evaluated: %s", rule.id, rule.name, error)
                result.failed[rule] = f"{type(error).__name__}: {error}"
        return result

    def _match_one(self, orders, groups, now, past=False):
        """:param groups: {(company id, channel id): orders}
        :return: {order id: what was found}"""
        self.ensure_one()
        candidates = self._get_candidates(orders, groups, now, past)
        if not candidates:
            return {}
        domain = self._parse_domain(self.domain)
        found = candidates if domain.is_true() else candidates.filtered_domain(domain)
        if not found:
            return {}
        if not self.check_ids:
            return {order.id: self._explain(domain, order) for order in found}
        return self._combine(found, [check._evaluate(found, past) for check in self.check_ids])

    def _get_candidates(self, orders, groups, now, past=False):
        """:return: the orders that the rule may be about at all: company, channels, dates"""
        self.ensure_one()
        too_early = self.active_from and now < self.active_from
        too_late = self.active_to and now >= self.active_to
        if (too_early or too_late) and not past:
            return orders.browse()
        companies, channels = set(self.company_id.ids), set(self.channel_ids.ids)
        fit = [
            group
            for (company, channel), group in groups.items()
            if (not companies or company in companies) and (not channels or channel in channels)
        ]
        # The recordset itself keeps the order and the prefetching of the caller.
        return orders if len(fit) == len(groups) else orders.browse().concat(*fit)

    def _combine(self, orders, results):
        """:param results: per check {order id: what was found}
        :return: {order id: findings} of orders where enough checks strike"""
        needed = {"all": len(results), "any": 1, "some": self.checks_needed}[self.check_mode]
        combined = {}
        for order in orders:
            found = [result[order.id] for result in results if order.id in result]
            if len(found) >= needed:
                combined[order.id] = "; ".join(found)
        return combined

    def _explain(self, domain, order):
        """:return: why a condition holds: the values of the fields that it asks, in words"""
        parts = {}
        for condition in domain.iter_conditions():
            name = condition.field_expr.split(".")[0]
            if name not in parts and name in order._fields:
                parts[name] = self._describe_value(order, name)
        if not parts:
            return self.env._("it is an order like all others")
        return ", ".join(parts.values())

    def _describe_value(self, order, name):
        orm_field = order._fields[name]
        label, value = orm_field._description_string(self.env), order[name]
        if orm_field.type == "selection":
            value = dict(orm_field._description_selection(self.env)).get(value, value)
        elif orm_field.relational:
            value = ", ".join(value.mapped("display_name"))
        elif orm_field.type == "monetary" and order[orm_field.get_currency_field(order)]:
            value = order[orm_field.get_currency_field(order)].format(value)
        elif orm_field.type == "float":
            value = f"{round(value, 4):g}"
        elif orm_field.type == "boolean":
            value = self.env._("yes") if value else self.env._("no")
        is_empty = value is False or value is None or value == ""
        text = self.env._("empty") if is_empty else str(value)
        return f"{label}: {text[:80]}"
