import secrets

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class EcomOrder(models.Model):
    """Review by people: approve, hold, reject, force, and check what was forced."""

    _inherit = "ecom.order"

    forced_at = fields.Datetime("Forced On", readonly=True, copy=False)
    forced_by_id = fields.Many2one("res.users", "Forced By", readonly=True, copy=False)
    force_reason = fields.Char(readonly=True, copy=False)
    audit_state = fields.Selection(
        [("none", "No audit"), ("todo", "To be checked"), ("done", "Checked")],
        "Audit",
        default="none",
        readonly=True,
        copy=False,
        help="A share of the forced approvals is drawn by lot, to be checked by a second person.",
    )
    audited_by_id = fields.Many2one("res.users", "Checked By", readonly=True, copy=False)

    _audit_idx = models.Index("(company_id) WHERE audit_state = 'todo'")

    # === ACTIONS === #

    def action_approve(self, reason=None):
        """Approve accepted orders; those that are held with a reason need one as well.

        What another group has to see to (a finance review, say) stays open, and the order waits
        for that.

        :param str reason: why, kept in the order's history
        :return: True
        :raise UserError: an order cannot be approved by this user
        """
        everything = self.env.su
        self = self._check_reviewer()
        errors = self._get_approval_errors(reason, everything)
        if errors:
            raise UserError(next(iter(errors.values())))
        self._approve_by_person(reason, everything)
        return True

    def action_force_approve(self, reason):
        """Approve against all that speaks against it.

        :param str reason: why; logged for everybody to read
        :raise AccessError: the user may not force
        :raise UserError: no reason, or an order that is not accepted or rejected
        """
        self._check_may_force()
        self = self._check_reviewer()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the approval is forced."))
        errors = self._get_approval_errors(reason, everything=True)
        if errors:
            raise UserError(next(iter(errors.values())))
        todo = self.filtered(lambda order: order.review_state != "approved")
        todo._approve_by_person(reason, everything=True, forced=True)
        for channel, orders in todo.grouped("channel_id").items():
            audited = orders.filtered(
                lambda order, c=channel: secrets.randbelow(10_000) < c.force_audit_share * 100
            )
            audited.write({"audit_state": "todo"})
        todo.write(
            {
                "forced_at": fields.Datetime.now(),
                "forced_by_id": self.env.uid,
                "force_reason": reason,
            }
        )
        return True

    def action_hold(self, reason, until=None):
        """Hold orders that are not confirmed yet.

        :param str reason: shown to everybody who works on the order
        :param until: datetime (UTC) at which they go on by themselves, or None
        """
        self = self._check_reviewer()
        if not reason:
            raise UserError(self.env._("Say why the order is held."))
        self._check_not_confirmed()
        until = fields.Datetime.to_datetime(until) if until else False
        vals = {"message": reason, "until": until, "due_at": until}
        known = self.exception_ids.filtered(lambda e: e.type == "manual" and e.state == "open")
        known.write(vals)
        self.env["ecom.exception"].create(
            [{"order_id": order.id, "type": "manual", **vals} for order in self - known.order_id]
        )
        self.write({"review_state": "held"})
        self._show_holds()
        self._log_review(
            self.env._("Held by %(user)s: %(reason)s", user=self.env.user.name, reason=reason)
        )
        return True

    def action_reject(self, reason):
        """Reject orders: their sale orders are cancelled, nothing is delivered."""
        self = self._check_reviewer()
        if not reason:
            raise UserError(self.env._("Say why the order is rejected."))
        self._check_not_confirmed()
        self.sale_order_id._action_cancel()
        self.exception_ids._resolve(self.env._("Rejected: %s", reason))
        self.write({"review_state": "rejected", "hold_reason": reason, "hold_until": False})
        self._log_review(
            self.env._("Rejected by %(user)s: %(reason)s", user=self.env.user.name, reason=reason)
        )
        return True

    def action_audit(self):
        """Button of who checks forced approvals: it was looked at, and is in order.

        :raise UserError: by the one who forced it
        """
        if not self.env.user.has_group("ecom_order_mgmt.group_ecom_finance"):
            raise AccessError(self.env._("Only finance reviewers may check forced approvals."))
        self = self._check_reviewer()
        todo = self.filtered(lambda order: order.audit_state == "todo")
        if any(order.forced_by_id == self.env.user for order in todo):
            raise UserError(self.env._("Somebody else must check what you forced yourself."))
        todo.write({"audit_state": "done", "audited_by_id": self.env.uid})
        todo._log_review(
            self.env._("Forced approval checked by %(user)s.", user=self.env.user.name)
        )
        return True

    # === WHAT THEY CHECK AND DO === #

    def _check_may_force(self):
        if not self.env.su and not self.env.user.has_group("ecom_order_mgmt.group_ecom_force"):
            raise AccessError(
                self.env._("Only members of the group “Force Approvals” may force an approval.")
            )

    def _check_not_confirmed(self):
        for order in self:
            error = order._get_closed_error()
            if error:
                raise UserError(error)

    def _get_closed_error(self):
        """:return: why the order can be neither held nor rejected any more, or False"""
        self.ensure_one()
        if self.confirmed_at or self.state == "cancelled":
            return self.env._(
                "Order %(order)s is confirmed or cancelled already.", order=self.display_name
            )
        return False

    def _get_approval_errors(self, reason, everything=False):
        """:param everything: whoever approves may decide about exceptions of every group
        :return: {order: why it cannot be approved}"""
        errors = {}
        for order in self:
            if order.state != "accepted" or order.review_state == "rejected":
                errors[order] = self.env._(
                    "Order %(order)s is not waiting for approval.", order=order.display_name
                )
                continue
            if order.review_state == "approved":
                continue
            blocking = order._get_blocking_exceptions()
            asking = blocking.filtered(lambda e: e.type != "manual")
            if asking and not reason:
                errors[order] = self.env._(
                    "Order %(order)s is held: %(message)s Give a reason to approve it all the same.",
                    order=order.display_name,
                    message=asking[0].message,
                )
            elif blocking and not everything and not blocking._filter_decidable(self.env.user):
                errors[order] = self._get_foreign_message(order, blocking)
        return errors

    def _get_foreign_message(self, order, blocking):
        if any(exception.force_only for exception in blocking):
            return self.env._(
                "Order %(order)s can only be approved by force: %(message)s",
                order=order.display_name,
                message=blocking.filtered("force_only")[0].message,
            )
        return self.env._(
            "Order %(order)s waits for %(group)s: %(message)s",
            order=order.display_name,
            group=blocking[0].group_id.name,
            message=blocking[0].message,
        )

    def _approve_by_person(self, reason, everything=False, forced=False):
        """Close what the user may decide about; the rest keeps the order waiting."""
        todo = self.filtered(lambda order: order.review_state != "approved")
        exceptions = todo.exception_ids.filtered(lambda e: e.state == "open")
        if not everything:
            exceptions = exceptions._filter_decidable(self.env.user)
        exceptions._resolve(reason or self.env._("Approved"))
        waiting = todo.filtered(lambda order: order._get_blocking_exceptions())
        approved = todo - waiting
        approved._set_approved("forced" if forced else "person")
        approved.write({"review_pending": False})
        if forced:
            message = self.env._("Approval forced by %(user)s.", user=self.env.user.name)
        else:
            message = self.env._("Approved by %(user)s.", user=self.env.user.name)
        approved._log_review("%s %s" % (message, reason) if reason else message)
        if waiting:
            waiting.write({"review_state": "held"})
            waiting._show_holds()
            message = self.env._("Passed the review by %(user)s.", user=self.env.user.name)
            waiting._log_review("%s %s" % (message, reason) if reason else message)
        approved.channel_id._trigger_processing()

    def _log_review(self, message):
        if self:
            self._message_log_batch(bodies=dict.fromkeys(self.ids, message))

    # === EXCEPTIONS === #

    def _get_blocking_exceptions(self):
        self.ensure_one()
        return self.exception_ids.filtered(lambda e: e.blocking and e.state == "open")

    def _open_exception(self, kind, message, **values):
        """Open an exception of a kind, once; the order is held by it.

        :param values: other fields of ecom.exception, e.g. `blocking`, `group_id`, `until`
        """
        self.ensure_one()
        same = self.exception_ids.filtered(
            lambda e: e.type == kind
            and e.state == "open"
            and e.rule_id.id == values.get("rule_id", False)
        )
        if same:
            same.write({"message": message, **values})
        else:
            self.env["ecom.exception"].create(
                {"order_id": self.id, "type": kind, "message": message, **values}
            )

    def _show_holds(self):
        """Write on held orders why they wait, and until when.

        They go on by themselves only when every reason has its time.
        """
        for order in self:
            blocking = order._get_blocking_exceptions()
            untils = blocking.mapped("until")
            order.write(
                {
                    "hold_reason": blocking[0].message if blocking else order.hold_reason,
                    "hold_until": max(untils) if untils and all(untils) else False,
                }
            )

    # === WATCHING === #

    review_pending = fields.Boolean(
        default=True, readonly=True, copy=False, help="Something changed that the rules look at."
    )
    reviewed_at = fields.Datetime("Rules Asked On", readonly=True, copy=False)
    reviewed_version = fields.Integer(readonly=True, copy=False)

    def _request_review(self, anew=False):
        """Have these orders looked at again, if they are still waiting or held.

        :param anew: also by rules that looked at this version of the order already
        """
        todo = self.filtered(
            lambda order: order.state == "accepted"
            and order.review_state in ("waiting", "held")
            and (anew or not order.review_pending)
        )
        if todo:
            todo.write({"review_pending": True, **({"reviewed_version": 0} if anew else {})})
            todo.channel_id._trigger_processing()

    @api.model
    def _get_watched_domain(self):
        """:return: domain of orders that are held by a rule that keeps watching"""
        return fields.Domain(
            "exception_ids", "any", [("state", "=", "open"), ("rule_id.watch", "=", True)]
        )
