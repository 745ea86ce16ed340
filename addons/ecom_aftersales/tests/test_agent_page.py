from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
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
            "what has left in part goes nowhere else",
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

    def _change_address(self, order, agent, **vals):
        action = order.with_user(agent).action_agent_step("address")
        wizard = self.env["ecom.order.address"].with_user(agent).browse(action["res_id"])
        wizard.write({"street": "Short Street 2", "city": "Hamburg", "zip": "20095", **vals})
        wizard.action_apply()
        return wizard

    def test_change_address_before_it_is_packed(self):
        agent = new_test_user(self.env, "addr_agent", groups="ecom_aftersales.group_ecom_agent")
        sale_order = self._sell()
        order = sale_order.ecom_order_id
        steps = {step["type"]: step for step in order.with_user(agent).get_agent_page()["steps"]}
        self.assertIn("made anew", steps["address"]["effect"])
        wizard = self._change_address(order, agent)
        self.assertTrue(wizard.cost)
        self.channel.process_orders()
        self.assertEqual(sale_order.state, "sale")
        self.assertEqual(sale_order.partner_shipping_id.street, "Short Street 2")
        live = sale_order.picking_ids.filtered(lambda p: p.state != "cancel")
        self.assertEqual(live.partner_id.city, "Hamburg")
        self.assertEqual(self._reserved(self.product), 1)
        # The channel repeats what it said before, and something else.
        self._import_one(buyer_message="Ring twice", updated_at="2026-03-02T10:00:00Z")
        self.assertEqual(order.buyer_message, "Ring twice")
        self.assertEqual(sale_order.partner_shipping_id.street, "Short Street 2")
        # A new address of the channel's is newer than ours.
        address = {**self._document()["shipping_address"], "street": "Third Street 3"}
        self._import_one(shipping_address=address, updated_at="2026-03-03T10:00:00Z")
        self.assertEqual(sale_order.partner_shipping_id.street, "Third Street 3")
        self.assertFalse(order.agent_address)
        desk = new_test_user(self.env, "addr_desk", groups="ecom_aftersales.group_ecom_desk")
        with self.assertRaises(AccessError):
            self.env["ecom.order.address"].with_user(desk)._open(order)

    def test_change_address_of_what_is_packed_or_gone(self):
        agent = new_test_user(self.env, "late_agent", groups="ecom_aftersales.group_ecom_agent")
        sale_order = self._sell()
        order = sale_order.ecom_order_id
        for move in sale_order.picking_ids.move_ids:
            move.picked = True
        self._change_address(order, agent)
        self.assertEqual(sale_order.partner_shipping_id.street, "Long Street 1")
        self.assertTrue(order.shipment_ids.frozen)
        self.assertTrue(order.exception_ids.filtered(lambda e: e.type == "changed_too_late"))
        order.shipment_ids.action_release()
        self._ship(sale_order)
        with self.assertRaisesRegex(UserError, "left us"):
            self._change_address(order, agent, street="Else")

    def test_time_to_return_starts_on_the_day_of_delivery(self):
        self.policy.auto_approve = True
        sale_order = self._sell(ship=True)
        shipment = sale_order.picking_ids.ecom_shipment_id
        sale_order.picking_ids.date_done = "2026-01-01 10:00:00"
        late = self._request(sale_order)
        self.assertEqual(late.policy_verdict, "refused", "nobody says when it arrived")
        late.action_withdraw()
        shipment.sudo()._mark_delivered(fields.Datetime.subtract(fields.Datetime.now(), days=3))
        self.assertEqual(sale_order._ecom_get_delivered_at(), shipment.delivered_at)
        case = self._request(sale_order)
        self.assertIn("Delivered 3 days ago", case.policy_reason)
        self.assertEqual(case.request_state, "approved")

    def test_on_its_way_is_not_delivered(self):
        sale_order = self._sell(ship=True)
        with patch.object(self.env.registry["ecom.shipment"], "_is_watched", lambda shipment: True):
            case = self._request(sale_order)
        self.assertIn("on its way", case.policy_reason)
        self.assertEqual(case.policy_verdict, "allowed")

    def test_exchange_tour(self):
        agent = new_test_user(
            self.env, "tour_swap", password="tour_swap", groups="ecom_aftersales.group_ecom_agent"
        )
        self.policy.write({"auto_approve": True, "days_exchange": 30, "exchange_on": "receipt"})
        sale_order = self._sell(ship=True, lines=[self._line(quantity="2")], number="SWAP-1")
        ticket = self.env["ecom.ticket"].create({"name": "About SWAP-1", "user_id": agent.id})
        self.start_tour(f"/odoo/ecom-tickets/{ticket.id}", "ecom_exchange_tour", login="tour_swap")
        case = sale_order.ecom_return_ids
        self.assertRecordValues(
            case,
            [
                {
                    "type": "exchange",
                    "request_state": "approved",
                    "exchange_state": "reserved",
                    "amount_due": 0,
                }
            ],
        )
        self.assertEqual(case.exchange_order_id.order_line.product_uom_qty, 2)

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
