from odoo import fields
from odoo.fields import Command

from .common import EcomCase


class ReviewCase(EcomCase):
    """A channel that approves at once, and factories for rules."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel.approval = "all"
        cls.channel.approve_wait_minutes = 0
        cls.Rule = cls.env["ecom.rule"]

    @classmethod
    def _create_rule(cls, name="Rule", actions=("hold",), checks=(), activate=True, **vals):
        """:param actions: kinds, or dicts of values
        :param checks: kinds, or dicts of values"""
        rule = cls.env["ecom.rule"].create(
            {
                "name": name,
                "company_id": cls.company.id,
                "action_ids": [
                    Command.create({"kind": action} if isinstance(action, str) else action)
                    for action in actions
                ],
                "check_ids": [
                    Command.create({"kind": check} if isinstance(check, str) else check)
                    for check in checks
                ],
                **vals,
            }
        )
        if activate:
            rule.action_activate()
        return rule

    def _check_rule(self, check, **vals):
        """A rule with one check, that holds."""
        return self._create_rule(
            check if isinstance(check, str) else check["kind"], checks=[check], **vals
        )

    def _open(self, order):
        return order.exception_ids.filtered(lambda e: e.state == "open")

    def assertHeld(self, order, *parts, type=None):
        """Held by one open exception whose message has all `parts`."""
        self.assertEqual(order.review_state, "held", order.decision_ids.mapped("summary"))
        exception = self._open(order)
        self.assertEqual(len(exception), 1, exception.mapped("message"))
        for part in parts:
            self.assertIn(part, exception.message)
        if type:
            self.assertEqual(exception.type, type)
        return exception

    def assertPassed(self, order):
        self.assertEqual(order.review_state, "approved", self._open(order).mapped("message"))
        self.assertFalse(self._open(order))

    def _later(self, **delta):
        return fields.Datetime.add(fields.Datetime.now(), **delta)
