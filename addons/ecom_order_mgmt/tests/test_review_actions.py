from datetime import datetime

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged

from .review_common import ReviewCase

LATER = "2026-03-01T12:00:00Z"
ONLY_LARGE = "[('quantity_total', '>=', 2)]"


@tagged("post_install", "-at_install")
class TestActions(ReviewCase):
    """Each action: on the order that the rule is about, and not on another."""

    def _two(self, *actions, **vals):
        """:return: (order that the rule is about, order that it is not about)"""
        self._create_rule("Rule", actions=actions, domain=ONLY_LARGE, **vals)
        _result, orders = self._import(
            self._document("Y-1", lines=[self._line(quantity="2")]), self._document("N-1")
        )
        self.channel.process_orders()
        self.assertPassed(orders[1])
        return orders[0], orders[1]

    def test_hold(self):
        order, _other = self._two({"kind": "hold", "due_hours": 6})
        exception = self.assertHeld(order)
        self.assertFalse(exception.until)
        due = exception.due_at - self._later(hours=6)
        self.assertLess(abs(due.total_seconds()), 60)
        self.assertEqual(order.hold_reason, exception.message)
        self.assertFalse(order.confirmed_at)

    def test_hold_for_a_time(self):
        for until, moment in (
            ("placed", "2026-03-01 12:00:00"),
            ("paid", "2026-03-01 12:01:00"),
            ("received", "2026-03-01 12:05:00"),
        ):
            with self.subTest(until=until):
                with freeze_time("2026-03-01 10:05:00"):
                    rule = self._create_rule(
                        until, actions=[{"kind": "hold", "until": until, "duration": 2}]
                    )
                    order = self._import_one(external_id=f"H-{until}")
                    exception = self.assertHeld(order)
                    self.assertEqual(str(exception.until), moment)
                    self.assertEqual(order.hold_until, exception.until)
                with freeze_time(moment):
                    self.channel.process_orders()
                    self.assertPassed(order)
                self.assertEqual(exception.resolution, "Its time is over")
                rule.action_deactivate()

    def test_hold_until_a_date(self):
        action = {"kind": "hold", "until": "date", "date": datetime(2026, 3, 2, 8)}
        self._create_rule(actions=[action])
        with freeze_time("2026-03-01 12:00:00"):
            order = self._import_one(external_id="H-1")
            self.assertHeld(order)
        with freeze_time("2026-03-02 08:00:00"):
            self.channel.process_orders()
            self.assertPassed(order)
            late = self._import_one(external_id="H-2")
        self.assertPassed(late)
        self.assertIn("over already", late.decision_ids.filtered("rule_id").summary)

    def test_hold_is_exact_when_clocks_change(self):
        """Berlin, 29 March 2026, 01:00 UTC: clocks go from two to three."""
        self.env.user.tz = self.channel.tz = "Europe/Berlin"
        action = {"kind": "hold", "until": "placed", "duration": 1, "unit": "days"}
        self._create_rule(actions=[action])
        with freeze_time("2026-03-28 13:00:00"):
            order = self._import_one(placed_at="2026-03-28T13:30:00+01:00", payments=[])
            self.assertEqual(str(order.hold_until), "2026-03-29 12:30:00")
        with freeze_time("2026-10-24 13:00:00"):
            order = self._import_one(
                external_id="W-1", placed_at="2026-10-24T13:30:00+02:00", payments=[]
            )
            self.assertEqual(str(order.hold_until), "2026-10-25 11:30:00")

    def test_two_holds_one_for_a_time(self):
        self._create_rule("Short", actions=[{"kind": "hold", "until": "placed", "duration": 1}])
        self._create_rule("Long")
        with freeze_time("2026-03-01 10:05:00"):
            order = self._import_one()
            self.assertEqual(len(self._open(order)), 2)
            self.assertFalse(order.hold_until, "one of the reasons needs a person")
        with freeze_time("2026-03-01 14:00:00"):
            self.channel.process_orders()
            self.assertEqual(order.review_state, "held")
            order.action_approve("fine")
            self.assertFalse(self._open(order))

    def test_finance(self):
        order, _other = self._two("finance")
        exception = self.assertHeld(order, type="finance")
        self.assertEqual(exception.group_id, self.env.ref("ecom_order_mgmt.group_ecom_finance"))

    def test_approve(self):
        self.channel.approval = "manual"
        self._create_rule(actions=["approve"], domain=ONLY_LARGE)
        _result, orders = self._import(
            self._document("Y-1", lines=[self._line(quantity="2")]), self._document("N-1")
        )
        self.channel.process_orders()
        self.assertEqual(orders.mapped("review_state"), ["approved", "waiting"])

    def test_tag(self):
        tag = self.env["ecom.tag"].create({"name": "Large"})
        order, other = self._two({"kind": "tag", "tag_ids": [Command.set(tag.ids)]})
        self.assertPassed(order)
        self.assertEqual((order.tag_ids, other.tag_ids), (tag, tag.browse()))

    def test_team(self):
        team = self.env["crm.team"].create({"name": "Night shift", "company_id": self.company.id})
        order, other = self._two({"kind": "team", "team_id": team.id})
        self.assertEqual((order.team_id, order.sale_order_id.team_id), (team, team))
        self.assertNotEqual(other.sale_order_id.team_id, team)

    def test_priority(self):
        order, other = self._two({"kind": "priority", "priority": "1"})
        self.assertEqual(order.sale_order_id.picking_ids.priority, "1")
        self.assertEqual(other.sale_order_id.picking_ids.priority, "0")

    def test_warehouse(self):
        warehouse = self.env["stock.warehouse"].create({"name": "Second", "code": "SEC2"})
        self.env["stock.quant"]._update_available_quantity(
            self.product, warehouse.lot_stock_id, 100
        )
        order, other = self._two({"kind": "warehouse", "warehouse_id": warehouse.id})
        self.assertEqual(order.sale_order_id.picking_ids.picking_type_id.warehouse_id, warehouse)
        self.assertEqual(other.sale_order_id.warehouse_id, self.warehouse)

    def test_warehouse_goes_with_the_reason(self):
        self.channel.approval = "manual"
        warehouse = self.env["stock.warehouse"].create({"name": "Second", "code": "SEC2"})
        self._create_rule(
            actions=[{"kind": "warehouse", "warehouse_id": warehouse.id}], domain=ONLY_LARGE
        )
        order = self._import_one(lines=[self._line(quantity="2")])
        self.assertEqual(order.sale_order_id.warehouse_id, warehouse)
        self._import(self._document(updated_at=LATER, lines=[self._line()]))
        self.channel.process_orders()
        self.assertFalse(order.rule_warehouse_id)
        self.assertEqual(order.sale_order_id.warehouse_id, self.warehouse)

    def test_carrier(self):
        carrier = self.env["delivery.carrier"].create(
            {"name": "Fast", "product_id": self.env.ref("ecom_order_mgmt.product_shipping").id}
        )
        order, other = self._two({"kind": "carrier", "carrier_id": carrier.id})
        self.assertEqual(order.sale_order_id.picking_ids.carrier_id, carrier)
        self.assertFalse(other.sale_order_id.picking_ids.carrier_id)
        self.assertEqual(order.sale_order_id.amount_total, order.amount_total)

    def test_no_merge_and_no_split(self):
        order, other = self._two("no_merge", "no_split")
        self.assertEqual((order.no_merge, order.no_split), (True, True))
        self.assertEqual((other.no_merge, other.no_split), (False, False))

    def test_free_line(self):
        self.channel.approval = "manual"
        sample = self._create_product("SAMPLE", quantity=5, list_price=7)
        order, other = self._two_manual({"kind": "free_line", "product_id": sample.id})
        line = order.sale_order_id.order_line.filtered(lambda line: line.product_id == sample)
        self.assertRecordValues(line, [{"product_uom_qty": 1, "price_total": 0, "price_unit": 0}])
        self.assertEqual(order.sale_order_id.amount_total, order.amount_total)
        self.assertNotIn(sample, other.sale_order_id.order_line.product_id)
        order.review_pending = True
        self.channel.process_orders()
        self.assertEqual(len(order.sale_order_id.order_line), 2, "once per version")
        self._import(self._document("Y-1", updated_at=LATER, lines=[self._line(quantity="3")]))
        self.channel.process_orders()
        self.assertEqual(len(order.sale_order_id.order_line), 2, "the new version has one too")
        order.action_approve()
        self.channel.process_orders()
        self.assertEqual(self._reserved(sample), 1)

    def _two_manual(self, *actions):
        self._create_rule("Rule", actions=actions, domain=ONLY_LARGE)
        _result, orders = self._import(
            self._document("Y-1", lines=[self._line(quantity="2")]), self._document("N-1")
        )
        self.channel.process_orders()
        return orders[0], orders[1]

    def test_notify(self):
        user = new_test_user(self.env, "notified", groups="ecom_order_mgmt.group_ecom_reviewer")
        order, other = self._two(
            {"kind": "notify", "user_ids": [Command.set(user.ids)], "note": "Call the buyer"}
        )
        self.assertRecordValues(
            order.activity_ids, [{"user_id": user.id, "summary": "Call the buyer"}]
        )
        self.assertFalse(other.activity_ids)

    def test_actions_need_their_parameters(self):
        for action in (
            {"kind": "tag"},
            {"kind": "team"},
            {"kind": "warehouse"},
            {"kind": "carrier"},
            {"kind": "free_line"},
            {"kind": "notify"},
            {"kind": "priority"},
            {"kind": "hold", "until": "date"},
        ):
            with self.subTest(action=action), self.assertRaises(ValidationError):
                self._create_rule(actions=[action])

    def test_record_of_another_company_is_refused(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
        with self.assertRaisesRegex(ValidationError, "Elsewhere"):
            self._create_rule(actions=[{"kind": "warehouse", "warehouse_id": warehouse.id}])
