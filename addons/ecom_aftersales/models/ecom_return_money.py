from decimal import Decimal

from odoo import models
from odoo.exceptions import UserError

from ..tools import amounts
from .ecom_return import MONEY_TYPES
from .sale_order import exact


class EcomReturn(models.Model):
    """What a case is worth, and how the money goes back, once."""

    _inherit = "ecom.return"

    # === AMOUNTS === #

    def _compute_amounts(self, order_lines=None):
        """Work out what is due, from what was paid for the goods; store how it comes about.

        :param order_lines: what is left of the order of a single case, where it is known already
        """
        for case in self.filtered("sale_order_id"):
            if case.type not in (*MONEY_TYPES, "exchange"):
                continue
            result = case._get_refund(order_lines)
            by_line = case._share_by_case_line(result)
            for line in case.line_ids:
                line.amount = float(by_line.get(line, 0))
            fees = result.restocking_fee + result.label_fee
            total = result.total + exact(case.amount_adjustment)
            case.write(
                {
                    "amount_goods": float(result.goods_total),
                    "amount_shipping": float(result.shipping_total),
                    "amount_fees": float(fees),
                    "breakdown": case._prepare_breakdown(result),
                    "amount_due": float(case._get_due(total)),
                }
            )

    def _get_due(self, total):
        """:return: money to give back; an exchange gives back what the replacement costs less"""
        self.ensure_one()
        if self.type == "exchange":
            total -= exact(self.exchange_amount)
        return max(total, Decimal(0))

    def _get_refund(self, order_lines=None):
        """:return: amounts.Refund of the goods of this case"""
        self.ensure_one()
        order = self.sale_order_id
        policy = self.policy_id
        free = self.fault in ("seller", "carrier", "supplier") and not policy.fee_if_seller_fault
        comes_back = self.type in ("return", "exchange") and self.method in ("ship", "drop_off")
        shipping_rule = policy.shipping_rule or "last"
        if self.type == "intercept" and not any(line.qty_delivered for line in order.order_line):
            shipping_rule = "last"
        if self.type == "exchange":
            shipping_rule = "none"
        given = sum(
            (
                exact(case.amount_shipping)
                for case in order.ecom_return_ids - self
                if case.request_state in ("new", "approved")
            ),
            Decimal(0),
        )
        try:
            return amounts.compute(
                order_lines or order._ecom_get_amount_lines(without=self),
                self._get_wanted(),
                exact(self.currency_id.rounding),
                shipping_rule=shipping_rule,
                shipping_given=given,
                restocking_percent=Decimal(0)
                if free or not comes_back
                else exact(policy.restocking_percent),
                label_fee=Decimal(0)
                if free or not comes_back or self.method != "ship"
                else exact(policy.label_fee),
            )
        except amounts.AmountError:
            raise UserError(
                self.env._("Case %(case)s asks for more than is left of the order.", case=self.name)
            )

    def _get_wanted(self):
        """:return: {(sale line id, product id): pieces}; kits by component"""
        wanted = {}
        for line in self.line_ids.filtered("sale_line_id"):
            for product, ratio in line._get_component_ratios().items():
                key = (line.sale_line_id.id, product.id)
                wanted[key] = wanted.get(key, Decimal(0)) + exact(line.quantity) * ratio
        return wanted

    def _share_by_case_line(self, result):
        """:return: {case line: money}; lines of the same goods share by quantity"""
        rounding = exact(self.currency_id.rounding)
        shares = {}
        wanted = self._get_wanted()
        for key, money in result.by_line.items():
            holders = []
            for line in self.line_ids.filtered(lambda ln, key=key: ln.sale_line_id.id == key[0]):
                for product, ratio in line._get_component_ratios().items():
                    if product.id == key[1]:
                        holders.append((line, exact(line.quantity) * ratio))
            if not wanted.get(key):
                continue
            for (line, _qty), part in zip(
                holders, amounts.share(money, [qty for _l, qty in holders], rounding), strict=True
            ):
                shares[line] = shares.get(line, Decimal(0)) + part
        return shares

    def _prepare_breakdown(self, result):
        """:return: the refund by sale line as JSON; what credit notes are made from"""
        goods = {}
        for (line_id, product_id), (pieces, money) in result.goods.items():
            entry = goods.setdefault(line_id, {"money": Decimal(0), "parts": {}})
            entry["money"] += money
            entry["parts"][str(product_id)] = str(pieces)
        return {
            "goods": [
                {"line": line_id, "money": str(entry["money"]), "parts": entry["parts"]}
                for line_id, entry in goods.items()
            ],
            "discounts": [
                {"line": key[0], "money": str(money)} for key, money in result.discounts.items()
            ],
            "shipping": [
                {"line": key[0], "money": str(money)} for key, money in result.shipping.items()
            ],
            "restocking_fee": str(result.restocking_fee),
            "label_fee": str(result.label_fee),
        }

    def action_set_amount(self, amount, reason):
        """An agent decides on another amount: goodwill, or less than the goods are worth.

        :param float amount: what the buyer shall get in all
        :param str reason: kept with the case
        :raise UserError: no reason, more than was paid, or goodwill above the agent's limit
        """
        self.ensure_one()
        manager = self._is_manager() or self.env.su
        case = self._check_agent()
        if not reason:
            raise UserError(self.env._("Say why the amount is changed."))
        if case.request_state not in ("new", "approved"):
            raise UserError(self.env._("%(case)s is closed already.", case=case.name))
        case.sale_order_id._ecom_lock_refunds()
        amount = exact(case.currency_id.round(amount))
        base = (
            exact(case.amount_due) - exact(case.amount_adjustment)
            if case.type in MONEY_TYPES
            else Decimal(0)
        )
        extra = amount - base
        limit = exact(case.policy_id.goodwill_limit)
        if extra > limit and not manager:
            raise UserError(
                self.env._(
                    "You may add up to %(limit)s as goodwill; a manager may add more.",
                    limit=case._format(float(limit)),
                )
            )
        if amount < exact(case.amount_issued):
            raise UserError(
                self.env._(
                    "%(amount)s are paid back or on their way already.",
                    amount=case._format(case.amount_issued),
                )
            )
        possible = case.sale_order_id._ecom_get_refundable() + exact(case.amount_issued)
        if amount > possible:
            raise UserError(
                self.env._(
                    "At most %(amount)s can go back: no more was paid and is not refunded yet.",
                    amount=case._format(float(possible)),
                )
            )
        case.write(
            {
                "amount_adjustment": float(extra),
                "adjustment_reason": reason,
                "amount_due": float(amount),
            }
        )
        case._decide(
            "amount",
            self.env._(
                "%(user)s set the refund to %(amount)s (%(extra)s on top of %(base)s): %(reason)s",
                user=self.env.user.name,
                amount=case._format(float(amount)),
                extra=case._format(float(extra)),
                base=case._format(float(base)),
                reason=reason,
            ),
        )
        return True

    # === PAYING BACK === #

    def action_refund(self, amount=None):
        """Give money back now, all that is due or a part of it.

        :param float amount: default: what is due and not issued yet
        :raise UserError: the case is not approved, nothing is due, or more than can go back
        """
        for case in self._check_agent():
            if case.request_state != "approved":
                raise UserError(
                    self.env._("%(case)s must be approved before it is refunded.", case=case.name)
                )
            if not case._refund_due(exact(amount) if amount is not None else None):
                raise UserError(
                    self.env._(
                        "Nothing can be refunded on %(case)s: due %(due)s, issued %(issued)s, "
                        "refundable on the order %(left)s.",
                        case=case.name,
                        due=case._format(case.amount_due),
                        issued=case._format(case.amount_issued),
                        left=case._format(float(case.sale_order_id._ecom_get_refundable())),
                    )
                )
        return True

    def _refund_due(self, amount=None):
        """Issue what is due, under the lock of the order. The credit note comes with it.

        :param Decimal amount: a part of it; None for all
        :return: the refunds that were made (empty: nothing due)
        """
        self.ensure_one()
        order = self.sale_order_id
        Payment = self.env["ecom.return.payment"]
        if not order:
            return Payment
        # Whoever paid meanwhile wrote the same row of the order: then this transaction fails.
        order._ecom_lock_refunds()
        left = exact(self.amount_due) - exact(self.amount_issued)
        if amount is not None and amount > left:
            raise UserError(
                self.env._(
                    "Only %(left)s of %(case)s are left to refund.",
                    left=self._format(float(left)),
                    case=self.name,
                )
            )
        wanted = left if amount is None else amount
        paid, refunded = order._ecom_get_paid(), order._ecom_get_refunded()
        money = amounts.cap(wanted, paid, refunded)
        if money < wanted:
            self._decide(
                "money",
                self.env._(
                    "%(money)s instead of %(wanted)s: the buyer paid %(paid)s, and %(refunded)s "
                    "went back already.",
                    money=self._format(float(money)),
                    wanted=self._format(float(wanted)),
                    paid=self._format(float(paid)),
                    refunded=self._format(float(refunded)),
                ),
            )
        payments = Payment
        for method, transaction, part in self._choose_methods(money):
            payments |= Payment.with_context(mail_create_nolog=True).create(
                {
                    "return_id": self.id,
                    "sale_order_id": order.id,
                    "currency_id": self.currency_id.id,
                    "amount": float(part),
                    "method": method,
                    "transaction_id": transaction.id,
                    "key": f"{self.name}/{len(self.payment_ids) + 1}",
                }
            )
        if payments:
            self._decide(
                "money",
                self.env._(
                    "Refund of %(money)s issued: %(how)s.",
                    money=self._format(float(money)),
                    how=", ".join(
                        dict(Payment._fields["method"]._description_selection(self.env))[m]
                        for m in sorted(set(payments.mapped("method")))
                    ),
                ),
            )
        self._create_credit_notes()
        payments._start()
        return payments

    def _choose_methods(self, money):
        """How `money` goes back: where it came from, as far as that can be told.

        :return: list of (method, payment.transaction, Decimal)
        """
        result = []
        none = self.env["payment.transaction"]
        for tx in self.sale_order_id.transaction_ids.filtered(
            lambda tx: tx.state == "done" and tx.operation != "refund"
        ).sorted("id"):
            if money <= 0:
                break
            part = min(money, self._get_transaction_left(tx))
            support = tx.provider_id.support_refund, tx.payment_method_id.support_refund
            if part <= 0 or "none" in support or not all(support):
                continue
            if "full_only" in support and part != exact(tx.amount):
                continue
            result.append(("transaction", tx, part))
            money -= part
        if money > 0:
            result.append(("channel" if self._can_channel_refund() else "manual", none, money))
        return result

    def _get_transaction_left(self, tx):
        """:return: what of a payment is not refunded nor about to be (Decimal)"""
        given = sum(
            (
                exact(abs(child.amount))
                for child in tx.child_transaction_ids
                if child.operation == "refund" and child.state not in ("error", "cancel")
            ),
            Decimal(0),
        )
        waiting = self.env["ecom.return.payment"].search(
            [
                ("transaction_id", "=", tx.id),
                ("refund_tx_id", "=", False),
                ("state", "in", ("todo", "pending")),
            ]
        )
        return exact(tx.amount) - given - sum((exact(p.amount) for p in waiting), Decimal(0))

    def _can_channel_refund(self):
        """:return: can the channel give money of this order back? Only where it was paid there."""
        order = self.order_id
        if not order or order.is_cash_on_delivery:
            return False
        paid = order.payment_state in ("paid", "partially_refunded", "refunded")
        return paid and order._can_tell_refund()

    def _prepare_channel_lines(self):
        """:return: goods of the refund as the channel knows them, for :meth:`tell_refund`"""
        result = []
        for entry in (self.breakdown or {}).get("goods", []):
            line = self.env["sale.order.line"].browse(entry["line"])
            if not line.ecom_line_ref:
                continue
            ratios = line._ecom_get_components()
            pieces = min(
                Decimal(entry["parts"].get(str(product.id), "0")) / ratio
                for product, ratio in ratios.items()
            )
            result.append(
                {
                    "line_id": line.ecom_line_ref,
                    # Some components of a kit are no piece of it: then only money goes back.
                    "quantity": int(pieces),
                    "amount": entry["money"],
                }
            )
        return result
