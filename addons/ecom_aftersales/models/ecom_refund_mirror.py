from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError, ValidationError
from odoo.fields import Command

from odoo.addons.ecom_order_mgmt.tools.matching import line_key

from .sale_order import exact

_BATCH = 200


class EcomRefund(models.Model):
    """What a channel refunded becomes a case here, once, with its credit note."""

    _inherit = "ecom.refund"

    return_id = fields.Many2one(
        "ecom.return", "Case", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    mirror_message = fields.Text(
        "Why There Is No Case", readonly=True, help="What stands in the way of a case."
    )

    @api.model
    def _get_mirror_domain(self, channel):
        return [
            ("channel_id", "=", channel.id),
            ("state", "=", "matched"),
            ("return_id", "=", False),
            ("handling", "=", "todo"),
            ("mirror_message", "=", False),
            ("order_id.sale_order_id", "!=", False),
        ]

    def _mirror(self):
        """Make cases of these refunds. :return: those that have one now"""
        for refund in self:
            if refund.return_id or refund.state != "matched":
                continue
            order = refund.order_id.sale_order_id
            if not order:
                continue
            order._ecom_lock_refunds()
            payment = refund._find_own_payment(order)
            if payment:
                # We asked for it: the channel only confirms. Or somebody there was faster; then
                # the channel need not be told any more.
                if payment.method == "channel" and payment.state == "pending":
                    refund.order_id._withdraw_refund(payment.key)
                refund.return_id = payment.return_id
                payment.refund_id = refund
                if payment.state != "done":
                    payment._set_done(refund.number)
                continue
            problem = refund._get_mirror_problem(order)
            if problem:
                refund.mirror_message = problem
                continue
            try:
                # One refund that cannot be booked must not keep the others from it.
                with self.env.cr.savepoint():
                    case = refund._find_open_case(order)
                    if case:
                        refund._settle_open_case(case)
                    else:
                        refund._create_case(order)
            except LockError:
                raise
            except (UserError, ValidationError) as error:
                refund.mirror_message = str(error)
        return self.filtered("return_id")

    def _find_own_payment(self, order):
        """The refund that we issued and the channel now reports."""
        candidates = self.env["ecom.return.payment"].search(
            [
                ("sale_order_id", "=", order.id),
                ("method", "in", ("channel", "manual")),
                ("state", "in", ("todo", "pending", "done")),
                ("refund_id", "=", False),
                ("currency_id", "=", self.currency_id.id),
            ],
            order="id",
        )
        named = candidates.filtered(
            lambda p: p.reference and p.reference in (self.external_id, self.number)
        )
        same = candidates.filtered(
            lambda p: not p.currency_id.compare_amounts(p.amount, self.amount)
        )
        return (named or same)[:1]

    def _find_open_case(self, order):
        """A case that waits for just this money: the channel paid what we were about to pay."""
        return order.ecom_return_ids.filtered(
            lambda case: case.request_state in ("new", "approved")
            and not case.amount_issued
            and case.amount_due
            and not case.currency_id.compare_amounts(case.amount_due, self.amount)
        )[:1]

    def _settle_open_case(self, case):
        if case.request_state == "new":
            case._approve(self.env._("Approved: the channel refunded it on its own."))
        self.return_id = case
        # Approving may have paid already, where the policy says so.
        payment = case.payment_ids.filtered(lambda p: p.state in ("todo", "failed"))
        if payment:
            payment[0].refund_id = self
            payment[0]._set_done(self.number)
            return
        self._add_payment(case)
        case._create_credit_notes()

    def _get_mirror_problem(self, order):
        """:return: why no case can be made of the refund, as a text, or None"""
        if self.currency_id != order.currency_id:
            return self.env._(
                "Refunded in %(refund)s, ordered in %(order)s: book the difference by hand.",
                refund=self.currency_code,
                order=order.currency_id.name,
            )
        if not self.amount:
            return self.env._("Nothing was paid back: there is nothing to book.")
        return None

    def _create_case(self, order):
        lines, leftover = self._get_case_lines(order)
        vals = {
            "type": "refund_only",
            "origin": "platform",
            "request_key": f"refund/{self.channel_id.id}/{self.external_id}",
            "company_id": order.company_id.id,
            "order_id": self.order_id.id,
            "channel_id": self.channel_id.id,
            "sale_order_id": order.id,
            "partner_id": order.partner_id.id,
            "currency_id": order.currency_id.id,
            "description": self.reason,
            "platform_case_id": f"refund:{self.external_id}",
            "platform_state": "closed",
            "method": "keep",
            "line_ids": [Command.create(line) for line in lines],
        }
        case = self.env["ecom.return"].with_company(order.company_id).create(vals)
        case._mark_unshipped()
        case._compute_amounts()
        # The platform's amount is the truth; ours explains it as far as it goes.
        difference = exact(self.amount) - exact(case.amount_due)
        case.write(
            {
                "amount_adjustment": float(difference),
                "adjustment_reason": self.env._("As refunded by the channel")
                if difference
                else False,
                "amount_due": self.amount,
                "request_state": "approved",
                "decided_at": fields.Datetime.now(),
            }
        )
        case._decide(
            "platform",
            self.env._(
                "The channel refunded %(amount)s on its own. %(left)s",
                amount=case._format(self.amount),
                left=self.env._("Not on the order any more: %(what)s.", what=", ".join(leftover))
                if leftover
                else "",
            ),
        )
        self.return_id = case
        case._stop_unshipped()
        self._add_payment(case)
        case.refund_days = 0
        case._create_credit_notes()
        self._warn_of_too_much(case, order)

    def _warn_of_too_much(self, case, order):
        """The money has left: the case says so, and a person looks into it."""
        paid, refunded = order._ecom_get_paid(), order._ecom_get_refunded()
        if refunded <= paid:
            return
        message = self.env._(
            "The channel gave back %(refunded)s in all, but only %(paid)s were paid for the order.",
            refunded=case._format(float(refunded)),
            paid=case._format(float(paid)),
        )
        case._decide("platform", message)
        case._remind(self.env._("More was given back than paid"), message)

    def _add_payment(self, case):
        return self.env["ecom.return.payment"].create(
            {
                "return_id": case.id,
                "sale_order_id": case.sale_order_id.id,
                "currency_id": case.currency_id.id,
                "amount": self.amount,
                "method": "mirror",
                "state": "done",
                "paid_at": self.refunded_at or fields.Datetime.now(),
                "refund_id": self.id,
                "reference": self.number,
                "key": f"refund/{self.channel_id.id}/{self.external_id}",
            }
        )

    def _get_case_lines(self, order):
        """:return: (values of case lines, texts of what the order does not hold any more)"""
        taken = order._ecom_get_taken()
        Case = self.env["ecom.return"]
        goods = order.order_line.filtered(
            lambda line: not line.display_type and line._ecom_get_amount_kind() == "goods"
        )
        by_ref = {line.ecom_line_ref: line for line in goods if line.ecom_line_ref}
        by_key = self._get_lines_by_key(goods)
        result, leftover = [], []
        for entry in (self.document or {}).get("lines", []):
            quantity = Decimal(str(entry["quantity"]))
            if entry.get("kind", "product") != "product" or quantity <= 0:
                continue
            first = by_ref.get(entry.get("order_line_id"))
            candidates = [first] if first else by_key.get(line_key(entry), [])
            for line in candidates:
                if quantity <= 0:
                    break
                take = min(quantity, Case._get_left(line, line.product_id, taken))
                if take <= 0:
                    continue
                quantity -= take
                for part, ratio in line._ecom_get_components().items():
                    key = (line.id, part.id)
                    taken[key] = taken.get(key, Decimal(0)) + take * ratio
                result.append(
                    {
                        "sale_line_id": line.id,
                        "product_id": line.product_id.id,
                        "quantity": float(take),
                    }
                )
            if quantity > 0:
                what = entry.get("name") or entry.get("sku") or entry["id"]
                leftover.append(f"{quantity.normalize():f} x {what}")
        return result, leftover

    def _get_lines_by_key(self, goods):
        """The order's own document says which sku the channel calls each line."""
        refs = {line.ecom_line_ref: line for line in goods if line.ecom_line_ref}
        result = {}
        for entry in (self.order_id.document or {}).get("lines", []):
            line = refs.get(entry.get("id"))
            if line:
                result.setdefault(line_key(entry), []).append(line)
        for line in goods:
            code = (line.product_id.default_code or "").upper()
            if code and line not in result.get(code, []):
                result.setdefault(code, []).append(line)
        return result

    def action_make_case(self):
        """Button: try again to make a case of refunds that have none."""
        refunds = self._check_agent().sudo()
        refunds.write({"mirror_message": False})
        made = refunds._mirror()
        if not made and refunds:
            raise UserError(
                refunds[0].mirror_message
                or self.env._("The refund's order is not here, or it is not accepted yet.")
            )
        return True

    def action_open_case(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "ecom.return",
            "res_id": self.return_id.id,
            "view_mode": "form",
        }


class EcomChannel(models.Model):
    _inherit = "ecom.channel"

    refund_cases = fields.Boolean(
        "Cases for the Channel's Refunds",
        default=True,
        help="What the channel refunds becomes a case here: what is not shipped is stopped, and what "
        "was invoiced is credited.",
    )

    def _run_refunds(self, totals):
        """After refunds are matched to their orders: make cases of them, batch by batch."""
        super()._run_refunds(totals)
        if not self.refund_cases:
            return
        Refund = self.env["ecom.refund"]
        last_id = 0
        while True:
            refunds = Refund.search(
                [*Refund._get_mirror_domain(self), ("id", ">", last_id)], order="id", limit=_BATCH
            )
            if not refunds:
                return
            last_id = refunds[-1].id
            if not self._commit_or_put_off(refunds._mirror):
                return
