from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_sourcing import SourcingCase


@tagged("post_install", "-at_install")
class TestReach(SourcingCase):
    """Weight, carriers, rounds, and where goods are kept together."""

    def test_too_heavy(self):
        for warehouse in (self.north, self.south):
            self._stock(warehouse, CUP=9)
        self.cup.weight = 6
        self.south.ecom_max_weight = 10
        self.assertEqual(self._places(self._order("Q-1", CUP=1)), [("South", "CUP", 1)])
        heavy = self._order("Q-2", CUP=2)
        self.assertEqual(self._places(heavy), [("North", "CUP", 2)])
        details = heavy.decision_ids.filtered(lambda d: d.stage == "source").details
        self.assertIn("up to 10, this one weighs 12", details[1]["refused"])

    def _carrier(self, name, **vals):
        service = self._create_product(f"{name} fee", type="service", is_storable=False)
        return self.env["delivery.carrier"].create(
            {"name": name, "product_id": service.id, "delivery_type": "fixed", **vals}
        )

    def test_carriers_must_reach_the_address(self):
        for warehouse in (self.north, self.south):
            self._stock(warehouse, CUP=9)
        local = self._carrier("Local", country_ids=[(6, 0, self.env.ref("base.at").ids)])
        self.south.ecom_carrier_ids = local
        order = self._order("Q-1", CUP=1)
        self.assertEqual(self._places(order), [("North", "CUP", 1)])
        details = order.decision_ids.filtered(lambda d: d.stage == "source").details
        self.assertIn("no carrier takes it there (Local", details[1]["refused"])
        self.south.ecom_carrier_ids |= self._carrier("Everywhere")
        self.assertEqual(self._places(self._order("Q-2", CUP=1)), [("South", "CUP", 1)])

    def test_the_carrier_of_the_order_must_call_there(self):
        for warehouse in (self.north, self.south):
            self._stock(warehouse, CUP=9)
        self.south.ecom_carrier_ids = self._carrier("One")
        other = self._carrier("Other")
        order = self._order("Q-1", process=False, CUP=1)
        order._accept_batch()
        order.rule_carrier_id = other
        self.channel.process_orders()
        self.assertEqual(self._places(order), [("North", "CUP", 1)])

    def test_next_round(self):
        self.channel.source_warehouse_ids = self.south
        self._stock(self.north, CUP=9)
        order = self._order("Q-1", CUP=1)
        self.assertEqual(order.review_state, "held")
        self.channel.source_next_id = self.env["ecom.source.profile"].create(
            {"name": "Second", "source_warehouse_ids": [(6, 0, self.north.ids)]}
        )
        second = self._order("Q-2", CUP=1)
        self.assertEqual(self._places(second), [("North", "CUP", 1)])
        decision = second.decision_ids.filtered(lambda d: d.stage == "source")
        self.assertIn("Second", decision.rule)

    def test_rounds_make_no_circle(self):
        one, two = self.env["ecom.source.profile"].create([{"name": "A"}, {"name": "B"}])
        one.source_next_id = two
        with self.assertRaises(UserError):
            two.source_next_id = one

    def test_kept_together(self):
        tag = self.env["product.tag"].create({"name": "Tea set"})
        self.channel.together_tag_ids = tag
        (self.cup | self.pot).product_tmpl_id.product_tag_ids = tag
        self._stock(self.south, CUP=9)
        self._stock(self.north, POT=9)
        order = self._order("Q-1", CUP=1, POT=1)
        self.assertEqual(order.review_state, "held", "a set does not come from two places")
        self._stock(self.north, CUP=1)
        self.channel.process_orders()
        self.assertEqual(self._places(order), [("North", "CUP", 1), ("North", "POT", 1)])

    def test_floor_of_a_part_from_another_warehouse(self):
        self._stock(self.south, CUP=9)
        self._stock(self.north, POT=9)
        self.channel.split_min_value = 15
        order = self._order("Q-1", CUP=1, POT=2)
        self.assertEqual(order.review_state, "held", "a cup alone is worth too little")
        self.channel.split_min_value = 10
        self.assertEqual(len(self._order("Q-2", CUP=1, POT=2).shipment_ids), 2)

    def test_a_gift_never_comes_alone(self):
        self._stock(self.south, CUP=9)
        self._stock(self.north, POT=9)
        lines = [self._line("CUP", quantity="1"), self._line("POT", price="0", gift=True)]
        order = self._import_one(external_id="G-1", lines=lines)
        self.assertEqual(order.review_state, "held")
        self._stock(self.south, POT=1)
        self.channel.process_orders()
        self.assertEqual(self._places(order), [("South", "CUP", 1), ("South", "POT", 1)])

    def test_the_buyer_wants_one_parcel(self):
        self._stock(self.south, CUP=9)
        self._stock(self.north, POT=9)
        lines = [self._line("CUP"), self._line("POT")]
        order = self._import_one(external_id="G-1", lines=lines, extra={"ship_together": True})
        self.assertTrue(order.wants_one_parcel)
        self.assertEqual(order.review_state, "held")

    def test_by_vendor_and_category(self):
        self._stock(self.south, CUP=9, POT=9)
        vendors = self.env["res.partner"].create([{"name": "V1"}, {"name": "V2"}])
        self.cup.seller_ids = [(0, 0, {"partner_id": vendors[0].id})]
        self.pot.seller_ids = [(0, 0, {"partner_id": vendors[1].id})]
        self.channel.split_by_vendor = True
        self.assertEqual(len(self._order("Q-1", CUP=1, POT=1).shipment_ids), 2)
        self.channel.split_by_vendor = False
        self.assertEqual(len(self._order("Q-2", CUP=1, POT=1).shipment_ids), 1)
        parent = self.env["product.category"].create({"name": "China"})
        child = self.env["product.category"].create({"name": "Cups", "parent_id": parent.id})
        self.cup.categ_id = child
        self.channel.split_categ_ids = parent
        apart = self._order("Q-3", CUP=1, POT=1)
        self.assertEqual(len(apart.shipment_ids), 2)
        self.assertIn("category", apart.decision_ids.filtered(lambda d: d.stage == "split").rule)

    def test_at_most_so_many_parcels_over_all_warehouses(self):
        self.channel.write({"split_max_items": 1, "split_max_parts": 3})
        self._stock(self.south, CUP=2)
        self._stock(self.north, POT=2)
        order = self._order("Q-1", CUP=2, POT=2)
        self.assertEqual(len(order.shipment_ids), 2, "four would be too many")
        self.assertIn(
            "more than 3", order.decision_ids.filtered(lambda d: d.stage == "split").summary
        )

    def test_goods_sold_by_the_fraction(self):
        self._stock(self.south, CUP=1)
        self._stock(self.north, CUP=1)
        order = self._order("Q-1", CUP=1.5)
        self.assertEqual(order.review_state, "approved", order.source_summary)
        self.assertEqual(self._reserved(self.cup), 1.5)
        self.assertEqual(len(order.shipment_ids), 2)
        self._stock(self.south, CUP=2.5)
        self.assertEqual(self._places(self._order("Q-2", CUP=2.5)), [("South", "CUP", 2.5)])

    def test_unknown_weight_is_said(self):
        self.channel.split_max_weight = 10
        self._stock(self.south, CUP=9)
        order = self._order("Q-1", CUP=1)
        decision = order.decision_ids.filtered(lambda d: d.stage == "split")
        self.assertIn("the weight of CUP is not known", decision.summary)

    def test_when_the_goods_are_expected(self):
        vendor = self.env["res.partner"].create({"name": "Vendor"})
        request = self.env["purchase.order"].create(
            {
                "partner_id": vendor.id,
                "picking_type_id": self.south.in_type_id.id,
                "order_line": [
                    (0, 0, {"product_id": self.cup.id, "product_qty": 5, "price_unit": 1,
                            "date_planned": fields.Datetime.now() + timedelta(days=9)})
                ],
            }
        )  # fmt: skip
        request.button_confirm()
        order = self._order("Q-1", CUP=1)
        self.assertEqual(order.review_state, "held")
        self.assertAlmostEqual(
            order.expected_at, fields.Datetime.now() + timedelta(days=9), delta=timedelta(days=1)
        )
        self.assertEqual(order.exception_ids.due_at, order.expected_at)
