import random
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.ecom_order_mgmt.tools import canonical

from ..tools import columns, headers
from .common import HEADER, SPEC, build, row


def one(rows, **kwargs):
    (built,) = build(rows, **kwargs)
    return built


@tagged("post_install", "-at_install")
class TestOrders(BaseCase):
    def assertValid(self, built):
        self.assertEqual([problem.text() for problem in built.problems], [])
        return canonical.normalise(built.document)

    def codes(self, built):
        return [(problem.code, problem.row, problem.column) for problem in built.problems]

    def extended(self, **more):
        """Layout and header with further columns: field=header."""
        paths = {name.replace("__", "."): header for name, header in more.items()}
        header = HEADER + list(paths.values())
        extra = {column: path for path, column in paths.items()}
        return {
            "spec": {**SPEC, "columns": {**SPEC["columns"], **extra}},
            "header": header,
        }

    def test_order(self):
        built = one([row(), row(sku="LAMP", name="Lamp", quantity="1", price="5.50")])
        document = self.assertValid(built)
        self.assertEqual(document["total"], "25.5")
        self.assertEqual(document["placed_at"], "2026-03-01T10:00:00Z")
        self.assertEqual(document["customer"], {"email": "a@example.com"})
        self.assertEqual(
            [(line["id"], line["quantity"], line["unit_price"]) for line in document["lines"]],
            [("LAMP", "1", "5.5"), ("MUG", "2", "10")],
        )

    def test_same_code_at_two_prices(self):
        built = one([row(), row(price="9.00"), row()])
        document = self.assertValid(built)
        self.assertEqual([line["id"] for line in document["lines"]], ["MUG", "MUG#2", "MUG#3"])
        self.assertEqual(document["total"], "58")

    def test_amounts_of_the_whole_order(self):
        layout = self.extended(shipping_amount="Shipping", discount_amount="Coupon", total="Total")
        for extras in (
            [["4.90", "-3.00", "21.90"], ["4.90", "-3.00", "21.90"]],  # repeated
            [["4.90", "3", "21.90"], ["", "", ""]],  # only once
            [["4.90", "3", "21.90"], ["0.00", "0", "0"]],  # zero in the others
        ):
            rows = [row(quantity="1") + extras[0], row(sku="B", quantity="1") + extras[1]]
            document = self.assertValid(one(rows, **layout))
            self.assertEqual(document["total"], "21.9")
            self.assertEqual(document["discounts"], [{"amount": "3", "borne_by": "shop"}])
            self.assertEqual(document["lines"][-1]["kind"], "shipping")
        rows = [row() + ["4.90", "", "24.90"], row() + ["5.90", "", "24.90"]]
        self.assertEqual(self.codes(one(rows, **layout)), [("rows_disagree", 2, "Shipping")])

    def test_taxes(self):
        layout = self.extended(line__tax_rate="Tax Rate")
        document = self.assertValid(
            one([row(quantity="3", price="3.33") + ["19%"]], tax="column", **layout)
        )
        self.assertEqual(document["lines"][0]["taxes"][0]["rate"], "19")
        self.assertEqual(document["lines"][0]["taxes"][0]["amount"], "1.9")
        self.assertEqual(document["total"], "11.89")
        document = self.assertValid(
            one([row(price="11.90")], tax="fixed", tax_rate="19", prices_include_tax=True)
        )
        self.assertEqual(document["lines"][0]["taxes"][0]["amount"], "3.8")
        self.assertEqual(document["total"], "23.8")

    def test_total_must_be_stated_where_it_cannot_be_known(self):
        layout = self.extended(discount_amount="Coupon")
        built = one([row() + ["1"]], tax="fixed", tax_rate="19", **layout)
        self.assertEqual([code for code, _row, _column in self.codes(built)], ["total_needed"])

    def test_service_codes(self):
        services = {"POST": "shipping", "D": "discount"}
        rows = [row(), row(sku="post", price="4"), row(sku="D", quantity="-1", price="3")]
        document = self.assertValid(one(rows, services=services))
        self.assertEqual(
            [(line["kind"], line["quantity"], line["unit_price"]) for line in document["lines"]],
            [("product", "2", "10"), ("shipping", "2", "4"), ("discount", "1", "-3")],
        )
        self.assertEqual(document["total"], "25")

    def test_gift_card_and_payment(self):
        layout = self.extended(gift_card_amount="Gift card", payment_method="Method")
        document = self.assertValid(one([row() + ["5", "card"]], paid=True, **layout))
        self.assertEqual(
            [(pay["kind"], pay["amount"]) for pay in document["payments"]],
            [("gift_card", "5"), ("payment", "15")],
        )
        self.assertEqual(document["total"], "20")
        document = self.assertValid(one([row() + ["", "货到付款"]], **layout))
        self.assertEqual(document["payments"][0]["kind"], "cash_on_delivery")
        self.assertEqual(document["payments"][0]["state"], "pending")

    def test_names_in_two_columns(self):
        layout = self.extended(customer__name="First name")
        layout["spec"]["columns"]["Last name"] = "customer.name"
        layout["header"].append("Last name")
        document = self.assertValid(one([row() + ["Ada", "Lovelace"]], **layout))
        self.assertEqual(document["customer"]["name"], "Ada Lovelace")

    def test_problems_name_row_and_column(self):
        rows = [
            row(quantity="two"), row(price="1,234"), row(date="03/04/2026"), row(quantity="-1"),
            row(sku="", name=""), [*row(), "what?"], row(price=""), row(sku="1.2E+17"),
        ]  # fmt: skip
        built = one(rows)
        self.assertEqual(
            set(self.codes(built)),
            {
                ("not_a_number", 2, "Quantity"), ("ambiguous_number", 3, "Unit Price"),
                ("ambiguous_date", 4, "Order Date"), ("negative_quantity", 5, "Quantity"),
                ("missing", 6, "SKU"), ("surplus_cells", 7, ""), ("missing", 8, "Unit Price"),
                ("spreadsheet_number", 9, "SKU"),
            },
        )  # fmt: skip
        self.assertEqual(built.external_id, "1")

    def test_missing_date_and_currency(self):
        spec = {**SPEC, "constants": {}}
        built = one([row(date="0000-00-00")], spec=spec)
        self.assertEqual({code for code, _r, _c in self.codes(built)}, {"missing"})
        self.assertEqual({c for _code, _r, c in self.codes(built)}, {"Order Date", "Currency"})

    def test_night_that_clocks_change(self):
        document = self.assertValid(one([row(date="2026-10-25 02:30")], tz="Europe/Berlin"))
        self.assertEqual(document["placed_at"], "2026-10-25T00:30:00Z")
        self.assertEqual(document["extra"], {"time_note": ["time_twice"]})

    def test_currencies_without_cents(self):
        spec = {**SPEC, "constants": {"currency": "JPY"}}
        self.assertEqual(one([row(price="333.4")], spec=spec).document["total"], "667")


@tagged("post_install", "-at_install")
class TestRefunds(BaseCase):
    def test_prefix(self):
        built = one([row("R-1", quantity="-2"), row("R-1", sku="B", quantity="-1")], key="R-1")
        self.assertEqual((built.kind, built.problems), ("refund", []))
        document = canonical.normalise(built.document)
        self.assertEqual(document["amount"], "30")
        self.assertEqual({line["quantity"] for line in document["lines"]}, {"1", "2"})
        self.assertEqual(document["created_at"], "2026-03-01T10:00:00Z")

    def test_positive_numbers(self):
        built = one([row("R-1")], key="R-1")
        self.assertEqual(canonical.normalise(built.document)["amount"], "20")

    def test_kept_restocking_fee(self):
        rows = [row("R-1", quantity="-2"), row("R-1", sku="FEE", quantity="1", price="5")]
        built = one(rows, key="R-1", services={"FEE": "fee"})
        self.assertEqual(canonical.normalise(built.document)["amount"], "15")

    def test_negative_rows(self):
        order, refund = build([row(), row(sku="B", quantity="-1", price="4")], refund_negative=True)
        self.assertEqual(canonical.normalise(order.document)["total"], "20")
        document = canonical.normalise(refund.document)
        self.assertEqual((document["amount"], document["order_external_id"]), ("4", "1"))
        self.assertEqual(document["external_id"], "1-R")
        (refund,) = build([row(quantity="-1")], refund_negative=True)
        self.assertEqual((refund.kind, refund.external_id), ("refund", "1"))

    def test_type_column(self):
        spec = {**SPEC, "columns": {**SPEC["columns"], "Type": "type"}}
        header = [*HEADER, "Type"]
        (built,) = build([row() + ["Gutschrift"]], spec=spec, header=header)
        self.assertEqual(built.kind, "refund")
        (built,) = build([row() + ["sale"], row() + ["refund"]], spec=spec, header=header)
        self.assertIn("mixed_refund", [problem.code for problem in built.problems])


_ROWS = st.lists(
    st.builds(
        row,
        date=st.sampled_from(["2026-03-01 10:00", "2026-03-01 10:01", "2026-03-02"]),
        sku=st.sampled_from(["A", "a", "B", "007", "POST"]),
        name=st.sampled_from(["", "Mug", "杯"]),
        quantity=st.sampled_from(["1", "2", "10", "0", "2.5"]),
        price=st.sampled_from(["0", "0.001", "1.99", "10", "1,50"]),
        email=st.sampled_from(["", "a@example.com", "b@example.com"]),
    ),
    min_size=1,
    max_size=8,
)


@tagged("post_install", "-at_install")
class TestProperties(BaseCase):
    @settings(deadline=None, max_examples=50)
    @given(_ROWS, st.randoms())
    def test_any_order_of_rows(self, rows, chance):
        options = {"services": {"POST": "shipping"}}
        before = one(rows, **options).document
        mixed = list(rows)
        random.Random(chance.random()).shuffle(mixed)
        self.assertEqual(one(mixed, **options).document, before)

    @settings(deadline=None, max_examples=50)
    @given(_ROWS)
    def test_sums_are_kept(self, rows):
        built = one(rows)
        self.assertEqual(built.problems, [])
        expected = sum(Decimal(cells[4]) * Decimal(cells[5].replace(",", ".")) for cells in rows)
        document = canonical.normalise(built.document)
        self.assertLessEqual(abs(Decimal(document["total"]) - expected), Decimal("0.005"))
        self.assertEqual(
            sum(Decimal(line["quantity"]) for line in document["lines"]),
            sum(Decimal(cells[4]) for cells in rows),
        )

    @settings(deadline=None, max_examples=50)
    @given(st.lists(st.lists(st.text(max_size=9), min_size=7, max_size=9), min_size=1, max_size=4))
    def test_any_cells_make_a_document_or_problems(self, rows):
        for built in build(rows):
            if not built.problems:
                canonical.normalise(built.document)


@tagged("post_install", "-at_install")
class TestLayout(BaseCase):
    def test_headers(self):
        self.assertEqual(
            headers.propose(["订单编号", "商品编码", "数量", "单价", "收件人", "下单时间"]),
            {
                "订单编号": "external_id", "商品编码": "line.sku", "数量": "line.quantity",
                "单价": "line.unit_price", "收件人": "shipping_address.name",
                "下单时间": "placed_at",
            },
        )  # fmt: skip
        self.assertEqual(
            headers.propose(["Bestell-Nr.", "Artikelnummer", "Menge", "Einzelpreis", "PLZ", "xyz"]),
            {
                "Bestell-Nr.": "external_id", "Artikelnummer": "line.sku", "Menge": "line.quantity",
                "Einzelpreis": "line.unit_price", "PLZ": "shipping_address.zip",
            },
        )  # fmt: skip
        proposal = headers.propose(["Order ID", "Invoice", "First Name", "Last Name"])
        self.assertEqual(proposal["Order ID"], "external_id")
        self.assertNotIn("Invoice", proposal)
        self.assertEqual(proposal["Last Name"], "customer.name")

    def test_every_label_is_its_own_header(self):
        for path, field in columns.FIELDS.items():
            self.assertTrue(headers.field_of(field.label), path)

    def test_check(self):
        spec = {"columns": {"A": "external_id", "B": "line.sku", "C": "line.sku", "D": "placed_at"}}
        codes = [problem.code for problem in columns.check(spec, ["A", "B", "C"])]
        self.assertEqual(
            codes, ["column_gone", "assigned_twice", "unmapped", "unmapped", "unmapped"]
        )

    def test_services(self):
        self.assertEqual(columns.parse_services("POST = shipping\n\nX=Y = gift wrap"),
                         {"POST": "shipping", "X=Y": "gift_wrap"})  # fmt: skip
        for text in ("POST", "POST = nonsense", " = fee"):
            with self.assertRaises(ValueError):
                columns.parse_services(text)

    def test_refund_prefix(self):
        propose = columns.propose_refund_prefix
        self.assertEqual(propose([("1", "2"), ("C2", "-2"), ("C3", "-1")]), "C")
        self.assertEqual(propose([("1", "2"), ("2", "-2")]), "")
        self.assertEqual(propose([("C1", "2"), ("C2", "-2")]), "")
        self.assertEqual(propose([("1", "2"), ("C2", "-2"), ("R3", "-1")]), "")
        self.assertEqual(propose([]), "")
