from odoo import fields, models
from odoo.exceptions import UserError

from ..tools import policy as policy_tools
from .ecom_return import GOODS_TYPES, TAKING_TYPES


class EcomReturn(models.Model):
    """What the policy says of a case, what people decide, and what follows from that."""

    _inherit = "ecom.return"

    # === POLICY === #

    def _get_policy_facts(self, policies):
        """:param policies: list of plain policies: what none of them asks for is not looked up"""
        self.ensure_one()
        order = self.sale_order_id
        delivered = order._ecom_get_delivered_at() if order else False
        now = fields.Datetime.now()
        products = self.line_ids.product_id
        cases = order.ecom_return_ids - self
        return {
            "resolution": self.type,
            "channel": self.channel_id.id,
            "country": (order.partner_shipping_id.country_id or order.partner_id.country_id).id,
            "reason": self.reason_id.id,
            "product_tags": set(products.all_product_tag_ids.ids)
            if any(policy["product_tags"] for policy in policies)
            else set(),
            "partner_tags": set(order.partner_id.commercial_partner_id.category_id.ids)
            if any(policy["partner_tags"] for policy in policies)
            else set(),
            "value": self.amount_goods,
            "cases": len(cases.filtered(lambda c: c.request_state in ("new", "approved"))),
            "shipped": bool(delivered) or any(line.qty_delivered > 0 for line in order.order_line),
            "days": (now - delivered).days if delivered else None,
        }

    def _apply_policy(self, taken=None):
        """Find the policy of a new case; store its verdict and why; approve where it says so.

        :param taken: pieces of the order that other cases hold, where that is known already
        """
        for case in self:
            order_lines = None
            if case.sale_order_id and case.type in TAKING_TYPES:
                order_lines = case.sale_order_id._ecom_get_amount_lines(case, taken)
            case._compute_amounts(order_lines)
            policies = self.env["ecom.return.policy"].search_fetch(
                [("company_id", "in", (False, case.company_id.id))]
            )
            plain = policies._prepare_policies()
            facts = case._get_policy_facts(plain)
            verdict = policy_tools.decide(plain, facts)
            missing = verdict.allowed and case._get_replacement_shortage()
            if missing:
                verdict.automatic = False
                verdict.reasons.append(("no_stock", {"what": missing}))
            chosen = policies.browse(verdict.policy["id"] if verdict.policy else [])
            text = " ".join(case._explain(key, data) for key, data in verdict.reasons)
            case.write(
                {
                    "policy_id": chosen.id,
                    "policy_verdict": "allowed" if verdict.allowed else "refused",
                    "policy_reason": text,
                    "method": case.method or chosen.method or "ship",
                    "instructions": case.instructions or chosen.instructions,
                }
            )
            # Fees and shipping depend on the policy.
            case._compute_amounts(order_lines)
            if self.env.context.get("ecom_preview"):
                continue
            rejected = [
                {"policy": name, "because": self._explain_condition(key)}
                for name, key in verdict.rejected
            ]
            case._decide(
                "policy",
                self.env._(
                    "Policy %(policy)s: %(verdict)s. %(reason)s",
                    policy=chosen.name or self.env._("none"),
                    verdict=self.env._("allowed") if verdict.allowed else self.env._("not allowed"),
                    reason=text,
                ),
                rule=chosen.name,
                details={
                    "facts": {
                        key: sorted(value) if isinstance(value, set) else value
                        for key, value in facts.items()
                    },
                    "rejected": rejected,
                },
            )
            by_hand = self.env.context.get("ecom_decide_by_hand")
            if verdict.allowed and verdict.automatic and not by_hand:
                case._approve(self.env._("Approved by the policy. %(why)s", why=text), fresh=True)
            else:
                case._remind(
                    self.env._("Decide about %(case)s", case=case.name), text, case.deadline
                )

    def _explain(self, key, data):
        """:return: one reason of a verdict as a sentence"""
        texts = {
            "no_policy": self.env._("No policy fits this case."),
            "not_shipped": self.env._("Nothing has left yet."),
            "not_offered": self.env._("The policy does not offer this."),
            "not_delivered": self.env._("It is on its way; the time to return has not begun."),
            "too_late": self.env._(
                "Delivered %(days)s days ago; the policy allows %(window)s.",
                days=data.get("days"),
                window=data.get("window"),
            ),
            "in_time": self.env._(
                "Delivered %(days)s days ago, within %(window)s.",
                days=data.get("days"),
                window=data.get("window"),
            ),
            "too_many": self.env._(
                "The order has %(cases)s cases already; the policy allows %(max)s.",
                cases=data.get("cases"),
                max=data.get("max"),
            ),
            "no_stock": self.env._(
                "Not in stock to be sent again: %(what)s. A person decides.", what=data.get("what")
            ),
            "too_dear": self.env._(
                "Worth more than %(max)s: a person decides.", max=data.get("max")
            ),
        }
        return texts[key]

    def _explain_condition(self, key):
        return {
            "channels": self.env._("another channel"),
            "countries": self.env._("another country"),
            "reasons": self.env._("another reason"),
            "product_tags": self.env._("other products"),
            "partner_tags": self.env._("another customer tier"),
            "value_min": self.env._("worth less"),
            "value_max": self.env._("worth more"),
        }[key]

    def _remind(self, summary, note=None, deadline=None):
        """An activity for the agent, or for whoever looks after the channel.

        It stands in their list of activities. Odoo would send a mail for each one as well: those of
        an automatic policy would bury the mails of buyers.
        """
        for case in self.with_context(mail_activity_quick_update=True):
            user = case.user_id or case.channel_id.user_id or self.env.user
            case.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=fields.Date.to_date(deadline) if deadline else None,
                summary=summary,
                note=note or "",
                user_id=user.id,
            )

    # === DECISIONS === #

    def action_approve(self, reason=None):
        """Approve new cases; one that the policy does not allow needs a reason.

        :param str reason: kept in the history
        :raise UserError: a case is decided already, or against the policy without a reason
        """
        user = self.env.user
        for case in self._check_agent():
            if case.request_state != "new":
                raise UserError(self.env._("%(case)s is decided already.", case=case.name))
            if case.policy_verdict == "refused" and not reason:
                raise UserError(
                    self.env._(
                        "The policy does not allow %(case)s: %(why)s Give a reason to approve it "
                        "all the same.",
                        case=case.name,
                        why=case.policy_reason,
                    )
                )
            text = self.env._("Approved by %(user)s.", user=user.name)
            with case._gather_decisions() as approving:
                approving._approve("%s %s" % (text, reason) if reason else text)
        return True

    def action_reject(self, reason):
        """Refuse new cases, with a reason that the buyer reads."""
        if not reason:
            raise UserError(self.env._("Say why the case is rejected."))
        cases = self._check_agent()
        if any(case.request_state != "new" for case in cases):
            raise UserError(self.env._("Only new cases can be rejected."))
        cases._reject(
            reason,
            self.env._("Rejected by %(user)s: %(reason)s", user=self.env.user.name, reason=reason),
        )
        return True

    def _reject(self, reason, summary):
        """:param reason: what buyer and platform read
        :param summary: what is kept of the decision"""
        self.write(
            {
                "request_state": "rejected",
                "reject_reason": reason,
                "decided_at": fields.Datetime.now(),
                "amount_due": 0,
            }
        )
        self._decide("request", summary)
        self._finish_activities()
        self._platform_answer("rejected")

    def action_withdraw(self, reason=None):
        """The buyer changed their mind: nothing comes back, nothing is paid.

        :raise UserError: goods or money have moved already
        """
        for case in self._check_agent():
            case._withdraw(reason or self.env._("withdrawn by an agent"))
        return True

    def _withdraw(self, reason):
        self.ensure_one()
        if self.request_state not in ("new", "approved"):
            raise UserError(self.env._("%(case)s is closed already.", case=self.name))
        self.sale_order_id._ecom_lock_refunds()
        if self.amount_issued or self.goods_state in ("received", "graded"):
            raise UserError(
                self.env._(
                    "Goods or money of %(case)s have moved already; it cannot be withdrawn.",
                    case=self.name,
                )
            )
        self.picking_ids.filtered(lambda p: p.state not in ("done", "cancel")).action_cancel()
        if self.exchange_order_id.state in ("draft", "sent", "sale"):
            self.exchange_order_id._action_cancel()
        self.write(
            {
                "request_state": "withdrawn",
                "decided_at": fields.Datetime.now(),
                "goods_state": "none",
                "exchange_state": "none",
                "amount_due": 0,
            }
        )
        self._decide("request", self.env._("Withdrawn: %(reason)s", reason=reason))
        self._finish_activities()
        self._platform_answer("rejected")
        self._platform_take_back()

    def _approve(self, text, fresh=False):
        """Approve, and start what the type and the policy ask for.

        :param fresh: the case was made in this transaction, its amounts were worked out under the
            lock of the order
        """
        self.ensure_one()
        if not fresh:
            self.sale_order_id._ecom_lock_refunds()
        self._mark_unshipped()
        if not fresh:
            self._compute_amounts()
        self.write({"request_state": "approved", "decided_at": fields.Datetime.now()})
        self._decide("request", text, rule=self.policy_id.name)
        if not fresh:
            self._finish_activities()
        self._stop_unshipped()
        if self.type in GOODS_TYPES and self.type != "unknown":
            self._await_goods()
        if self.type in ("exchange", "resend"):
            self._create_replacement()
        self._platform_answer("approved")
        self._advance("request")

    def _finish_activities(self):
        self.activity_unlink(["mail.mail_activity_data_todo"])

    def _advance(self, event):
        """What the policy wants to happen by itself after `event`.

        :param event: "request", "first_scan", "receipt" or "grading"
        """
        order = ("request", "first_scan", "receipt", "grading")
        for case in self:
            happened = order.index(event)
            if not case._awaits_goods():
                # Nothing comes back: whatever it was to wait for is over.
                happened = len(order) - 1
            wish = case.policy_id.exchange_on or "receipt"
            if case.exchange_state == "reserved" and order.index(wish) <= happened:
                case._release_replacement()
            if case.type == "exchange" and case.exchange_state == "reserved":
                continue
            wish = case.policy_id.refund_on or "manual"
            if wish in order and order.index(wish) <= happened:
                case._refund_due()

    def _awaits_goods(self):
        return self.goods_state != "none" or bool(self.picking_ids)
