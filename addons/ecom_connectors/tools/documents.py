"""Rows of one order -> canonical documents, or what exactly is wrong with which cell.

The same rows in any order give the same document: lines are sorted by what they say, and a line
without an id of its own is known by its SKU. So a file that was sorted anew in a spreadsheet and
uploaded again changes nothing.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from . import columns
from .choices import is_cash_on_delivery, parse_choice, parse_currency
from .columns import FIELDS, LINE_KINDS
from .problems import Problem, ValueProblem
from .values import clean_id, clean_text, currency_decimals, iso, money, parse_number, parse_time
from .values import plain as plain_number

ZERO = Decimal(0)
_MAX = {"id": 128, "text": 20000}
_SHORT = 512
_LONG = ("line.name", "line.note", "buyer_message", "seller_memo", "reason")
_STREETS = ("street", "street2")
# Where rows contradict each other here, taking any of them would be a guess about money.
_STRICT = ("currency", "type", "status", "order_external_id", "payment_state")


@dataclass
class Built:
    """One document of the rows of one order number.

    `problems` empty: the document is complete. Otherwise it holds what could be read, so that the
    intake can park it under its number.
    """

    kind: str
    external_id: str
    document: dict
    problems: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    rows: list = field(default_factory=list)


class Builder:
    """Builds documents by one layout for files with one header.

    :param spec: layout, see columns
    :param header: names of the columns
    :param currency: ISO code that holds where the file names none
    :param prices_include_tax: of the channel, where the layout does not say it
    """

    def __init__(self, spec, header, currency="", prices_include_tax=False):
        self.spec = columns.complete(spec)
        self.options = self.spec["options"]
        self.header = header
        self.positions = columns.positions(self.spec, header)
        self.constants = self.spec["constants"]
        self.currency = currency
        included = self.options["prices_include_tax"]
        self.included = prices_include_tax if included is None else bool(included)
        self.paths = [path for path in FIELDS if path in self.positions or path in self.constants]
        self.line_paths = [path for path in self.paths if FIELDS[path].level == "line"]
        self.services = {code.upper(): kind for code, kind in self.options["services"].items()}

    def build(self, key, rows):
        """:param rows: [(row number, cells), ...] of one order number, in any order
        :return: list of Built: an order, a refund, or (one number with both) one of each"""
        read = [_Row(self, number, cells) for number, cells in rows]
        lines = [row for row in read if row.has_line]
        if self._is_refund(key, read):
            return [self._refund(key, key, read, lines)]
        if self.options["refund_negative"]:
            back = [row for row in lines if row.quantity is not None and row.quantity < 0]
            if back and len(back) == len(lines):
                return [self._refund(key, key, read, lines)]
            if back:
                rest = [row for row in read if row not in back]
                refund = self._refund(key, f"{key}-R"[:128], back, back)
                refund.document.setdefault("order_external_id", key)
                return [self._order(key, rest, [row for row in rest if row.has_line]), refund]
        return [self._order(key, read, lines)]

    def _is_refund(self, key, read):
        prefix = self.options["refund_prefix"]
        if prefix and key.upper().startswith(prefix.upper()) and len(key) > len(prefix):
            return True
        return {row.values.get("type") for row in read} == {"refund"}

    # --- the parts that orders and refunds share

    def _start(self, kind, external_id, read):
        built = Built(kind, external_id, {}, rows=[row.number for row in read])
        for row in read:
            built.problems += row.problems
            built.notes += row.notes
        built.document["type"] = kind
        built.document["external_id"] = external_id
        if len(external_id) > _MAX["id"]:
            built.problems.append(self._problem("text_too_long", read[0], "external_id", limit=128))
        types = {row.values["type"] for row in read if row.values.get("type")}
        if len(types) > 1:
            built.problems.append(self._problem("mixed_refund", read[0], "type"))
        return built

    def _problem(self, code, row, path, **params):
        return row.problem(code, path, **params)

    def _agreed(self, built, read, path):
        """The one value that the rows of an order give a field of the order, or None."""
        found = [(row, row.values[path]) for row in read if row.values.get(path) is not None]
        if FIELDS[path].level == "amount":
            # Exports repeat an amount in every row, or state it once and 0 in the others.
            found = [item for item in found if item[1]] or found[:1]
        if not found:
            return None
        counts = Counter(value for _row, value in found)
        if len(counts) == 1:
            return found[0][1]
        if FIELDS[path].kind == "time":
            return max(counts) if path == "updated_at" else min(counts)
        if FIELDS[path].level == "amount" or path in _STRICT:
            shown = ", ".join(sorted(str(value) for value in counts)[:5])
            built.problems.append(self._problem("rows_disagree", found[0][0], path, values=shown))
            return None
        most = max(counts.values())
        return min(value for value, count in counts.items() if count == most)

    def _customer(self, built, read):
        customer, shipping, billing = {}, {}, {}
        for path in self.paths:
            part, _dot, name = path.partition(".")
            target = {
                "customer": customer, "shipping_address": shipping, "billing_address": billing,
            }.get(part)  # fmt: skip
            if target is not None:
                value = self._agreed(built, read, path)
                if value:
                    target[name] = value
        return customer, shipping, billing

    def _currency(self, built, read):
        currency = self._agreed(built, read, "currency") or self.currency
        if currency:
            built.document["currency"] = currency
        else:
            built.problems.append(self._problem("missing", read[0], "currency"))
        return currency_decimals(currency)

    def _time(self, built, read, path, target=None):
        value = self._agreed(built, read, path)
        if value is not None:
            built.document[target or path] = iso(value)
        return value

    # --- orders

    def _order(self, key, read, rows):
        built = self._start("order", key, read)
        document = built.document
        decimals = self._currency(built, read)
        if self._time(built, read, "placed_at") is None and not _has(built, self, "placed_at"):
            built.problems.append(self._problem("missing", read[0], "placed_at"))
        for path in ("updated_at", "ship_by", "deliver_from", "deliver_by"):
            self._time(built, read, path)
        for path in ("number", "status", "payment_state", "buyer_message", "seller_memo",
                     "delivery_option"):  # fmt: skip
            value = self._agreed(built, read, path)
            if value:
                document[path] = value
        customer, shipping, billing = self._customer(built, read)
        for name, value in (
            ("customer", customer), ("shipping_address", shipping), ("billing_address", billing),
        ):  # fmt: skip
            if value:
                document[name] = value
        document["prices_include_tax"] = self.included
        lines = [self._order_line(built, row, decimals) for row in rows]
        lines += self._charges(built, read)
        if not lines and not built.problems:
            built.problems.append(self._problem("missing", read[0], "line.quantity"))
        document["lines"] = self._finish_lines(built, lines, read)
        self._discount(built, read)
        self._total(built, read, decimals)
        self._payments(built, read)
        if built.notes:
            document["extra"] = {"time_note": sorted({note.code for note in built.notes})}
        return built

    def _order_line(self, built, row, decimals):
        """One line of an order; problems go to `built`."""
        line, values = self._line_start(row), row.values
        quantity, price, total = (
            row.quantity,
            values.get("line.unit_price"),
            values.get("line.total"),
        )
        if quantity is None:
            if not row.has_problem("line.quantity"):
                built.problems.append(self._problem("missing", row, "line.quantity"))
            return line
        if quantity < 0 and line["kind"] == "product":
            built.problems.append(self._problem("negative_quantity", row, "line.quantity"))
            return line
        if quantity < 0:
            # "-1 x 5.00" of a discount or fee is 1 x -5.00.
            quantity, price = -quantity, None if price is None else -price
        discount = abs(values.get("line.discount") or ZERO)
        if price is None and total is None:
            if not row.has_problem("line.unit_price") and not row.has_problem("line.total"):
                built.problems.append(self._problem("missing", row, "line.unit_price"))
            return line
        percent = values.get("line.discount_percent")
        if percent and price is not None:
            discount += Decimal(money(quantity * price * abs(percent) / 100, decimals))
        if price is None:
            price = (total + discount) / quantity if quantity else ZERO
        line["quantity"], line["unit_price"] = plain_number(quantity), plain_number(price)
        if discount:
            line["discount"] = plain_number(discount)
        net = quantity * price - discount if total is None else total
        if total is not None:
            line["total"] = plain_number(total)
        self._tax(built, row, line, net, decimals)
        line["_net"] = net
        return line

    def _line_start(self, row):
        values = row.values
        sku = values.get("line.sku")
        kind = values.get("line.kind") or self.services.get((sku or "").upper(), "product")
        line = {"id": values.get("line.id"), "kind": kind}
        for name in ("sku", "barcode", "listing_id", "name", "note"):
            value = values.get(f"line.{name}")
            if value:
                line[name] = value
        if kind == "product" and not any(
            line.get(k) for k in ("sku", "barcode", "listing_id", "name")
        ):
            row.late.append(self._problem("missing", row, "line.sku"))
        return line

    def _tax(self, built, row, line, net, decimals):
        mode, values = self.options["tax"], row.values
        if mode == "none":
            return
        rate = values.get("line.tax_rate")
        if rate is None and self.options["tax_rate"]:
            rate = Decimal(self.options["tax_rate"])
        amount = values.get("line.tax_amount") if mode == "column" else None
        if rate is None:
            if amount:
                built.problems.append(self._problem("missing", row, "line.tax_rate"))
            return
        if not rate:
            return
        if amount is None:
            amount = net * rate / (100 + rate) if self.included else net * rate / 100
        text = money(amount, decimals)
        line["taxes"] = [{"rate": plain_number(rate), "amount": text}]
        line["_tax"] = Decimal(text)

    def _charges(self, built, read):
        """Lines for the charges that a file states per order."""
        lines = []
        for path, kind in (
            ("shipping_amount", "shipping"), ("gift_wrap_amount", "gift_wrap"), ("fee_amount", "fee"),
        ):  # fmt: skip
            amount = self._agreed(built, read, path)
            if amount:
                line = {
                    "id": kind, "kind": kind, "quantity": "1", "unit_price": plain_number(amount),
                    "_net": amount,
                }  # fmt: skip
                if self.options["tax"] == "fixed":
                    decimals = currency_decimals(built.document.get("currency", ""))
                    self._tax(built, read[0], line, amount, decimals)
                lines.append(line)
        return lines

    def _finish_lines(self, built, lines, read):
        """Sort lines by what they say, give ids to those that have none, find double ids."""
        for row in read:
            built.problems += row.late
        lines.sort(key=_line_key)
        seen, sums = set(), [ZERO, ZERO]
        for line in lines:
            sums[0] += line.pop("_net", ZERO)
            sums[1] += line.pop("_tax", ZERO)
            base = line["id"]
            if base and base in seen:
                built.problems.append(
                    Problem("duplicate_line", read[0].number, self._column("line.id"), base)
                )
            elif not base:
                base = next(
                    (line[k] for k in ("sku", "listing_id", "barcode", "name") if line.get(k)),
                    line["kind"],
                )[:110]
                line["id"], count = base, 1
                while line["id"] in seen:
                    count += 1
                    line["id"] = f"{base}#{count}"
            seen.add(line["id"])
        self._sums = sums
        return lines

    def _discount(self, built, read):
        amount = self._agreed(built, read, "discount_amount")
        self._order_discount = abs(amount or ZERO)
        if amount:
            discount = {"amount": plain_number(abs(amount))}
            code = self._agreed(built, read, "discount_code")
            if code:
                discount["code"] = code
            built.document["discounts"] = [discount]

    def _total(self, built, read, decimals):
        """The stated total, or what the lines make."""
        total = self._agreed(built, read, "total")
        net, tax = self._sums
        if total is None:
            if self._order_discount and tax and not self.included:
                built.problems.append(self._problem("total_needed", read[0], "total"))
            total = net - self._order_discount + (ZERO if self.included else tax)
        built.document["total"] = money(total, decimals)

    def _payments(self, built, read):
        document, payments = built.document, []
        method = self._agreed(built, read, "payment_method")
        paid_at = self._agreed(built, read, "paid_at")
        amount = self._agreed(built, read, "payment_amount")
        card = self._agreed(built, read, "gift_card_amount")
        total = Decimal(document["total"])
        if card:
            payments.append({"kind": "gift_card", "amount": plain_number(abs(card))})
        known = document.get("payment_state")
        if amount is None and total > 0 and not known and (self.options["paid"] or paid_at):
            amount = total - abs(card or ZERO)
        if method and is_cash_on_delivery(method):
            due = total - abs(card or ZERO)
            payments.append({
                "kind": "cash_on_delivery", "method": method, "amount": plain_number(due),
                "state": "paid" if paid_at else "pending",
            })  # fmt: skip
        elif amount:
            payments.append({"kind": "payment", "amount": plain_number(amount), "state": "paid"})
            if method:
                payments[-1]["method"] = method
        if payments and paid_at:
            payments[-1]["paid_at"] = iso(paid_at)
        if payments:
            document["payments"] = payments

    # --- refunds

    def _refund(self, key, external_id, read, rows):
        built = self._start("refund", external_id, read)
        document = built.document
        decimals = self._currency(built, read)
        when = self._time(built, read, "placed_at", "created_at")
        if when is None and not _has(built, self, "placed_at"):
            built.problems.append(self._problem("missing", read[0], "placed_at"))
        self._time(built, read, "updated_at")
        for path in ("number", "order_external_id", "reason"):
            value = self._agreed(built, read, path)
            if value:
                document[path] = value
        customer, shipping, _billing = self._customer(built, read)
        if shipping.get("name"):
            customer.setdefault("name", shipping["name"])
        if customer:
            document["customer"] = customer
        # Files write what is taken back as negative, or as positive throughout.
        sign = -1 if any(row.quantity is not None and row.quantity < 0 for row in rows) else 1
        lines = [self._refund_line(built, row, sign, decimals) for row in rows]
        document["lines"] = self._finish_lines(built, lines, read)
        total = self._agreed(built, read, "total")
        document["amount"] = money(self._sums[0] if total is None else abs(total), decimals)
        return built

    def _refund_line(self, built, row, sign, decimals):
        line, values = self._line_start(row), row.values
        line.pop("barcode", None), line.pop("listing_id", None), line.pop("note", None)
        quantity, price, total = (
            row.quantity,
            values.get("line.unit_price"),
            values.get("line.total"),
        )
        if quantity is None or (price is None and total is None):
            missing = "line.quantity" if quantity is None else "line.unit_price"
            if not row.has_problem(missing):
                built.problems.append(self._problem("missing", row, missing))
            return line
        if total is None:
            total = quantity * price - abs(values.get("line.discount") or ZERO) * sign
        elif sign < 0 < total and quantity < 0:
            total = -total
        scratch = {}
        self._tax(built, row, scratch, total, decimals)
        if not self.included:
            total += scratch.get("_tax", ZERO)
        line["quantity"] = plain_number(abs(quantity))
        line["amount"] = plain_number(total * sign)
        line["_net"] = total * sign
        return line

    def _column(self, path):
        """Header of the column of a field, or the field's own name where it has none."""
        found = self.positions.get(path)
        return self.header[found[0]] if found else FIELDS[path].label


class _Row:
    """The values of one row, read; and what was wrong with them."""

    def __init__(self, builder, number, cells):
        self.builder, self.number, self.cells = builder, number, cells
        self.problems, self.notes, self.late = [], [], []
        self.values, self._bad = {}, set()
        if len(cells) > len(builder.header):
            extra = " ".join(cells[len(builder.header) :])
            self.problems.append(Problem("surplus_cells", number, "", extra))
        for path in builder.paths:
            if path == "external_id":
                continue
            text = self._text(path)
            if text:
                self._read(path, text)
        self.quantity = self.values.get("line.quantity")
        self.has_line = any(
            path in self.values or path in self._bad
            for path in builder.line_paths
            if path in builder.positions
        )

    def _text(self, path):
        texts = [
            clean_text(self.cells[index])
            for index in self.builder.positions.get(path, ())
            if index < len(self.cells)
        ]
        return " ".join(filter(None, texts)) or self.builder.constants.get(path, "")

    def _read(self, path, text):
        try:
            self.values[path] = self._value(path, text)
        except ValueProblem as problem:
            self._bad.add(path)
            column = self.builder._column(path)
            self.problems.append(Problem(problem.code, self.number, column, text, problem.params))

    def _value(self, path, text):
        kind, options = FIELDS[path].kind, self.builder.options
        if kind in ("number", "money"):
            if path in ("line.tax_rate", "line.discount_percent"):
                text = text.rstrip("% ")
            return parse_number(text, options["decimal_mark"])
        if kind == "time":
            value, note = parse_time(
                text, options["date_order"], options["date_formats"], options["tz"]
            )
            if note:
                self.notes.append(Problem(note, self.number, self.builder._column(path), text))
            return value
        if kind == "choice":
            return parse_choice(path, text)
        if kind == "currency":
            return parse_currency(text)
        if kind == "id":
            text = clean_id(text)
            if len(text) > _MAX["id"]:
                raise ValueProblem("text_too_long", limit=_MAX["id"])
            return text
        long = path in _LONG or path.endswith(_STREETS)
        return text[: _MAX["text"] if long else _SHORT]

    def has_problem(self, path):
        return path in self._bad

    def problem(self, code, path, **params):
        return Problem(
            code, self.number, self.builder._column(path), self._text(path),
            tuple(sorted(params.items())),
        )  # fmt: skip


def _has(built, builder, path):
    """Whether a problem with this field's cells is told already."""
    column = builder._column(path)
    return any(problem.column == column for problem in built.problems)


def _line_key(line):
    shown = {name: str(value) for name, value in line.items() if name != "id"}
    return (
        line["kind"] != "product",
        LINE_KINDS.index(line["kind"]),
        # "2" before "10"
        (len(line["id"]), line["id"]) if line["id"] else (0, ""),
        line.get("sku") or line.get("name") or "",
        json.dumps(shown, sort_keys=True, ensure_ascii=False),
    )
