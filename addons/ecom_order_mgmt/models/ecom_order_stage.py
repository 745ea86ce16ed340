from odoo import models

from .ecom_rule_plan import Plan


class EcomOrder(models.Model):
    """What the rules of the stages after review say of orders."""

    _inherit = "ecom.order"

    def _ask_stages(self, *stages):
        """Ask the rules of these stages about all orders at once; nothing is written.

        :return: dict {stage: {order id: Plan}}; a stage without rules is not in it
        """
        asked = {}
        for stage in stages:
            rules = self.env["ecom.rule"]._get_rules(stage)
            if rules and self:
                asked[stage] = rules._plan(self, anew=True)
        return asked

    def _get_asked(self, asked, stage):
        """:return: Plan of this order; an empty one where no rule was asked"""
        return asked.get(stage, {}).get(self.id) or Plan()

    def _get_ruled_warehouse(self, asked):
        ruled = self._get_asked(asked, "source").values.get("rule_warehouse_id")
        return self.rule_warehouse_id or (ruled and ruled[0]) or self.env["stock.warehouse"]

    def _get_asked_warehouses(self, asked):
        return self.env["stock.warehouse"].union(
            *(
                plan.values["rule_warehouse_id"][0]
                for plan in asked.get("source", {}).values()
                if "rule_warehouse_id" in plan.values
            )
        )

    def _prepare_stage_decisions(self, asked):
        """:return: list of values: one for every rule that held for one of these orders"""
        return [
            order._prepare_hit_decision(hit)
            for stage in asked
            for order in self
            for hit in order._get_asked(asked, stage).hits
        ]

    def _hold_for_failed_stages(self, asked):
        """Rules that cannot be evaluated are switched off, as in the review; the orders that they
        should have judged wait for a person. :return: these orders"""
        failed = self.browse()
        for plans in asked.values():
            blamed = self.filtered(lambda order, p=plans: p[order.id].failed)
            if blamed:
                blamed._hold_for_failed_rules(plans)
                failed |= blamed
        failed.write({"review_state": "held", "review_pending": False})
        failed._show_holds()
        return failed
