from odoo import api, fields, models
from odoo.fields import Domain

# What rules set on an order, and what it is without them.
_RULE_VALUES = {
    "team_id": False,
    "priority": "0",
    "rule_warehouse_id": False,
    "rule_carrier_id": False,
    "no_merge": False,
    "no_split": False,
}
# How often an order that a watching rule holds is looked at again without anything happening.
WATCH_MINUTES = 60


class EcomOrder(models.Model):
    """Review by itself: the channel's settings, and the rules on top of them."""

    _inherit = "ecom.order"

    tag_ids = fields.Many2many(
        "ecom.tag", "ecom_order_tag_rel", string="Tags", readonly=True, copy=False
    )
    team_id = fields.Many2one("crm.team", "Team", readonly=True, copy=False)
    priority = fields.Selection(
        [("0", "Normal"), ("1", "Urgent")], default="0", readonly=True, copy=False
    )
    rule_warehouse_id = fields.Many2one(
        "stock.warehouse", "Warehouse by Rule", readonly=True, copy=False
    )
    rule_carrier_id = fields.Many2one(
        "delivery.carrier", "Carrier by Rule", readonly=True, copy=False
    )
    no_merge = fields.Boolean("Do Not Merge", readonly=True, copy=False)
    no_split = fields.Boolean("Do Not Split", readonly=True, copy=False)

    @api.model
    def _get_due_domain(self, channel):
        """:return: domain of waiting orders of `channel` that may be approved without being asked"""
        if channel.approval == "manual":
            return Domain.FALSE
        limit = fields.Datetime.subtract(
            fields.Datetime.now(), minutes=channel.approve_wait_minutes
        )
        due = Domain("channel_status", "=", "open") & Domain("placed_at", "<=", limit)
        if channel.approval == "paid":
            due &= Domain("paid_at", "=", False) | Domain("paid_at", "<=", limit)
            due &= Domain("payment_state", "=", "paid") | Domain("is_cash_on_delivery", "=", True)
        return due

    @api.model
    def _get_review_domain(self, channel):
        """:return: domain of the orders of `channel` whose review is due now"""
        now = fields.Datetime.now()
        held = Domain("review_state", "=", "held")
        waiting = Domain("review_state", "=", "waiting")
        pending = Domain("review_pending", "=", True)
        seen = fields.Datetime.subtract(now, minutes=WATCH_MINUTES)
        wanted = held & Domain("hold_until", "<=", now)
        wanted |= held & pending
        wanted |= held & self._get_watched_domain() & Domain("reviewed_at", "<=", seen)
        wanted |= waiting & self._get_due_domain(channel)
        if self._asks_rules_early(channel):
            wanted |= waiting & pending
        # What failed is tried again after a while, as everywhere in the pipeline.
        fit = Domain("cause", "!=", "processing_error") | Domain("next_try", "<=", now)
        return Domain("state", "=", "accepted") & fit & wanted

    @api.model
    def _asks_rules_early(self, channel):
        """Rules are asked when an order is due; before that, where they alone can approve it."""
        if channel.approval == "manual":
            return True
        rules = self.env["ecom.rule"]._get_rules("review")
        return any(
            "approve" in rule.action_ids.mapped("kind")
            and (not rule.channel_ids or channel in rule.channel_ids)
            for rule in rules
        )

    # === THE STEP OF THE PIPELINE === #

    def _review_batch(self, final=False):
        """Approve, or hold, accepted orders whose review is due. :return: counts by outcome"""
        todo = self.filtered(
            lambda order: order.state == "accepted" and order.review_state in ("waiting", "held")
        )
        before = {order: order.review_state for order in todo}
        # Every automatic decision is a record of its own; it need not be a message as well.
        todo.with_context(tracking_disable=True)._guarded(lambda orders: orders._review(), final)
        return {
            "approved": sum(order.review_state == "approved" for order in before),
            "held": sum(order.review_state == "held" for order in before),
        }

    def _review(self):
        now = fields.Datetime.now()
        self._end_holds(now)
        self._refresh_facts()
        plans = self.env["ecom.rule"]._get_rules("review")._plan(self, now)
        self._apply_plans(plans)
        self._conclude(plans)
        for version, orders in self.grouped("version").items():
            orders.write({"review_pending": False, "reviewed_at": now, "reviewed_version": version})
        self.filtered(lambda order: order.cause == "processing_error").write(
            {"cause": False, "cause_message": False, "attempts": 0}
        )

    def _end_holds(self, now):
        over = self.exception_ids.filtered(
            lambda e: e.state == "open" and e.until and e.until <= now
        )
        over._resolve(self.env._("Its time is over"))

    def _get_verdicts(self):
        """What the rules said of the present versions of these orders.

        :return: {order id: (ids of the rules that acted, when all rules were asked last)}; only of
            orders that the rules have seen in this version
        """
        decisions = self.env["ecom.decision"]._read_group(
            [("order_id", "in", self.ids), ("stage", "=", "review"), ("rule_id", "!=", False)],
            ["order_id", "order_version"],
            ["rule_id:array_agg"],
        )
        acted = {(order.id, version): frozenset(ids) for order, version, ids in decisions}
        return {
            order.id: (
                acted.get((order.id, order.version), frozenset()),
                order.reviewed_version == order.version and order.reviewed_at,
            )
            for order in self
        }

    # === APPLYING WHAT THE RULES SAY === #

    def _apply_plans(self, plans):
        """Do what the rules ask for, once per version of an order; close what they held before and
        would not hold now."""
        self._clear_gone(plans)
        exceptions, decisions = [], []
        for order in self:
            plan = plans[order.id]
            acted = {hit.rule for hit in plan.hits if hit.acted}
            seen = set()
            for rule, vals in plan.holds:
                key = (vals["type"], rule)
                if rule not in acted and key not in seen:
                    seen.add(key)
                    exceptions.append(vals)
            decisions += [order._prepare_hit_decision(hit) for hit in plan.hits if not hit.acted]
        self._open_exceptions(exceptions)
        self._apply_values(plans)
        self._add_free_lines(plans)
        self._notify_users(plans)
        self._hold_for_failed_rules(plans)
        self.env["ecom.decision"].create(decisions)

    def _open_exceptions(self, vals_list):
        """Open exceptions of rules; those that are open already say what is the case now."""
        known = {
            (e.order_id.id, e.type, e.rule_id.id): e
            for e in self.exception_ids
            if e.state == "open"
        }
        creates = []
        for vals in vals_list:
            same = known.get((vals["order_id"], vals["type"], vals["rule_id"]))
            if same:
                same.write({key: vals[key] for key in ("message", "rule_version", "until")})
            else:
                creates.append(vals)
        self.env["ecom.exception"].create(creates)

    def _clear_gone(self, plans):
        """Exceptions of rules that hold no more, or that are switched off."""
        gone = self.env["ecom.exception"]
        for exception in self.exception_ids:
            if exception.state != "open" or not exception.rule_id:
                continue
            plan, rule = plans[exception.order_id.id], exception.rule_id
            if exception.type == "rule_failed":
                if rule not in plan.failed and rule.state != "faulty":
                    gone |= exception
            elif rule not in plan.failed and rule not in {hit.rule for hit in plan.hits}:
                gone |= exception
        gone._resolve(self.env._("The reason is gone"))

    def _apply_values(self, plans):
        """Set the fields that rules decide about: few writes for many orders."""
        self._reset_values(plans)
        writes = {}
        for order in self:
            plan = plans[order.id]
            acted = {hit.rule for hit in plan.hits if hit.acted}
            for name, (value, rule) in plan.values.items():
                if rule not in acted:
                    writes.setdefault((name, value), self.browse())
                    writes[name, value] |= order
            new_tags = tuple(tag for tag in plan.tags if tag not in order.tag_ids.ids)
            if new_tags and any(not hit.acted for hit in plan.hits):
                writes.setdefault(("tag_ids", new_tags), self.browse())
                writes["tag_ids", new_tags] |= order
        for (name, value), orders in writes.items():
            if name == "tag_ids":
                orders.write({"tag_ids": [fields.Command.link(tag_id) for tag_id in value]})
                continue
            orders.write({name: value.id if isinstance(value, models.BaseModel) else value})
            drafts = orders.sale_order_id.filtered(lambda order: order.state in ("draft", "sent"))
            field = {
                "team_id": "team_id",
                "rule_warehouse_id": "warehouse_id",
                "rule_carrier_id": "carrier_id",
            }.get(name)
            if field:
                drafts.write({field: value.id})

    def _reset_values(self, plans):
        """What rules set on an earlier version of an order, and none sets on this one, goes."""
        for order in self:
            if not order.reviewed_at or order.reviewed_version == order.version:
                continue
            values = plans[order.id].values
            gone = {
                name: empty
                for name, empty in _RULE_VALUES.items()
                if name not in values and order[name] and order[name] != empty
            }
            sale_order = order.sale_order_id
            if "rule_warehouse_id" in gone and sale_order.state == "draft":
                sale_order.warehouse_id = order.channel_id._get_warehouse()
            if "rule_carrier_id" in gone and sale_order.state == "draft":
                sale_order.carrier_id = False
            if gone:
                order.write(gone)

    def _add_free_lines(self, plans):
        lines = []
        for order in self:
            plan, sale_order = plans[order.id], order.sale_order_id
            acted = {hit.rule for hit in plan.hits if hit.acted}
            if sale_order.state not in ("draft", "sent"):
                continue
            lines += [
                {
                    "order_id": sale_order.id,
                    "product_id": product.id,
                    "product_uom_qty": quantity,
                    "price_unit": 0.0,
                    # Never equal to the price: Odoo would reset that to the list price.
                    "technical_price_unit": 1.0,
                    "discount": 0.0,
                    "tax_ids": False,
                    "name": self.env._("%s (free)", product.display_name),
                }
                for rule, product, quantity in plan.free_lines
                if rule not in acted
            ]
        self.env["sale.order.line"].create(lines)

    def _notify_users(self, plans):
        todo = self.env.ref("mail.mail_activity_data_todo", raise_if_not_found=False)
        model_id = self.env["ir.model"]._get_id("ecom.order")
        activities = []
        for order in self:
            plan = plans[order.id]
            reasons = {hit.rule: hit.reason for hit in plan.hits if not hit.acted}
            activities += [
                {
                    "res_model_id": model_id,
                    "res_id": order.id,
                    "activity_type_id": todo.id if todo else False,
                    "user_id": user.id,
                    "summary": action.note or rule.name,
                    "note": reasons[rule],
                }
                for rule, action in plan.notify
                if rule in reasons
                for user in action.user_ids
            ]
        if activities:
            self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
                activities
            )

    def _hold_for_failed_rules(self, plans):
        """A rule that cannot be evaluated is switched off; the orders that it should have judged
        wait for a person."""
        failed, exceptions = {}, []
        for order in self:
            for rule, error in plans[order.id].failed.items():
                failed[rule] = error
                exceptions.append(
                    {
                        "order_id": order.id,
                        "type": "rule_failed",
                        "rule_id": rule.id,
                        "rule_version": rule.version,
                        "until": False,
                        "message": self.env._(
                            "Rule “%(rule)s” could not look at this order: %(error)s",
                            rule=rule.name,
                            error=error,
                        ),
                    }
                )
        self._open_exceptions(exceptions)
        for rule, error in failed.items():
            rule._set_faulty(error)

    def _prepare_hit_decision(self, hit):
        rule = hit.rule
        parts = [
            self.env._(
                "%(effects)s: %(reason)s, rule “%(rule)s” v%(version)s",
                effects=", ".join(hit.effects) or self.env._("nothing done"),
                reason=hit.reason,
                rule=rule.name,
                version=rule.version,
            )
        ]
        if hit.conflicts:
            parts.append(self.env._("Not done: %s", "; ".join(hit.conflicts)))
        summary = ". ".join(parts)
        return {
            "order_id": self.id,
            "stage": rule.stage,
            "rule": rule.name,
            "rule_id": rule.id,
            "rule_version": rule.version,
            "order_version": self.version,
            "summary": summary[:1].upper() + summary[1:] + ".",
            "details": {
                "found": hit.reason,
                "done": hit.effects,
                "rejected": hit.conflicts,
                "condition": rule.domain,
                "checks": rule.check_ids.mapped("kind"),
            },
        }

    # === THE END OF IT === #

    def _conclude(self, plans):
        """Approve what nothing speaks against, hold the rest, leave waiting what is not due."""
        due = self.browse()
        for channel, orders in self.grouped("channel_id").items():
            due |= orders.filtered_domain(self._get_due_domain(channel))
        decisions = []
        held = self.filtered(lambda order: order._get_blocking_exceptions())
        for order in held:
            first = order.review_state != "held"
            reason = order.hold_reason
            order._show_holds()
            by_rule = order._get_blocking_exceptions().rule_id
            if (first or order.hold_reason != reason) and not by_rule:
                decisions.append(order._prepare_review_decision(True, plans[order.id]))
        held.write({"review_state": "held"})
        rest = self - held
        approved = rest.filtered(lambda order: plans[order.id].approve or order in due)
        approved._set_approved("rules")
        decisions += [order._prepare_review_decision(False, plans[order.id]) for order in approved]
        (rest - approved).filtered(lambda order: order.review_state == "held").write(
            {"review_state": "waiting", "hold_reason": False, "hold_until": False}
        )
        self.env["ecom.decision"].create(decisions)

    def _prepare_review_decision(self, held, plan):
        channel = self.channel_id
        vals = {"order_id": self.id, "stage": "review", "rule": "approval"}
        if plan.asked:
            vals["details"] = {
                "rules_asked": plan.asked,
                "rules_hit": [f"{hit.rule.name} v{hit.rule.version}" for hit in plan.hits],
            }
        if held:
            summary = self.env._("Held: %(reason)s", reason=self.hold_reason)
        elif plan.approve:
            summary = self.env._(
                "Approved by rule “%(rule)s” v%(version)s: nothing else speaks against it.",
                rule=plan.approve.name,
                version=plan.approve.version,
            )
        elif channel.approval == "all":
            summary = self.env._(
                "Approved: the channel approves all orders %(minutes)s minutes after they are made.",
                minutes=channel.approve_wait_minutes,
            )
        elif self.payment_state != "paid":
            summary = self.env._("Approved: it is paid on delivery.")
        else:
            summary = self.env._(
                "Approved: paid, %(minutes)s minutes of waiting are over, and nothing speaks "
                "against it.",
                minutes=channel.approve_wait_minutes,
            )
        if plan.asked and not held:
            summary = self.env._(
                "%(summary)s (%(count)s rules asked)", summary=summary, count=plan.asked
            )
        return {**vals, "summary": summary}
