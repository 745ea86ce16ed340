from odoo import api, fields, models


class EcomOrder(models.Model):
    """What rules of the stage Merge say of an order."""

    _inherit = "ecom.order"

    merge_key = fields.Char("Merge Group", readonly=True, copy=False)
    merge_minutes = fields.Integer(
        "Waits for Others (Minutes)",
        default=-1,
        readonly=True,
        copy=False,
        help="Set by a rule. -1: as long as the channel says.",
    )
    merge_forbidden = fields.Boolean(
        "Not Merged by Rule",
        readonly=True,
        copy=False,
        help="A rule of the stage Merge forbids it.",
    )

    def _apply_merge_rules(self):
        """Ask the rules about these orders, whose parcels were just made, and store their answer.

        A rule that cannot be evaluated is switched off; its orders are left alone, for a person to
        merge, and say so.
        """
        asked = self._ask_stages("merge")
        if not asked:
            return
        plans = asked["merge"]
        groups = {}
        for order in self:
            values = plans[order.id].values
            answer = (
                values.get("merge_key", (False,))[0],
                values.get("merge_minutes", (-1,))[0],
                "no_merge" in values or bool(plans[order.id].failed),
            )
            groups.setdefault(answer, self.browse())
            groups[answer] |= order
        for (key, minutes, forbidden), orders in groups.items():
            orders.write({"merge_key": key, "merge_minutes": minutes, "merge_forbidden": forbidden})
        self.env["ecom.decision"].create(self._prepare_stage_decisions(asked))
        failed = {}
        for order in self:
            for rule, error in plans[order.id].failed.items():
                failed[rule] = error
                order._open_exception(
                    "rule_failed",
                    self.env._(
                        "Rule “%(rule)s” could not look at this order: %(error)s",
                        rule=rule.name,
                        error=error,
                    ),
                    rule_id=rule.id,
                    rule_version=rule.version,
                    blocking=False,
                )
        for rule, error in failed.items():
            rule._set_faulty(error)


class EcomShipment(models.Model):
    _inherit = "ecom.shipment"

    @api.model_create_multi
    def create(self, vals_list):
        ids = {
            order_id
            for vals in vals_list
            for command, _id, values in vals.get("order_ids", ())
            if command == fields.Command.SET
            for order_id in values
        }
        # Parcels are made by whoever confirms an order; rules are the company's.
        self.env["ecom.order"].sudo().browse(sorted(ids))._apply_merge_rules()
        return super().create(vals_list)

    @api.depends("order_ids.no_merge", "order_ids.merge_forbidden", "order_ids.merge_key")
    def _compute_merge_group(self):
        return super()._compute_merge_group()

    def _is_merge_forbidden(self):
        self.ensure_one()
        return any(order.no_merge or order.merge_forbidden for order in self.order_ids)

    def _get_merge_scope(self):
        """:return: part of the merge group: of which orders a parcel's may be"""
        keys = self.order_ids.mapped("merge_key")
        if not any(keys):
            return super()._get_merge_scope()
        return f"r{'|'.join(sorted(key or '' for key in set(keys)))}"

    def _get_merge_window(self):
        minutes = [m for m in self.order_ids.mapped("merge_minutes") if m >= 0]
        return min(minutes) if minutes else super()._get_merge_window()

    def _get_no_merge_reason(self):
        reason = super()._get_no_merge_reason()
        if not reason and self._is_merge_forbidden():
            return self.env._("%(name)s: a rule says that its order is not merged.", name=self.name)
        return reason
