from collections import defaultdict
from decimal import Decimal

from odoo import models
from odoo.fields import Command

from ..tools import amounts
from .ecom_return import GOODS_TYPES, MONEY_TYPES
from .sale_order import exact

ZERO = Decimal(0)


class EcomReturn(models.Model):
    """Credit notes: what the invoice said, taken back to the cent, taxes included."""

    _inherit = "ecom.return"

    def _create_credit_notes(self):
        """Credit what these cases give back, as far as it is invoiced. Does nothing twice.

        What is not invoiced yet but will be, is credited when the invoice is posted (see
        account.move). What will never be invoiced needs no credit.
        """
        for case in self:
            if case.credit_state == "done" or case.type not in (*MONEY_TYPES, "exchange"):
                continue
            wanted = case._get_credit_parts()
            if not any(part["money"] for part in wanted):
                continue
            lines_by_invoice, missing = case._plan_credit(wanted)
            notes = self.env["account.move"]
            for invoice, lines in lines_by_invoice.items():
                notes |= case._create_credit_note(invoice, lines)
            if notes:
                # Odoo itself matches them with what is open of their invoices.
                notes.action_post()
                case.amount_credited = sum(case.credit_note_ids.mapped("amount_total"))
            will_be = missing and case._will_be_invoiced(wanted)
            case.credit_state = "waiting" if will_be else "done"
            case._explain_credit(notes, missing, will_be)
            case._link_credited_quantities()

    def _explain_credit(self, notes, missing, will_be):
        if notes:
            self._decide(
                "credit",
                self.env._(
                    "Credit note %(names)s over %(amount)s.",
                    names=", ".join(notes.mapped("name")),
                    amount=self._format(sum(notes.mapped("amount_total"))),
                ),
            )
        if missing:
            self._decide(
                "credit",
                self.env._(
                    "%(amount)s are not invoiced yet; they are credited with the invoice.",
                    amount=self._format(float(missing)),
                )
                if will_be
                else self.env._(
                    "%(amount)s were never invoiced: there is nothing to credit.",
                    amount=self._format(float(missing)),
                ),
            )

    def _get_credit_parts(self):
        """:return: list of {"line": sale line, "money": Decimal with taxes, "quantity": Decimal or
        None, "back": pieces whose cost comes back (Decimal), "label": text or None}; the sum is what
        the buyer gets back for the case"""
        self.ensure_one()
        breakdown = self.breakdown or {}
        SaleLine = self.env["sale.order.line"]
        parts = []
        credited = self._get_credited()
        for entry in breakdown.get("goods", []):
            line = SaleLine.browse(entry["line"])
            ratios = line._ecom_get_components()
            quantity = min(
                (
                    Decimal(entry["parts"].get(str(product.id), "0")) / ratio
                    for product, ratio in ratios.items()
                ),
                default=ZERO,
            )
            parts.append(
                {
                    "line": line,
                    "kind": "goods",
                    "money": self._get_invoiceable(line, Decimal(entry["money"])),
                    # Some components of a kit are no quantity of the kit.
                    "quantity": quantity or None,
                    "back": self._get_pieces_back(line) - self._get_cost_credited(line),
                    "label": None,
                }
            )
        for kind in ("discounts", "shipping"):
            for entry in breakdown.get(kind, []):
                parts.append(
                    {
                        "line": SaleLine.browse(entry["line"]),
                        "kind": kind,
                        "money": Decimal(entry["money"]),
                        "quantity": None,
                        "label": None,
                    }
                )
        extra = {
            "fees": (
                -Decimal(breakdown.get("restocking_fee", "0"))
                - Decimal(breakdown.get("label_fee", "0")),
                self.env._("Return fees"),
            ),
            "adjustment": (
                exact(self.amount_adjustment),
                self.adjustment_reason or self.env._("Goodwill"),
            ),
        }
        for kind, (money, label) in extra.items():
            parts += self._spread(kind, money, label)
        for part in parts:
            part["money"] -= credited.get((part["kind"], part["line"].id), ZERO)
        return parts

    def _get_pieces_back(self, sale_line):
        """For how much of an order line the invoice's cost of goods is taken back: for what comes back,
        and for what was invoiced and is not sent. What the buyer keeps stays sold.

        :return: Decimal, in units of the line; a part of a kit counts by its share of the kit's cost
        """
        comes = self.type in GOODS_TYPES and not (
            self.type in ("return", "exchange") and self.method in ("keep", "destroy")
        )
        invoiced_unsent = sale_line.product_id.invoice_policy != "delivery"
        ratios = sale_line._ecom_get_components()
        weights = dict(zip(ratios, sale_line._ecom_get_component_weights(ratios), strict=True))
        whole = sum(weights.values(), ZERO)
        total = ZERO
        for line in self.line_ids.filtered(lambda line: line.sale_line_id == sale_line):
            unsent = exact(line.unshipped_quantity)
            pieces = exact(line.quantity) - unsent if comes else ZERO
            if invoiced_unsent:
                pieces += unsent
            if line._is_part_of_kit() and whole:
                part = line.product_id
                pieces *= weights.get(part, ZERO) / ratios.get(part, Decimal(1)) / whole
            total += pieces
        return total

    def _get_cost_credited(self, sale_line):
        """:return: pieces whose cost this case took back already"""
        notes = self.credit_note_ids.filtered(lambda move: move.state == "posted")
        return sum(
            (
                aml._ecom_get_cost_back()
                for aml in notes.invoice_line_ids
                if (aml.ecom_credit_split or {}).get("sale_line") == sale_line.id
            ),
            ZERO,
        )

    def _get_invoiceable(self, sale_line, money):
        """What was never sent is never invoiced where delivered pieces are: it needs no credit."""
        if sale_line.product_id.invoice_policy != "delivery":
            return money
        lines = self.line_ids.filtered(lambda line: line.sale_line_id == sale_line)
        asked = sum((exact(line.quantity) for line in lines), ZERO)
        sent = asked - sum((exact(line.unshipped_quantity) for line in lines), ZERO)
        if not asked or sent >= asked:
            return money
        return amounts.round_to(money * sent / asked, exact(self.currency_id.rounding))

    def _spread(self, kind, money, label):
        """Fees and goodwill have no order line of their own: they follow the goods' values."""
        if not money:
            return []
        lines = self.line_ids.sale_line_id or self.sale_order_id.order_line.filtered(
            lambda line: not line.display_type and line._ecom_get_amount_kind() == "goods"
        )
        if not lines:
            return []
        weights = [max(exact(line.price_total), ZERO) for line in lines]
        shares = amounts.share(money, weights, exact(self.currency_id.rounding))
        return [
            {"line": line, "kind": kind, "money": share, "quantity": None, "label": label}
            for line, share in zip(lines, shares, strict=True)
            if share
        ]

    def _get_credited(self):
        """:return: {(kind, sale line id): money that this case credited already}"""
        result = defaultdict(Decimal)
        for aml in self.credit_note_ids.filtered(lambda m: m.state == "posted").invoice_line_ids:
            split = aml.ecom_credit_split
            if split:
                result[(split["kind"], split["sale_line"])] += Decimal(split["money"])
        return result

    def _plan_credit(self, parts):
        """Find the invoice lines that the parts are taken from.

        :return: ({invoice: [(invoice line, part, money, base and taxes, tax ids, pieces whose cost
            comes back)]}, money found nowhere)
        """
        invoices = self.sale_order_id.invoice_ids.filtered(
            lambda move: move.state == "posted" and move.move_type == "out_invoice"
        ).sorted("id")
        state = {}
        for invoice in invoices:
            state |= self._get_invoice_state(invoice)
        plan, missing = defaultdict(list), ZERO
        rounding = exact(self.currency_id.rounding)
        # What is positive first: fees take from what is credited, not from the whole invoice.
        for part in parts:
            money, entries = part["money"], []
            for aml in part["line"].invoice_lines.filtered(lambda line: line in state):
                if not money:
                    break
                left = sum(state[aml]["totals"]) - sum(state[aml]["used"])
                if part["kind"] == "goods":
                    now = min(money, left) if money > 0 else money
                elif money > 0:
                    # Discounts are lines of their own with negative money.
                    now = min(money, left)
                else:
                    now = max(money, left) if left < 0 else money
                if not now:
                    continue
                totals, used = state[aml]["totals"], state[aml]["used"]
                split = amounts.split_credit(now, totals, used, rounding)
                state[aml]["used"] = [a + b for a, b in zip(used, split, strict=True)]
                entries.append((aml, part, now, split, state[aml]["taxes"]))
                money -= now
            cost_back = part.get("back") or ZERO
            for entry in entries:
                # As many pieces as the invoice line still holds.
                pieces = max(min(cost_back, state[entry[0]]["held"]), ZERO)
                state[entry[0]]["held"] -= pieces
                cost_back -= pieces
                plan[entry[0].move_id].append((*entry, pieces))
            missing += money
        for invoice in list(plan):
            total = sum(entry[2] for entry in plan[invoice])
            if total <= 0:
                # A credit note cannot be negative: a person has to book what is left of a discount.
                del plan[invoice]
                self._decide(
                    "credit",
                    self.env._(
                        "The discount on %(invoice)s is %(amount)s too high now; book it by hand.",
                        invoice=invoice.name,
                        amount=self._format(float(-total)),
                    ),
                )
        return plan, missing

    def _get_invoice_state(self, invoice):
        """:return: {invoice line: {"totals": [base, tax...], "used": the same credited before,
        "taxes": tax ids, "held": pieces whose cost was not taken back}}"""
        base_lines, _tax_lines = invoice._get_rounded_base_and_tax_lines()
        credited = invoice.line_ids._ecom_get_credits()
        result = {}
        for base_line in base_lines:
            aml = base_line["record"]
            if not isinstance(aml, models.BaseModel) or not aml:
                continue
            details = base_line["tax_details"]
            taxes = [data["tax"].id for data in details["taxes_data"]]
            base = exact(
                self.currency_id.round(
                    details["total_excluded_currency"] + details["delta_total_excluded_currency"]
                )
            )
            totals = [
                base,
                *(
                    exact(self.currency_id.round(d["tax_amount_currency"]))
                    for d in details["taxes_data"]
                ),
            ]
            used, held = [ZERO] * len(totals), exact(aml.quantity)
            for note_line in credited.filtered(lambda ln, aml=aml: ln.ecom_invoice_line_id == aml):
                split = note_line.ecom_credit_split
                for index, value in enumerate(split["split"]):
                    used[index] += Decimal(value)
                held -= note_line._ecom_get_cost_back()
            result[aml] = {"totals": totals, "used": used, "taxes": taxes, "held": held}
        return result

    def _create_credit_note(self, invoice, planned):
        vals = {
            "move_type": "out_refund",
            "reversed_entry_id": invoice.id,
            "ecom_return_id": self.id,
            "partner_id": invoice.partner_id.id,
            "partner_shipping_id": invoice.partner_shipping_id.id,
            "company_id": invoice.company_id.id,
            "journal_id": invoice.journal_id.id,
            "currency_id": invoice.currency_id.id,
            "fiscal_position_id": invoice.fiscal_position_id.id,
            "invoice_origin": invoice.invoice_origin,
            "ref": self.env._(
                "%(case)s: takes back %(invoice)s", case=self.name, invoice=invoice.name
            ),
            "invoice_user_id": invoice.invoice_user_id.id,
            "team_id": invoice.team_id.id,
            # Due at once, whatever the terms of the invoice were.
            "invoice_payment_term_id": False,
            # At the invoice's own rate the books are even afterwards.
            "invoice_currency_rate": invoice.invoice_currency_rate,
            "invoice_line_ids": [
                Command.create(self._prepare_credit_line(invoice, *entry)) for entry in planned
            ],
        }
        return self.env["account.move"].with_company(invoice.company_id).create(vals)

    def _prepare_credit_line(self, invoice, aml, part, money, split, tax_ids, back=ZERO):
        """:param back: pieces whose cost comes back
        :return: values of one line whose base and taxes are exactly `split`"""
        base, taxes = split[0], split[1:]
        included = any(aml.tax_ids.flatten_taxes_hierarchy().mapped("price_include"))
        shown = float(money) if included else float(base)
        quantity, price, discount = 1.0, shown, 0.0
        if part["quantity"] and money == part["money"]:
            whole = float(part["quantity"])
            # The invoice's own price where it gives this money, else the money per piece.
            quantity = whole
            discount = aml.discount
            price = aml.price_unit
            expected = quantity * price * (1 - discount / 100)
            if abs(expected - shown) > 0.05 * quantity + 0.05:
                discount, price = 0.0, shown / quantity
        vals = {
            "product_id": aml.product_id.id,
            "product_uom_id": aml.product_uom_id.id,
            "name": part["label"] or aml.name,
            "quantity": quantity,
            "price_unit": price,
            "discount": discount,
            "account_id": aml.account_id.id,
            "tax_ids": [Command.set(aml.tax_ids.ids)],
            "analytic_distribution": aml.analytic_distribution,
            "ecom_invoice_line_id": aml.id,
            "ecom_return_line_id": self.line_ids.filtered(
                lambda line: line.sale_line_id == part["line"]
            )[:1].id,
            "ecom_credit_split": {
                "kind": part["kind"],
                "sale_line": part["line"].id,
                "money": str(money),
                "pieces": bool(part["quantity"]),
                "back": str(back),
                "split": [str(value) for value in split],
            },
        }
        if not tax_ids:
            if quantity != 1.0 and self.currency_id.compare_amounts(
                quantity * price * (1 - discount / 100), shown
            ):
                vals |= {"quantity": 1.0, "price_unit": shown, "discount": 0.0}
            return vals
        rate = invoice.invoice_currency_rate or 1.0
        company_currency = invoice.company_id.currency_id

        def in_company(value):
            return company_currency.round(float(value) / rate)

        vals["extra_tax_data"] = {
            "currency_id": invoice.currency_id.id,
            "price_unit": price,
            "discount": discount,
            "quantity": quantity,
            "rate": rate,
            "manual_total_excluded_currency": float(base),
            "manual_total_excluded": in_company(base),
            "manual_tax_amounts": {
                str(tax_id): {
                    "tax_amount_currency": float(tax),
                    "base_amount_currency": float(base),
                    "tax_amount": in_company(tax),
                    "base_amount": in_company(base),
                }
                for tax_id, tax in zip(tax_ids, taxes, strict=True)
            },
        }
        return vals

    def _will_be_invoiced(self, parts):
        """:return: is there more to come on the invoice for what these parts are about?"""
        lines = self.env["sale.order.line"].union(
            *(part["line"] for part in parts if part["money"])
        )
        for line in lines:
            if line.order_id.state != "sale":
                continue
            if line.product_id.invoice_policy == "order":
                target = line.product_uom_qty
            else:
                target = line.qty_delivered
            if line.product_uom_id.compare(target, line.qty_invoiced) > 0:
                return True
        return False

    def _link_credited_quantities(self):
        """Tell the order of the credited quantity, where the goods are back and delivery counts.

        Odoo invoices the difference between delivered and invoiced pieces. Linked too early, or
        where ordered pieces count, the same goods would be invoiced again.
        """
        for case in self:
            for aml in case.credit_note_ids.invoice_line_ids:
                split = aml.ecom_credit_split or {}
                if split.get("kind") != "goods" or aml.sale_line_ids or not split.get("pieces"):
                    continue
                line = self.env["sale.order.line"].browse(split["sale_line"])
                case_lines = case.line_ids.filtered(lambda ln, line=line: ln.sale_line_id == line)
                back = sum(case_lines.mapped("quantity_received"))
                if line.product_id.invoice_policy == "delivery" and (
                    line.product_uom_id.compare(back, aml.quantity) >= 0
                ):
                    aml.sale_line_ids = [Command.link(line.id)]
