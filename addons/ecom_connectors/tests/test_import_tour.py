from odoo.tests import HttpCase, tagged

from .common import ImportCase


@tagged("post_install", "-at_install")
class TestImportTour(HttpCase, ImportCase):
    def test_import_tour(self):
        """Upload, preview, import, parked order, mapping, replay; in a real browser."""
        self._create_product("TOUR-MUG", quantity=10)
        lamp = self._create_product("TOUR-LAMP", quantity=10)
        channel = self._create_channel(
            name="Tour Shop", connector="file", currency_id=self.eur.id, approval="all"
        )
        self.start_tour("/odoo/ecom-imports/new", "ecom_import_tour", login="admin", timeout=120)
        orders = self.env["ecom.order"].search([("channel_id", "=", channel.id)])
        orders = {order.external_id: order for order in orders}
        self.assertEqual(sorted(orders), ["T-1", "T-2", "T-3"])
        self.assertEqual(orders["T-3"].cause, "invalid_document")
        self.assertFalse(orders["T-2"].cause)
        channel.process_orders()
        self.assertEqual(orders["T-2"].sale_order_id.order_line.product_id, lamp)
        record = orders["T-1"].import_id
        self.assertEqual((record.created_count, record.parked_count), (1, 2))
        self.assertEqual(record.rejected_count, 1)
