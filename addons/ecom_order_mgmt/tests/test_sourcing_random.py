import random
from collections import Counter

from odoo.tests import tagged

from .test_sourcing import SourcingCase


@tagged("post_install", "-at_install")
class TestRandomOrders(SourcingCase):
    """Many orders of any shape over few goods: what must hold whatever comes."""

    def _world(self, seed):
        chance = random.Random(seed)
        vendor = self.env["res.partner"].create({"name": "Vendor"})
        skus = ["CUP", "POT", "BOWL", "PAN"]
        for sku in skus[2:]:
            self._create_product(sku, weight=2)
        goods = self.env["product.product"].search([("default_code", "in", skus)])
        goods[0].seller_ids = [(0, 0, {"partner_id": vendor.id, "delay": 2})]
        goods[1].ecom_transport_class = "frozen"
        goods[2].ecom_ship_alone = True
        self.south.resupply_wh_ids = self.north
        self.north.resupply_wh_ids = self.south
        for warehouse in (self.north, self.south):
            for sku in skus:
                quantity = chance.randint(0, 25)
                if quantity:
                    self._stock(warehouse, **{sku: quantity})
        self.channel.write(
            {
                "source_fallback": chance.choice(["wait", "transfer", "buy", "transfer_buy"]),
                "source_max_parts": chance.randint(1, 3),
                "split_by_class": chance.random() < 0.5,
                "split_alone": chance.random() < 0.5,
                "split_max_items": chance.choice([0, 3]),
                "split_min_value": chance.choice([0, 20]),
                "merge_mode": "off",
            }
        )
        orders = self.env["ecom.order"]
        for number in range(25):
            lines = [
                self._line(
                    sku,
                    quantity=str(chance.randint(1, 5)),
                    price="10",
                    **({"gift": True} if chance.random() < 0.2 else {}),
                )
                for sku in chance.sample(skus, chance.randint(1, 3))
            ]
            orders |= self._import_one(
                external_id=f"R{seed}-{number}", process=chance.random() < 0.3, lines=lines
            )
        self.channel.process_orders()
        self.channel.process_orders()
        return orders, goods

    def _check(self, orders, goods):
        self.assertFalse(orders.filtered("cause").mapped("cause_message"))
        self.assertFalse(orders.filtered(lambda o: o.review_state not in ("approved", "held")))
        bought = Counter()
        for order in orders:
            lines = order.sale_order_id.order_line
            deliveries = lines.move_ids.filtered(
                lambda m: m.location_dest_id.usage == "customer" and m.state != "cancel"
            )
            if order.review_state == "held":
                self.assertFalse(deliveries, order.number)
                continue
            for line in lines:
                mine = deliveries.filtered(lambda m, line=line: m.sale_line_id == line)
                self.assertEqual(sum(mine.mapped("product_qty")), line.product_uom_qty)
            self.assertLessEqual(len(order.shipment_ids), 5)
            gifts = order._get_gift_line_ids()
            floor = self.channel.split_min_value
            if len(order.shipment_ids) > 1:
                for shipment in order.shipment_ids:
                    held = shipment.picking_ids.move_ids.filtered(lambda m: m.state != "cancel")
                    if gifts < set(lines.ids):
                        self.assertFalse(set(held.sale_line_id.ids) <= gifts, "gifts alone")
                    worth = sum(m.product_qty * m.sale_line_id.price_total / m.sale_line_id.product_uom_qty for m in held)  # fmt: skip
                    self.assertGreaterEqual(round(worth, 2), floor)
            for entry in [e for line in lines for e in line.ecom_allocation or [] if len(e) > 3]:
                if entry[3] == "buy":
                    bought[order.id] += entry[2]
        requested = self.env["purchase.order.line"].search([("product_id", "in", goods.ids)])
        self.assertEqual(sum(requested.mapped("product_qty")), sum(bought.values()))
        for quant in self.env["stock.quant"].search([("product_id", "in", goods.ids)]):
            if quant.location_id.usage == "internal":
                self.assertLessEqual(quant.reserved_quantity, max(quant.quantity, 0))
        for move in orders.sale_order_id.order_line.move_ids:
            if move.state not in ("done", "cancel", "waiting"):
                self.assertEqual(move.state, "assigned", "what is promised is reserved")

    def test_random_orders(self):
        for seed in (1, 2, 3, 4):
            with self.subTest(seed=seed):
                savepoint = self.env.cr.savepoint()
                try:
                    self._check(*self._world(seed))
                finally:
                    savepoint.rollback()
                    self.env.invalidate_all()
