from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo.fields import Command
from odoo.tests import tagged

from .review_common import ReviewCase

COUNT = 16


class EngineCase(ReviewCase):
    """Many different orders, waiting, and rules of every sort."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product.standard_price = 9.5
        cls.tag = cls.env["ecom.tag"].create({"name": "Seen"})
        second = cls.env["stock.warehouse"].create({"name": "Second", "code": "SEC2"})
        cls.scarce = cls._create_product("RARE", quantity=1)
        cls.channel.approval = "manual"
        cls.orders = cls._import(cls, *(cls._make(number) for number in range(COUNT)))[1]
        cls.channel.process_orders()
        cls.rules = (
            cls._create_rule("Tag", actions=[{"kind": "tag", "tag_ids": [Command.set(cls.tag.ids)]}],
                             domain="[('quantity_max', '>=', 3)]", sequence=1)
            | cls._create_rule("First", actions=[{"kind": "warehouse", "warehouse_id": second.id}],
                               domain="[('ship_zip', '=', '53111')]", sequence=2)
            | cls._create_rule("Second", actions=[{"kind": "warehouse",
                                                   "warehouse_id": cls.warehouse.id}, "no_merge"],
                               domain="[('amount_total', '>', 15)]", sequence=3)
            | cls._create_rule("Stop", checks=[{"kind": "memo_pattern", "text": "hurry"}],
                               stop=True, sequence=4)
            | cls._create_rule("Buyer", checks=["same_buyer"], sequence=5, watch=True)
            | cls._create_rule("Number", checks=["duplicate_number"], sequence=6)
            | cls._create_rule("Margin", checks=[{"kind": "margin_floor", "value": 8}], sequence=7)
            | cls._create_rule("Stock", checks=["stock_shortage"], sequence=8)
            | cls._create_rule("Known", domain="[('ship_zip', '=', '20095')]",
                               actions=["approve"], sequence=9)
        )  # fmt: skip

    @classmethod
    def _make(cls, number):
        address = {"name": "Ada", "street": "Way 1", "city": "Bonn", "country": "DE",
                   "zip": ("53111", "10115", "20095")[number % 3]}  # fmt: skip
        sku = "RARE" if number % 5 == 4 else "MUG"
        return cls._document(
            f"E-{number}",
            number=f"N-{number % 7 if number % 4 == 3 else number + 100}",
            lines=[
                cls._line(sku, quantity=str(1 + number % 4), price="10" if number % 2 else "12")
            ],
            customer={"name": "Ada", "email": f"engine{number % 11}@example.com"},
            shipping_address=address,
            buyer_message="hurry" if number % 6 == 5 else "hello",
        )

    def _decisions(self, orders):
        """:return: what was decided, comparable"""
        result = {}
        for order in orders:
            result[order.external_id] = (
                order.review_state,
                order.hold_reason,
                sorted(order.tag_ids.mapped("name")),
                order.rule_warehouse_id.code,
                order.no_merge,
                sorted((e.type, e.rule_id.name, e.message) for e in order.exception_ids),
                sorted(order.decision_ids.filtered("rule_id").mapped("summary")),
            )
        return result


@tagged("post_install", "-at_install")
class TestEngine(EngineCase):
    @settings(
        max_examples=8,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        order=st.permutations(range(COUNT)),
        sizes=st.lists(st.integers(1, COUNT), min_size=1, max_size=5),
    )
    def test_any_batch_and_order_decide_the_same(self, order, sizes):
        with self.env.cr.savepoint() as savepoint:
            self._decide(list(range(COUNT)), [COUNT])
            expected = self._decisions(self.orders)
            savepoint.rollback()
        with self.env.cr.savepoint() as savepoint:
            self._decide(order, sizes)
            found = self._decisions(self.orders)
            savepoint.rollback()
        self.assertEqual(found, expected)
        states = {entry[0] for entry in expected.values()}
        self.assertEqual(states, {"held", "approved", "waiting"}, "a trial that can fail")

    def _decide(self, order, sizes):
        self.orders.review_pending = True
        position, turn = 0, 0
        while position < len(order):
            size = sizes[turn % len(sizes)]
            ids = [self.orders[index].id for index in order[position : position + size]]
            self.env["ecom.order"].browse(ids)._review_batch()
            self.env.flush_all()
            position, turn = position + size, turn + 1

    def test_plan_writes_nothing(self):
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        plans = self.rules._plan(self.orders)
        self.assertEqual(sorted(plans), sorted(self.orders.ids))
        self.env.flush_all()
        self.assertLess(self.env.cr.sql_log_count - before, 60)
        self.assertFalse(self.orders.exception_ids)

    def test_statements_per_order_and_rule(self):
        """At most 0.2 are allowed; it is far less, and does not grow with the orders."""
        for number in range(50 - len(self.rules)):
            self._create_rule(
                f"R{number}",
                domain=f"[('amount_total', '>', {number}), ('quantity_max', '>=', 2), "
                "('country_id.code', 'in', ['DE', 'FR']), ('skus', 'ilike', 'MUG')]",
            )
        rules = self.env["ecom.rule"]._get_rules("review")
        self.assertGreaterEqual(len(rules), 50)
        self.channel.approval = "all"
        for orders in (self.orders[:2], self.orders[2:]):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            orders._review_batch()
            self.env.flush_all()
            count = self.env.cr.sql_log_count - before
            self.assertLess(count, 150, "whatever the number of orders")
        self.assertLess(count / len(orders) / len(rules), 0.2)


@tagged("post_install", "-at_install")
class TestBacktest(EngineCase):
    def _snapshot(self):
        tables = ("ecom_order", "ecom_exception", "ecom_decision", "ecom_rule", "sale_order",
                  "sale_order_line", "mail_message", "mail_activity")  # fmt: skip
        self.env.flush_all()
        result = {}
        for table in tables:
            self.env.cr.execute(f"SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM {table} t")
            result[table] = self.env.cr.fetchone()
        return result

    def _run(self, rules, **vals):
        wizard = self.env["ecom.rule.backtest"].create(
            {
                "rule_ids": [Command.set(rules.ids)],
                "days": 3660,
                "channel_ids": [Command.set(self.channel.ids)],
                **vals,
            }
        )
        wizard.action_run()
        return wizard

    def test_nothing_is_written(self):
        before = self._snapshot()
        self._run(self.rules)
        self.assertEqual(self._snapshot(), before)

    def test_counts_and_reasons(self):
        rules = self.rules.filtered(lambda rule: rule.name in ("Tag", "Margin"))
        rules.action_deactivate()
        self.orders[0].action_hold("by hand")
        wizard = self._run(rules)
        low = [n for n in range(COUNT) if n % 2 and n % 5 != 4]
        many = [n for n in range(COUNT) if n % 4 >= 2]
        self.assertRecordValues(
            wizard,
            [
                {
                    "order_count": COUNT,
                    "held_count": len(low),
                    "approved_count": COUNT - len(low),
                    "changed_count": len(many),
                    "was_held_count": 1,
                    "newly_held_count": len(low),
                    "freed_count": 1,
                    "state": "done",
                }
            ],
        )
        self.assertEqual(len(wizard.line_ids), len({0, *low, *many}))
        lines = {line.order_id: line for line in wizard.line_ids}
        self.assertIn("margin 5.0 % is under the floor", lines[self.orders[low[0]]].reason)
        self.assertEqual(lines[self.orders[0]].was, "held")
        self.assertTrue(lines[self.orders[0]].differs)

    def test_hold_for_a_time_counts_in_the_past(self):
        rule = self._create_rule(
            "Short", actions=[{"kind": "hold", "until": "placed"}], activate=False
        )
        self.assertEqual(self._run(rule).held_count, COUNT)

    def test_only_the_last_days(self):
        self.assertEqual(self._run(self.rules, days=1).order_count, 0)
        self.assertTrue(self._run(self.rules, days=1).remark)

    def test_what_cannot_be_tried_is_said(self):
        wizard = self._run(self.rules.filtered(lambda rule: rule.name == "Stock"))
        self.assertEqual(wizard.held_count, 0)
        self.assertIn("Stock is not enough", wizard.remark)

    def test_with_active_rules(self):
        rule = self._create_rule("None", domain="[('amount_total', '<', 0)]", activate=False)
        self.assertEqual(self._run(rule).held_count, 0)
        self.assertGreater(self._run(rule, with_active=True).held_count, 0)

    def test_switch_on_after_the_trial(self):
        self.rules.action_deactivate()
        wizard = self._run(self.rules)
        wizard.action_activate_rules()
        self.assertEqual(set(self.rules.mapped("state")), {"active"})


@tagged("post_install", "-at_install")
class TestPacks(EngineCase):
    def _import_pack(self, name):
        wizard = self.env["ecom.rule.pack"].create({"source": name})
        wizard.action_import()
        return self.env["ecom.rule"].search([("id", ">", max(self.rules.ids))])

    def test_shipped_packs(self):
        for name, count in (("cautious_start", 15), ("high_volume", 10)):
            with self.subTest(pack=name), self.env.cr.savepoint() as savepoint:
                orders = self.env["ecom.order"].search_count([])
                rules = self._import_pack(name)
                self.assertEqual(len(rules), count)
                self.assertEqual(set(rules.mapped("state")), {"draft"})
                self.assertEqual(self.env["ecom.order"].search_count([]), orders)
                self.assertFalse(self.env["ecom.channel"].search([("name", "=", "Examples")]))
                rules.action_activate()
                savepoint.rollback()

    def _pack(self, **vals):
        pack = self.rules.filtered(lambda rule: rule.name in ("Tag", "Margin"))._export_pack(
            "Mine", self._examples()
        )
        return {**pack, **vals}

    def _examples(self):
        rules = self.rules.filtered(lambda rule: rule.name in ("Tag", "Margin"))
        return rules._prepare_examples(self.orders[:4])

    def test_export_and_import(self):
        import_pack = self.env["ecom.rule"]._import_pack
        pack = self._pack()
        self.assertNotIn("Ada", str(pack))
        self.assertNotIn("engine1", str(pack))
        self.assertTrue(any(e["expect"].get("held_by") for e in pack["examples"]))
        rules, count = import_pack(self._text(pack))
        self.assertEqual(count, 4)
        originals = self.rules.filtered(lambda rule: rule.name in ("Tag", "Margin"))
        for original, rule in zip(originals, rules, strict=True):
            self.assertEqual(original._export_rule(), rule._export_rule())

    def _text(self, pack):
        return self.env["ecom.rule.pack"]._dump(pack)

    def test_wrong_expectation_is_refused(self):
        pack = self._pack()
        pack["examples"][0]["expect"] = {"held_by": ["Somebody"]}
        before = self.env["ecom.rule"].search_count([])
        with self.assertRaisesRegex(Exception, "Somebody"), self.env.cr.savepoint():
            self.env["ecom.rule"]._import_pack(self._text(pack))
        self.assertEqual(self.env["ecom.rule"].search_count([]), before)

    def test_bad_packs_are_refused_with_the_reason(self):
        pack = self._pack()
        rule = pack["rules"][0]
        for text, reason in (
            ("{", "no JSON"),
            ("[]", "no rule pack"),
            (self._text({**pack, "format": 99}), "no rule pack"),
            (self._text({**pack, "rules": []}), "no list of rules"),
            (self._text({**pack, "rules": [{**rule, "colour": 1}]}), "colour"),
            (self._text({**pack, "rules": [{**rule, "domain": "[('no', '=', 1)]"}]}), "no"),
            (
                self._text({**pack, "rules": [{**rule, "actions": [
                    {"kind": "warehouse", "warehouse": ["NOWHERE"]}]}]}),
                "NOWHERE",
            ),
            (self._text({**pack, "examples": [{"order": {"lines": []}}]}), "lines"),
            (self._text({**pack, "examples": [7]}), "no order"),
        ):  # fmt: skip
            with (
                self.subTest(reason=reason),
                self.assertRaisesRegex(Exception, reason),
                self.env.cr.savepoint(),
            ):
                self.env["ecom.rule"]._import_pack(text)

    def test_condition_on_a_record_of_this_database_is_not_exported(self):
        rule = self._create_rule(domain=f"[('country_id', '=', {self.country.id})]")
        with self.assertRaisesRegex(Exception, "country_id"):
            rule._export_pack("x")

    def test_file_roundtrip_by_wizard(self):
        wizard = self.env["ecom.rule.pack"].create(
            {"rule_ids": [Command.set(self.rules[:1].ids)], "name": "My Pack",
             "example_order_ids": [Command.set(self.orders[:2].ids)]}
        )  # fmt: skip
        wizard.action_export()
        self.assertEqual(wizard.data_name, "my_pack.json")
        again = self.env["ecom.rule.pack"].create({"source": "file", "file": wizard.data})
        answer = again.action_import()
        self.assertIn("2 example", answer["params"]["message"])
