import json

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .test_sourcing import SourcingCase


class StageCase(SourcingCase):
    """Rules of the stages after review, on a channel that chooses between two warehouses."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel.write({"approval": "all", "approve_wait_minutes": 0})

    def _rule(self, stage, *actions, name="Rule", **vals):
        rule = self.env["ecom.rule"].create(
            {
                "name": name,
                "stage": stage,
                "company_id": self.company.id,
                "action_ids": [Command.create(action) for action in actions],
                **vals,
            }
        )
        rule.action_activate()
        return rule

    def _both(self, **quantities):
        for warehouse in (self.north, self.south):
            self._stock(warehouse, **(quantities or {"CUP": 9, "POT": 9}))

    def _decisions(self, order, stage):
        return order.decision_ids.filtered(lambda d: d.stage == stage and d.rule_id)


@tagged("post_install", "-at_install")
class TestSourceRules(StageCase):
    def test_warehouse_by_rule(self):
        self._both()
        rule = self._rule(
            "source",
            {"kind": "warehouse", "warehouse_id": self.north.id},
            name="Big ones from the north",
            domain="[('amount_total', '>=', 50)]",
        )
        small, big = self._order("R-1", CUP=1), self._order("R-2", CUP=6)
        self.assertEqual(self._places(small), [("South", "CUP", 1)])
        self.assertEqual(self._places(big), [("North", "CUP", 6)])
        self.assertFalse(self._decisions(small, "source"))
        decision = self._decisions(big, "source")
        self.assertEqual((decision.rule_id, decision.rule_version), (rule, rule.version))
        self.assertIn("Deliver from: North", decision.summary)
        self.assertIn("60", decision.summary, "what was found is said")
        why = big.decision_ids.filtered(lambda d: d.stage == "source" and not d.rule_id)
        self.assertEqual(why.rule, "Big ones from the north")

    def test_warehouse_of_a_fixed_channel(self):
        self.channel.sourcing = "fixed"
        self._both()
        self._rule("source", {"kind": "warehouse", "warehouse_id": self.north.id})
        self.assertEqual(self._places(self._order("R-2", CUP=1)), [("North", "CUP", 1)])

    def test_excluded_warehouse(self):
        self._both()
        self._rule(
            "source",
            {"kind": "exclude_warehouse", "exclude_warehouse_ids": [Command.set(self.south.ids)]},
            name="Not from the south",
        )
        order = self._order(CUP=1)
        self.assertEqual(self._places(order), [("North", "CUP", 1)])
        details = order.decision_ids.filtered(
            lambda d: d.stage == "source" and not d.rule_id
        ).details
        self.assertIn("“Not from the south”", details[1]["refused"])

    def test_profile(self):
        self._both()
        profile = self.env["ecom.source.profile"].create(
            {"name": "Only north", "source_warehouse_ids": [Command.set(self.north.ids)]}
        )
        self._rule("source", {"kind": "profile", "profile_id": profile.id})
        order = self._order(CUP=1)
        self.assertEqual(self._places(order), [("North", "CUP", 1)])
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.cr.savepoint():
            profile.unlink()

    def test_the_first_rule_wins(self):
        self._both()
        self._rule(
            "source", {"kind": "warehouse", "warehouse_id": self.north.id}, name="A", sequence=1
        )
        self._rule(
            "source", {"kind": "warehouse", "warehouse_id": self.south.id}, name="B", sequence=2
        )
        order = self._order(CUP=1)
        self.assertEqual(self._places(order), [("North", "CUP", 1)])
        said = self._decisions(order, "source").filtered(lambda d: d.rule == "B")
        self.assertIn("rule “A” decided otherwise before", said.summary)

    def test_other_channel_and_stop(self):
        self._both()
        other = self._create_channel(name="Other")
        self._rule(
            "source",
            {"kind": "warehouse", "warehouse_id": self.north.id},
            channel_ids=[Command.set(other.ids)],
        )
        self.assertEqual(self._places(self._order(CUP=1)), [("South", "CUP", 1)])

    def test_a_person_comes_before_rules(self):
        self._both()
        self._rule("source", {"kind": "warehouse", "warehouse_id": self.north.id})
        self.channel.approval = "manual"
        order = self._order(CUP=1)
        order.action_set_warehouse(self.south.id)
        order.action_approve()
        self.channel.process_orders()
        self.assertEqual(self._places(order), [("South", "CUP", 1)])

    def test_faulty_rule_holds_its_orders_only(self):
        self._both()
        rule = self._rule(
            "source", {"kind": "warehouse", "warehouse_id": self.north.id}, name="Bad"
        )
        other = self._create_channel(
            name="Other", approval="all", approve_wait_minutes=0, sourcing="best"
        )
        rule.channel_ids = self.channel
        self.env.cr.execute(
            "UPDATE ecom_rule SET domain = %s WHERE id = %s", ["[('gone', '=', 1)]", rule.id]
        )
        rule.invalidate_recordset()
        with mute_logger("odoo.addons.ecom_order_mgmt.models.ecom_rule_match"):
            order = self._order(CUP=1)
        self.assertEqual(rule.state, "faulty")
        self.assertEqual(order.review_state, "held")
        exception = order.exception_ids.filtered(lambda e: e.state == "open")
        self.assertEqual((exception.type, exception.rule_id), ("rule_failed", rule))
        self.assertFalse(order.sale_order_id.picking_ids)
        _result, free = self._import(
            self._document("O-1", lines=[self._line("CUP")]), channel=other
        )
        other.process_orders()
        self.assertEqual(free.review_state, "approved")
        rule.domain = "[]"
        rule.action_activate()
        self.channel.process_orders()
        self.assertEqual(self._places(order), [("North", "CUP", 1)])
        self.assertEqual(exception.state, "resolved")

    def test_faulty_rule_by_the_web_client(self):
        self._both()
        self.channel.approval = "manual"
        rule = self._rule("source", {"kind": "warehouse", "warehouse_id": self.north.id})
        order = self._order(CUP=1)
        order.action_approve()
        self.env.cr.execute(
            "UPDATE ecom_rule SET domain = %s WHERE id = %s", ["[('gone', '=', 1)]", rule.id]
        )
        rule.invalidate_recordset()
        with mute_logger("odoo.addons.ecom_order_mgmt.models.ecom_rule_match"):
            order.sale_order_id.action_confirm()
        self.assertEqual(order.review_state, "held")
        self.assertEqual(order.sale_order_id.state, "draft")

    def test_set_based(self):
        """Rules are asked once for many orders."""
        self._both(CUP=500)
        self._rule("source", {"kind": "warehouse", "warehouse_id": self.north.id})
        self._rule("split", {"kind": "no_split"}, name="Whole")
        counts = []
        for size in (5, 25):
            orders = self.env["ecom.order"].union(
                *[self._order(f"{size}-{i}", process=False, CUP=1) for i in range(size)]
            )
            orders._accept_batch()
            orders._review_batch()
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            orders._source()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(len(orders.decision_ids.filtered(lambda d: d.rule_id)), 2 * size)
        self.assertLess(counts[1] - counts[0], 20 * 3)

    def test_what_a_stage_cannot_do(self):
        with self.assertRaisesRegex(ValidationError, "it cannot do there"):
            self._rule("source", {"kind": "hold"})
        with self.assertRaisesRegex(ValidationError, "it cannot do there"):
            self._rule("review", {"kind": "merge_key", "merge_key": "x"})
        with self.assertRaisesRegex(ValidationError, "needs"):
            self._rule("source", {"kind": "profile"})
        rule = self._rule("merge", {"kind": "no_merge"})
        with self.assertRaises(ValidationError):
            rule.stage = "source"
        company = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = self.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
        with self.assertRaisesRegex(ValidationError, "is of company"):
            self._rule(
                "source",
                {"kind": "exclude_warehouse", "exclude_warehouse_ids": [Command.set(foreign.ids)]},
                name="Foreign",
            )

    def test_rights(self):
        reviewer = new_test_user(self.env, "st_rev", groups="ecom_order_mgmt.group_ecom_reviewer")
        rule = self._rule("source", {"kind": "warehouse", "warehouse_id": self.north.id})
        with self.assertRaises(AccessError):
            rule.with_user(reviewer).write({"name": "x"})

    def test_pack_keeps_what_a_rule_does(self):
        profile = self.env["ecom.source.profile"].create({"name": "Only north"})
        rules = self._rule("source", {"kind": "profile", "profile_id": profile.id}, name="P")
        rules |= self._rule(
            "source",
            {"kind": "exclude_warehouse", "exclude_warehouse_ids": [Command.set(self.south.ids)]},
            name="X",
        )
        rules |= self._rule("split", {"kind": "split_by", "strategy": "vendor"}, name="S")
        rules |= self._rule("merge", {"kind": "merge_window", "minutes": 7}, name="M")
        pack = json.dumps(rules._export_pack("All"))
        copies, _count = self.env["ecom.rule"]._import_pack(pack)
        by_name = {rule.name: rule.action_ids for rule in copies}
        self.assertEqual(by_name["P"].profile_id, profile)
        self.assertEqual(by_name["X"].exclude_warehouse_ids, self.south)
        self.assertEqual(by_name["S"].strategy, "vendor")
        self.assertEqual(by_name["M"].minutes, 7)
        self.assertEqual(copies.mapped("stage"), ["source", "source", "split", "merge"])


@tagged("post_install", "-at_install")
class TestSplitRules(StageCase):
    def test_no_split(self):
        self._stock(self.south, CUP=9)
        self._stock(self.north, POT=9)
        self._rule(
            "split", {"kind": "no_split"}, domain="[('amount_total', '<', 50)]", name="Small"
        )
        small = self._order("R-1", CUP=1, POT=1)
        self.assertEqual(small.review_state, "held")
        big = self._order("R-2", CUP=4, POT=4)
        self.assertEqual(len(big.shipment_ids), 2)

    def test_no_split_of_a_channel_that_splits(self):
        self.channel.write({"sourcing": "fixed", "split_max_items": 1})
        self._stock(self.warehouse, CUP=9)
        self._rule("split", {"kind": "no_split"}, domain="[('quantity_total', '=', 2)]")
        two, three = self._order("R-1", CUP=2), self._order("R-2", CUP=3)
        self.assertEqual((len(two.shipment_ids), len(three.shipment_ids)), (1, 3))
        self.assertIn("Do not split", self._decisions(two, "split").summary)

    def test_flag_of_the_review(self):
        self.channel.write({"sourcing": "fixed", "split_max_items": 1})
        self._stock(self.warehouse, CUP=9)
        self._rule("review", {"kind": "no_split"})
        self.assertEqual(len(self._order("R-1", CUP=2).shipment_ids), 1)

    def test_strategy(self):
        self.channel.sourcing = "fixed"
        self._stock(self.warehouse, CUP=9, POT=9)
        self.cup.ecom_transport_class = "frozen"
        self._rule("split", {"kind": "split_by", "strategy": "class"}, name="Frozen apart")
        order = self._order("R-1", CUP=1, POT=1)
        self.assertEqual(len(order.shipment_ids), 2)
        self.assertIn("by kind of transport", self._decisions(order, "split").summary)

    def test_keep_together(self):
        self.channel.write({"sourcing": "fixed", "split_by_class": True})
        self._stock(self.warehouse, CUP=9, POT=9)
        self.cup.ecom_transport_class = "frozen"
        tag = self.env["product.tag"].create({"name": "Set"})
        (self.cup | self.pot).product_tmpl_id.product_tag_ids = tag
        self._rule(
            "split", {"kind": "together", "product_tag_ids": [Command.set(tag.ids)]}, name="Sets"
        )
        self.assertEqual(len(self._order("R-1", CUP=1, POT=1).shipment_ids), 1)


@tagged("post_install", "-at_install")
class TestMergeRules(StageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel.write({"merge_mode": "auto", "sourcing": "fixed"})
        cls.other = cls._create_channel(
            name="Other", approval="all", approve_wait_minutes=0, merge_mode="auto"
        )

    def _merged(self, *names, channel=None, **vals):
        orders = self.env["ecom.order"]
        for name in names:
            orders |= self._import_one(
                external_id=name, customer={"name": "Ada Buyer", "email": "ada@example.com"},
                channel=channel, **vals,
            )  # fmt: skip
        return orders

    def test_forbidden(self):
        self._rule("merge", {"kind": "no_merge"}, domain="[('amount_total', '>', 15)]", name="Dear")
        cheap = self._merged("M-1", "M-2")
        dear = self._merged("M-3", lines=[self._line(quantity="2")])
        self.env["ecom.shipment"]._cron_merge()
        self.assertEqual(len(cheap.shipment_ids), 1)
        self.assertFalse(cheap.shipment_ids & dear.shipment_ids)
        self.assertTrue(dear.merge_forbidden)
        self.assertIn("Do not merge", self._decisions(dear, "merge").summary)
        with self.assertRaisesRegex(UserError, "a rule says"):
            (cheap.shipment_ids | dear.shipment_ids).action_merge()

    def test_flag_of_the_review(self):
        self._rule("review", {"kind": "no_merge"})
        orders = self._merged("M-1", "M-2")
        self.env["ecom.shipment"]._cron_merge()
        self.assertEqual(len(orders.shipment_ids), 2)

    def test_group_over_channels(self):
        orders = self._merged("M-1") | self._merged("M-2", channel=self.other)
        self.env["ecom.shipment"]._cron_merge()
        self.assertEqual(len(orders.shipment_ids), 2, "channels are apart")
        self._rule("merge", {"kind": "merge_key", "merge_key": "all shops"})
        orders = self._merged("M-3") | self._merged("M-4", channel=self.other)
        self.env["ecom.shipment"]._cron_merge()
        self.assertEqual(len(orders.shipment_ids), 1)

    def test_groups_are_apart(self):
        self._rule(
            "merge", {"kind": "merge_key", "merge_key": "big"}, domain="[('amount_total', '>', 15)]"
        )
        small = self._merged("M-1")
        big = self._merged("M-2", lines=[self._line(quantity="2")])
        self.env["ecom.shipment"]._cron_merge()
        self.assertEqual(len((small | big).shipment_ids), 2)

    def test_window(self):
        self._rule(
            "merge", {"kind": "merge_window", "minutes": 5}, domain="[('amount_total', '>', 15)]"
        )
        plain = self._merged("M-1").shipment_ids
        short = self._merged("M-2", lines=[self._line(quantity="2")]).shipment_ids
        seconds = [(s.merge_until - s.create_date).total_seconds() for s in (plain, short)]
        self.assertAlmostEqual(seconds[0], 3600, delta=60)
        self.assertAlmostEqual(seconds[1], 300, delta=60)

    def test_faulty_rule_leaves_parcels_alone(self):
        rule = self._rule("merge", {"kind": "merge_window", "minutes": 5}, name="Bad")
        self.env.cr.execute(
            "UPDATE ecom_rule SET domain = %s WHERE id = %s", ["[('gone', '=', 1)]", rule.id]
        )
        rule.invalidate_recordset()
        with mute_logger("odoo.addons.ecom_order_mgmt.models.ecom_rule_match"):
            order = self._merged("M-1")
        self.assertEqual(rule.state, "faulty")
        self.assertEqual(order.sale_order_id.state, "sale", "it goes on")
        self.assertEqual(order.exception_ids.type, "rule_failed")
        self.assertFalse(order.exception_ids.blocking)
        self.assertFalse(order.shipment_ids.merge_group)
