from datetime import datetime

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged

from .test_shipment import ShipmentCase


class SourcingCase(ShipmentCase):
    """Two warehouses, one in the north and one in the south, and a channel that chooses."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        germany = cls.env.ref("base.de")
        places = [("North", "20095", "Hamburg"), ("South", "80331", "Munich")]
        cls.north, cls.south = cls.env["stock.warehouse"].create(
            [
                {
                    "name": name,
                    "code": name[:2].upper(),
                    "company_id": cls.company.id,
                    "partner_id": cls.env["res.partner"]
                    .create({"name": name, "zip": code, "city": city, "country_id": germany.id})
                    .id,
                }
                for name, code, city in places
            ]
        )
        cls.channel.write(
            {
                "sourcing": "best",
                "source_warehouse_ids": [(6, 0, (cls.north | cls.south).ids)],
                "split_alone": False,
            }
        )
        cls.cup = cls._create_product("CUP")
        cls.pot = cls._create_product("POT")

    def _stock(self, warehouse, **quantities):
        for sku, quantity in quantities.items():
            self.env["stock.quant"]._update_available_quantity(
                self.env["product.product"].search([("default_code", "=", sku)]),
                warehouse.lot_stock_id,
                quantity,
            )

    def _order(self, name="Q-1", zip_code="80999", process=True, **quantities):
        return self._import_one(
            external_id=name,
            process=process,
            lines=[self._line(sku, quantity=str(qty)) for sku, qty in quantities.items()],
            shipping_address={
                "name": "Ada", "street": "Road 1", "zip": zip_code, "city": "X", "country": "DE",
            },
        )  # fmt: skip

    def _places(self, order):
        moves = order.sale_order_id.picking_ids.move_ids
        return sorted(
            (m.picking_id.picking_type_id.warehouse_id.name, m.product_id.default_code, m.quantity)
            for m in moves
        )


@tagged("post_install", "-at_install")
class TestSourcing(SourcingCase):
    def test_the_nearer_warehouse(self):
        for warehouse in (self.north, self.south):
            self._stock(warehouse, CUP=9)
        south = self._order("Q-1", CUP=1)
        north = self._order("Q-2", zip_code="22222", CUP=1)
        self.assertEqual(self._places(south), [("South", "CUP", 1)])
        self.assertEqual(self._places(north), [("North", "CUP", 1)])
        decision = south.decision_ids.filtered(lambda d: d.stage == "source")
        self.assertIn("South", decision.summary)
        self.assertEqual([d["chosen"] for d in decision.details], [False, True])
        self.assertLess(decision.details[1]["distance"], decision.details[0]["distance"])
        self.assertTrue(south.promised_at)
        self.assertEqual(south.shipment_ids.warehouse_id, self.south)

    def test_one_that_has_all_before_the_nearest(self):
        self._stock(self.south, CUP=9)
        self._stock(self.north, CUP=9, POT=9)
        order = self._order(CUP=1, POT=1)
        self.assertEqual(self._places(order), [("North", "CUP", 1), ("North", "POT", 1)])

    def test_two_parts_where_needed(self):
        self._stock(self.south, CUP=2)
        self._stock(self.north, CUP=3, POT=1)
        order = self._order(CUP=5, POT=1)
        self.assertEqual(
            self._places(order), [("North", "CUP", 3), ("North", "POT", 1), ("South", "CUP", 2)]
        )
        self.assertEqual(len(order.shipment_ids), 2)
        self.assertEqual(len(order.sale_order_id.picking_ids), 2)
        self.assertEqual(sum(order.sale_order_id.order_line.mapped("product_uom_qty")), 6)
        split = order.decision_ids.filtered(lambda d: d.stage == "split")
        shares = [float(part["share_of_total"]) for part in split.details["parts"]]
        self.assertAlmostEqual(sum(shares), order.sale_order_id.amount_total)
        order.shipment_ids[0].action_ship()
        order.shipment_ids[1].action_ship()
        self.assertEqual(order.sale_order_id.order_line.mapped("qty_delivered"), [5, 1])
        self.assertEqual(order.sale_order_id.delivery_status, "full")

    def test_nobody_has_it(self):
        self._stock(self.south, CUP=1)
        order = self._order(CUP=2)
        self.assertEqual(order.review_state, "held")
        self.assertIn("No warehouse has everything", order.source_summary)
        self._stock(self.north, CUP=2)
        self.channel.process_orders()
        self.assertEqual(self._places(order), [("North", "CUP", 2)])

    def test_coverage(self):
        for warehouse in (self.north, self.south):
            self._stock(warehouse, CUP=9)
        self.south.ecom_country_ids = self.env.ref("base.at")
        self.assertEqual(self._places(self._order("Q-1", CUP=1)), [("North", "CUP", 1)])
        self.south.write({"ecom_country_ids": [(5,)], "ecom_zip_from": "7", "ecom_zip_to": "81"})
        self.assertEqual(self._places(self._order("Q-2", CUP=1)), [("South", "CUP", 1)])
        order = self._order("Q-3", zip_code="82000", CUP=1)
        self.assertEqual(self._places(order), [("North", "CUP", 1)])
        details = order.decision_ids.filtered(lambda d: d.stage == "source").details
        self.assertIn("82000", details[1]["refused"])

    def test_capacity(self):
        for warehouse in (self.north, self.south):
            self._stock(warehouse, CUP=9)
        self.south.ecom_daily_capacity = 2
        orders = [self._order(f"Q-{i}", process=False, CUP=1) for i in range(3)]
        self.channel.process_orders()
        names = [self._places(order)[0][0] for order in orders]
        self.assertEqual(names, ["South", "South", "North"])

    def test_kept_back_and_closed(self):
        self._stock(self.south, CUP=3)
        self._stock(self.north, CUP=9)
        self.south.ecom_safety_stock = 3
        self.assertEqual(self._places(self._order("Q-1", CUP=1)), [("North", "CUP", 1)])
        self.south.ecom_safety_stock = 0
        self.south.ecom_paused_until = "2099-01-01"
        self.assertEqual(self._places(self._order("Q-2", CUP=1)), [("North", "CUP", 1)])

    def test_last_piece_goes_to_one(self):
        self._stock(self.south, CUP=1)
        orders = [self._order(f"Q-{i}", process=False, CUP=1) for i in range(2)]
        self.channel.process_orders()
        self.assertEqual([o.review_state for o in orders], ["approved", "held"])

    def test_chosen_by_a_person(self):
        for warehouse in (self.north, self.south):
            self._stock(warehouse, CUP=9)
        self.channel.approval = "manual"
        order = self._order(CUP=1)
        viewer = new_test_user(self.env, "src_view", groups="ecom_order_mgmt.group_ecom_viewer")
        with self.assertRaises(AccessError):
            order.with_user(viewer).action_set_warehouse(self.north.id)
        order.action_set_warehouse(self.north.id)
        order.action_approve()
        self.channel.process_orders()
        self.assertEqual(self._places(order), [("North", "CUP", 1)])
        self.assertIn("chosen by a person", order.source_summary)
        with self.assertRaises(UserError):
            order.action_set_warehouse(self.south.id)

    def test_kit_comes_from_one_place(self):
        if "mrp.bom" not in self.env:
            self.skipTest("mrp is not installed")
        kit = self._create_product("SET")
        self.env["mrp.bom"].create(
            {
                "product_tmpl_id": kit.product_tmpl_id.id,
                "type": "phantom",
                "bom_line_ids": [
                    (0, 0, {"product_id": self.cup.id, "product_qty": 2}),
                    (0, 0, {"product_id": self.pot.id, "product_qty": 1}),
                ],
            }
        )
        self._stock(self.south, CUP=9)
        self._stock(self.north, POT=9)
        order = self._order("Q-1", SET=1)
        self.assertEqual(order.review_state, "held")
        self._stock(self.north, CUP=2)
        self.channel.process_orders()
        self.assertEqual(self._places(order), [("North", "CUP", 2), ("North", "POT", 1)])

    def test_ship_date(self):
        self.south.partner_id.tz = "Europe/Berlin"
        monday_noon = datetime(2026, 3, 2, 11, 0)
        self.assertEqual(str(self.south._ecom_get_ship_date(monday_noon)), "2026-03-02 17:00:00")
        friday_evening = datetime(2026, 3, 6, 17, 0)
        self.assertEqual(str(self.south._ecom_get_ship_date(friday_evening)), "2026-03-09 17:00:00")
        with freeze_time("2026-03-02 11:00:00"):
            self._stock(self.south, CUP=1)
            order = self._order(CUP=1)
        self.assertEqual(str(order.promised_at), "2026-03-03 17:00:00")
        self.assertEqual(order.sale_order_id.commitment_date, order.promised_at)

    # === SPLIT === #

    def test_split_by_class_and_weight(self):
        self.channel.write({"sourcing": "fixed", "split_by_class": True, "split_max_weight": 10})
        self.cup.ecom_transport_class = "frozen"
        self.pot.weight = 4
        self._stock(self.warehouse, CUP=9, POT=9)
        order = self._order(CUP=1, POT=5)
        pickings = order.sale_order_id.picking_ids
        self.assertEqual(
            sorted(
                sorted((m.product_id.default_code, m.quantity) for m in p.move_ids)
                for p in pickings
            ),
            [[("CUP", 1)], [("POT", 1)], [("POT", 2)], [("POT", 2)]],
        )
        self.assertEqual(len(order.shipment_ids), 4)
        self.assertEqual(self._reserved(self.pot), 5)

    def test_own_parcel(self):
        self.channel.write({"sourcing": "fixed", "split_alone": True})
        self.pot.ecom_ship_alone = True
        self._stock(self.warehouse, CUP=9, POT=9)
        order = self._order(CUP=2, POT=2)
        self.assertEqual(len(order.shipment_ids), 3)
        plain = self._order("Q-2", CUP=2)
        self.assertEqual(len(plain.shipment_ids), 1)

    def test_pieces_per_parcel(self):
        self.channel.write({"sourcing": "fixed", "split_alone": True})
        self.pot.ecom_per_parcel = 2
        self._stock(self.warehouse, CUP=9, POT=9)
        order = self._order(CUP=2, POT=5)
        self.assertEqual(
            sorted(sum(s.move_ids.mapped("product_qty")) for s in order.shipment_ids), [2, 2, 3]
        )

    def test_floor_keeps_it_together(self):
        self.channel.write({"sourcing": "fixed", "split_by_class": True, "split_min_value": 25})
        self.cup.ecom_transport_class = "frozen"
        self._stock(self.warehouse, CUP=9, POT=9)
        order = self._order(CUP=1, POT=5)
        self.assertEqual(len(order.shipment_ids), 1)
        decision = order.decision_ids.filtered(lambda d: d.stage == "split")
        self.assertIn("10.00", decision.summary)

    def test_speed(self):
        """Statements do not grow with the number of orders times warehouses."""
        self._stock(self.south, CUP=500)
        self._stock(self.north, CUP=500)
        for prefix in ("warm", "cold"):
            orders = self.env["ecom.order"].union(
                *[self._order(f"{prefix}-{i}", process=False, CUP=1) for i in range(20)]
            )
            self.channel.approval = "manual"
            self.channel.process_orders()
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            orders._source()
            self.env.flush_all()
            count = self.env.cr.sql_log_count - before
        self.assertLess(count / 20, 4)
