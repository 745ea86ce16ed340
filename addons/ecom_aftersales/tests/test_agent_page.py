from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged

from .common import AftersalesCase


@tagged("post_install", "-at_install")
class TestAgentPage(AftersalesCase, HttpCase):
    def test_everything_on_one_page(self):
        agent = new_test_user(self.env, "page_agent", groups="ecom_aftersales.group_ecom_agent")
        sale_order = self._sell(lines=[self._line(quantity="3")], ship=1)
        order = sale_order.ecom_order_id
        self._request(sale_order, [{"sku": "MUG", "quantity": 1}], "refund_only")
        page = order.with_user(agent).get_agent_page()
        self.assertEqual(
            [step["type"] for step in page["steps"]],
            ["intercept", "return", "exchange", "refund_only", "resend", "warranty"],
        )
        self.assertIn("2 pieces", page["steps"][0]["effect"])
        self.assertIn("20.00", page["steps"][1]["effect"])
        self.assertEqual(len(page["cases"]), 1)
        self.assertEqual(len(page["parcels"]), 2)
        self.assertIn("30.00", page["money"]["paid"])
        self.assertEqual(page["buyer"]["order_count"], 1)
        action = order.with_user(agent).action_agent_step("exchange")
        self.assertEqual(self.env["ecom.return.new"].browse(action["res_id"]).type, "exchange")
        desk = new_test_user(self.env, "page_desk", groups="ecom_aftersales.group_ecom_desk")
        with self.assertRaises(AccessError):
            order.with_user(desk).get_agent_page()

    def test_tours(self):
        agent = new_test_user(
            self.env, "tour_agent", password="tour_agent", groups="ecom_aftersales.group_ecom_agent"
        )
        self.policy.write({"auto_approve": True, "refund_on": "grading"})
        sale_order = self._sell(ship=True, lines=[self._line(quantity="2")], number="TOUR-1")
        order = sale_order.ecom_order_id
        ticket = self.env["ecom.ticket"].create({"name": "About TOUR-1", "user_id": agent.id})
        self.assertEqual(ticket.order_id, order)
        self.start_tour(f"/odoo/ecom-tickets/{ticket.id}", "ecom_agent_tour", login="tour_agent")
        case = sale_order.ecom_return_ids
        self.assertRecordValues(
            case, [{"type": "return", "request_state": "approved", "amount_due": 20}]
        )
        desk = new_test_user(
            self.env, "tour_desk", password="tour_desk", groups="ecom_aftersales.group_ecom_desk"
        )
        self.assertTrue(desk)
        case.return_tracking_ref = "SCAN-ME"
        self.start_tour("/odoo/ecom-receiving", "ecom_desk_tour", login="tour_desk")
        self.assertRecordValues(case, [{"goods_state": "graded", "amount_issued": 20}])
        self.assertEqual(sorted(case.grading_ids.mapped("grade")), ["a", "b"])
