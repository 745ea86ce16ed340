from odoo.tests import HttpCase, tagged

from .replenishment_common import ReplenishmentCase


@tagged("post_install", "-at_install")
class TestReplenishmentTour(HttpCase, ReplenishmentCase):
    def test_tour(self):
        """List, chart, change with a reason, purchase order; in a real browser."""
        vase = self._create_product("TOUR-VASE", quantity=3, standard_price=4)
        self._create_seller(vase, price=4, delay=6)
        self._sold(vase)
        self.env["ecom.forecast"]._run(self.company)
        self.Suggestion._suggest(self.company)
        self.start_tour("/odoo/ecom-replenishment", "ecom_replenishment_tour", login="admin")
        record = self.Suggestion.search([("product_id", "=", vase.id)])
        self.assertRecordValues(
            record, [{"state": "accepted", "qty": 77, "answer_reason": "Trade fair"}]
        )
        self.assertEqual(record.purchase_line_id.product_qty, 77)
        self.assertEqual(record.answered_by_id, self.env.ref("base.user_admin"))
