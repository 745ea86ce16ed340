"""Requests of buyers on a platform: each becomes one case, and hears one answer, over real HTTP."""

from datetime import datetime, timedelta, timezone

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .return_common import ReturnCase
from .test_connector_contracts import ContractCase
from .test_connector_sim import SimCase
from .test_shopify_life import TestShopifyLife as ShopifyCase


@tagged("post_install", "-at_install")
class TestReturnAnswer(ReturnCase, SimCase):
    def _sold(self, ship=True, lines=(("TSIM-001", 2),)):
        self.order_id = self.shop.place(list(lines))
        self.sim.sync_now()
        order = self._order(self.order_id)
        if ship:
            self._deliver(order)
            self.sim.sync_now(["shipments"])
        return order

    def _asked(self, ship=True, lines=(("TSIM-001", 1),), **options):
        """:return: the case here of what a buyer asks there"""
        order = self._sold(ship)
        self.case_id = self.shop.ask_return(self.order_id, lines and list(lines), **options)
        self.sim.sync_now(["orders"])
        return order.return_ids

    def _there(self):
        return next(c for c in self.shop.orders[self.order_id]["returns"] if c["id"] == self.case_id)

    def _tell(self):
        self.sim.sync_now(["shipments"])

    def _task(self, case):
        return case.order_id.task_ids.filtered(lambda task: task.kind == "return").sorted("id")[-1:]

    def _answers(self):
        return [body["answer"] for _m, path, body in self.shop.calls if "/returns/" in path]

    def test_one_case_and_one_answer(self):
        case = self._asked(reason="defect", note="It hums")
        self.assertRecordValues(
            case,
            [{"type": "return", "origin": "platform", "platform_state": "open", "platform_kind": "return",
              "platform_case_id": self.case_id, "request_state": "new", "description": "It hums"}],
        )  # fmt: skip
        self.assertEqual(case.reason_id.code, "defect")
        self.assertEqual(case.line_ids.quantity, 1)
        self.assertAlmostEqual((case.platform_deadline - datetime.utcnow()).total_seconds(), 48 * 3600, delta=120)
        for _again in range(2):
            self.sim.sync_now()
        self.assertEqual(case.order_id.return_ids, case, "it is here once")
        case.action_approve()
        self.assertRecordValues(case, [{"platform_state": "approved", "platform_answer": "waiting"}])
        self.assertFalse(case.activity_ids, "nobody need answer by hand")
        self.assertEqual(self._there()["status"], "requested")
        self._tell()
        self.assertEqual(self._there()["status"], "approved")
        self.assertEqual(case.platform_answer, "done")
        self.assertTrue(case.platform_answered_at)
        self.sim.sync_now()
        self.assertEqual(self._answers(), ["approved"])
        self.assertFalse(case.activity_ids)

    def test_declined_with_its_reason(self):
        case = self._asked()
        case.action_reject("Worn")
        self._tell()
        self.assertEqual((self._there()["status"], self._there()["answer_reason"]), ("declined", "Worn"))
        self.sim.sync_now()
        self.assertRecordValues(case, [{"request_state": "rejected", "platform_answer": "done"}])

    def test_policy_answers_by_itself(self):
        self.return_policy.auto_approve = True
        case = self._asked()
        self.assertEqual(case.request_state, "approved")
        self._tell()
        self.assertEqual(self._there()["status"], "approved")

    def test_approved_and_taken_back(self):
        case = self._asked()
        case.action_approve()
        self._tell()
        case.action_withdraw("The buyer keeps it")
        self._tell()
        self.assertEqual((self._answers(), self._there()["status"]), (["approved", "cancelled"], "closed"))
        self.assertEqual(case.platform_answer, "done")

    def test_approved_and_taken_back_before_it_was_told(self):
        case = self._asked()
        case.action_approve()
        case.action_withdraw("A mistake")
        self._tell()
        self.assertEqual((self._answers(), self._there()["status"]), (["rejected"], "declined"))

    def test_killed_between_answer_and_commit(self):
        """The shop did it, and we were killed before we could write it down: once all the same."""
        case = self._asked()
        case.action_approve()
        task = self._task(case)
        task.write({"attempts": 1, "started_at": "2026-01-01", "next_try": "2026-01-01"})
        self.shop.answer_return(self.order_id, self.case_id, {"answer": "approved"})
        changes = self._there()["updated_at"]
        self._tell()
        self.assertEqual((task.state, case.platform_answer), ("done", "done"))
        self.assertEqual(self._there()["updated_at"], changes, "it was not decided twice")

    def test_answer_lost(self):
        case = self._asked()
        case.action_approve()
        self.shop.fail_next("timeout_after", method="POST")
        self._tell()
        self.assertEqual(case.platform_answer, "waiting")
        self._tell()
        self.assertEqual((case.platform_answer, self._there()["status"]), ("done", "approved"))

    def test_refused_by_the_platform(self):
        case = self._asked()
        self._there()["status"] = "declined"
        case.action_approve()
        self._tell()
        self.assertEqual(case.platform_answer, "failed")
        self.assertIn("the case is declined", case.platform_message)
        self.assertIn(self.case_id, case.platform_message)
        self.assertTrue(case.activity_ids.filtered(lambda a: "was not answered" in a.summary))
        with self.assertRaises(UserError):
            self._asked_nothing_by_hand()
        case.action_platform_answered()
        self.assertRecordValues(case, [{"platform_answer": "done", "platform_message": False}])
        self.assertEqual(self._task(case).state, "cancelled")

    def _asked_nothing_by_hand(self):
        case = self._asked()
        case.action_platform_answered()

    def test_deadline_passed(self):
        case = self._asked()
        case.action_approve()
        case.action_withdraw("No goods")
        late = datetime.now(timezone.utc) + timedelta(days=3)
        self.shop.clock = lambda: late
        case.platform_deadline = "2026-01-01 00:00:00"
        self._tell()
        self.assertEqual(case.platform_answer, "failed")
        self.assertIn("deadline passed", case.platform_message)
        # What the shop decided for itself is brought in: a person has to bring both in line.
        self._there()["updated_at"] = self.shop.now()
        self.sim.sync_now(["orders"])
        self.assertTrue(case.activity_ids.filtered(lambda a: "decided otherwise" in a.summary))

    def test_tries_end_before_the_deadline(self):
        case = self._asked(hours=2)
        case.action_approve()
        task = self._task(case)
        task.attempts = 6
        self.shop.fail_next("500", 3, method="POST")
        self._tell()
        self.assertEqual(task.state, "waiting")
        self.assertLess(task.next_try, case.platform_deadline, "an hour's pause, but not beyond it")
        task.attempts = 7
        task.payload = {**task.payload, "deadline": (datetime.utcnow() + timedelta(minutes=40)).isoformat(" ", "seconds")}
        self._tell()
        self.assertLess(task.next_try, datetime.utcnow() + timedelta(minutes=30))

    def test_untold_answers_escalate(self):
        case = self._asked()
        self.sim.state = "paused"
        case.action_approve()
        self._tell()
        self.assertEqual((case.platform_answer, self._answers()), ("waiting", []), "paused: nothing goes out")
        self.env.cr.execute("UPDATE ecom_return SET create_date = '2026-01-01' WHERE id = %s", [case.id])
        case.invalidate_recordset(["create_date"])
        self.env["ecom.return"]._cron_escalate_deadlines()
        self.assertEqual(case.escalation, 2)
        self.sim.state = "ok"
        self._tell()
        self.assertEqual(case.platform_answer, "done")

    def test_shadow_mode_is_answered_by_hand(self):
        case = self._asked()
        self.sim.connector_shadow = True
        case.action_approve()
        self._tell()
        self.assertEqual((case.platform_answer, self._answers()), ("manual", []))
        self.assertEqual(self._task(case).state, "shadow")
        case.action_platform_answered()
        self.assertEqual(case.platform_answer, "done")

    def test_not_to_be_told(self):
        self.sim.push_returns = False
        case = self._asked()
        case.action_approve()
        self.assertEqual(case.platform_answer, "manual")
        self.assertIn(self.case_id, case.platform_message)

    def test_reviewer_gives_it_up(self):
        case = self._asked()
        self._there()["status"] = "declined"
        case.action_approve()
        self._tell()
        task = self._task(case)
        task.action_retry()
        self.assertEqual(case.platform_answer, "waiting")
        task.action_give_up()
        self.assertEqual(case.platform_answer, "manual")

    def test_decided_there(self):
        case = self._asked()
        self.shop.answer_return(self.order_id, self.case_id, {"answer": "approved"})
        self.sim.sync_now()
        self.assertRecordValues(
            case, [{"request_state": "approved", "platform_state": "approved", "platform_answer": "none"}]
        )
        self.assertEqual(case.goods_state, "awaiting")
        self.assertEqual(self._answers(), [])

    def test_decided_there_and_taken_back_here(self):
        case = self._asked()
        self.shop.answer_return(self.order_id, self.case_id, {"answer": "approved"})
        self.sim.sync_now()
        case.action_withdraw("The buyer keeps it")
        self._tell()
        self.assertEqual((self._answers(), self._there()["status"]), (["cancelled"], "closed"))

    def test_withdrawn_there(self):
        case = self._asked()
        self._there()["status"] = "withdrawn"
        self.shop.change(self.order_id)
        self.sim.sync_now()
        self.assertRecordValues(case, [{"request_state": "withdrawn", "platform_state": "closed"}])
        self.assertEqual(self._answers(), [])

    def test_more_than_is_left(self):
        """What cannot become a case is parked with its cause, and the shop's people hear of it."""
        case = self._asked(lines=[("TSIM-001", 2)])
        self.shop.ask_return(self.order_id, [("TSIM-001", 1)])
        self.sim.sync_now()
        self.assertEqual(case.order_id.return_ids, case)
        parked = self.env["ecom.platform.case"].search([("channel_id", "=", self.sim.id), ("return_id", "=", False)])
        self.assertEqual(parked.state, "parked")
        self.assertTrue(parked.message)
        self.assertTrue(case.order_id.activity_ids.filtered(lambda a: parked.external_id in a.summary))
        with self.assertRaises(UserError):
            parked.action_mirror()
        case.action_reject("No")
        parked.action_mirror()
        self.assertEqual(len(case.order_id.return_ids), 2)

    def test_others_neither_see_nor_try_again(self):
        self._asked()
        record = self.env["ecom.platform.case"].search([("channel_id", "=", self.sim.id)])
        stranger = new_test_user(self.env, "case_stranger", groups="base.group_user")
        with self.assertRaises(AccessError, msg="no viewer"):
            record.with_user(stranger).read(["document"])
        viewer = new_test_user(self.env, "case_viewer", groups="ecom_order_mgmt.group_ecom_viewer")
        record.with_user(viewer).read(["document"])
        with self.assertRaises(AccessError):
            record.with_user(viewer).action_mirror()
        with self.assertRaises(AccessError):
            record.with_user(viewer).write({"message": "x"})

    # === REQUESTS TO CANCEL === #

    def test_cancel_before_it_leaves(self):
        case = self._asked(ship=False, lines=None, kind="cancel")
        self.assertRecordValues(case, [{"type": "refund_only", "request_state": "approved"}])
        self.assertEqual(case.sale_order_id.state, "cancel")
        self._tell()
        self.assertEqual(self.shop.orders[self.order_id]["status"], "cancelled")
        self.sim.sync_now()
        order = case.order_id
        self.assertEqual((order.state, order.channel_status, order.review_state, order.cause_message), ("accepted", "cancelled", "rejected", False))
        self.assertFalse(order.exception_ids.filtered(lambda e: e.state == "open"), "no person is asked anything")
        self.assertEqual(case.order_id.return_ids, case)

    def test_cancel_what_is_packed(self):
        order = self._sold(ship=False)
        parcel = self._pack(order)
        self.case_id = self.shop.ask_return(self.order_id, kind="cancel")
        self.sim.sync_now(["orders"])
        case = order.return_ids
        self.assertEqual((case.request_state, parcel.frozen), ("new", True))
        self.assertEqual(order.interception_ids.mapped("outcome"), ["open"])
        case.action_reject("It is on the lorry")
        self.assertFalse(parcel.frozen, "it goes on")
        self._tell()
        self.assertEqual(self._there()["status"], "declined")
        self.assertEqual(order.sale_order_id.state, "sale")

    def test_packer_lets_it_go(self):
        order = self._sold(ship=False)
        parcel = self._pack(order)
        self.case_id = self.shop.ask_return(self.order_id, kind="cancel")
        self.sim.sync_now(["orders"])
        parcel.action_release()
        self.assertEqual(order.return_ids.request_state, "rejected")
        self._tell()
        self.assertEqual(self._there()["status"], "declined")

    def test_cancel_what_is_packed_after_all(self):
        order = self._sold(ship=False)
        self._pack(order)
        self.case_id = self.shop.ask_return(self.order_id, kind="cancel")
        self.sim.sync_now(["orders"])
        order.return_ids.action_approve()
        self._tell()
        self.assertEqual(self.shop.orders[self.order_id]["status"], "cancelled")
        self.assertEqual(order.sale_order_id.state, "cancel")
        self.assertEqual(order.interception_ids.mapped("outcome"), ["applied"])

    def test_cancel_what_has_left(self):
        case = self._asked(lines=None, kind="cancel")
        self.assertRecordValues(
            case, [{"type": "intercept", "request_state": "new", "platform_state": "rejected"}]
        )
        self._tell()
        self.assertEqual(self._there()["status"], "declined")
        self.assertIn("left already", self._there()["answer_reason"])
        case.action_approve()
        self._tell()
        self.assertEqual(self._answers(), ["rejected"])
        self.assertEqual(case.goods_state, "in_transit")

    def _pack(self, order):
        picking = order.sale_order_id.picking_ids
        parcel = picking.ecom_shipment_id
        picking.move_ids.picked = True
        parcel.packed_at = datetime.utcnow()
        self.assertEqual(parcel.state, "packed")
        return parcel


@tagged("post_install", "-at_install")
class TestReturnAnswerShopify(ReturnCase, ShopifyCase):
    """Against Shopify's own types: a question or an answer that its schema does not know fails."""

    allow_inherited_tests_method = False

    def test_returns(self):
        order = self.shop.add_order(1, [(1, 3)])
        self._sync("orders")
        found = self._found()
        self._done(self._ship(found))
        asked = [self.shop.ask_return(order) for _n in range(3)]
        self._sync("orders")
        cases = found.return_ids.sorted("id")
        self.assertEqual(cases.mapped("platform_state"), ["open"] * 3)
        self.assertEqual(cases.mapped("description"), ["too small"] * 3)
        cases[0].action_approve()
        cases[1].action_reject("Worn")
        self._sync("shipments")
        self.assertEqual([each["status"] for each in asked], ["OPEN", "DECLINED", "REQUESTED"])
        for task in found.task_ids.filtered(lambda t: t.kind == "return"):
            self._again(task)
        self.assertEqual(cases.mapped("platform_answer"), ["done", "done", "none"])
        cases[0].action_withdraw("kept")
        # Somebody in the shop was faster.
        asked[2]["status"] = "DECLINED"
        cases[2].action_approve()
        self._sync("shipments")
        self.assertEqual([each["status"] for each in asked], ["CANCELED", "DECLINED", "DECLINED"])
        self.assertEqual(cases.mapped("platform_answer"), ["done", "done", "failed"])
        self.assertIn("DECLINED", cases[2].platform_message)
        order["updatedAt"] = self.shop.tick()
        self._sync("orders")
        self.assertEqual(found.return_ids.sorted("id"), cases)


@tagged("post_install", "-at_install")
class TestReturnAnswerMedusa(ReturnCase, ContractCase):
    def test_returns(self):
        document = {
            "id": "order_1", "display_id": 7, "status": "pending", "currency_code": "eur", "email": "a@example.com",
            "created_at": "2026-01-01T10:00:00.000Z", "updated_at": "2026-01-01T10:00:00.000Z", "payment_status": "captured",
            "items": [{"id": "ordli_1", "title": "Mug", "variant_sku": "MUG", "quantity": 2, "unit_price": 10,
                       "detail": {"quantity": 2}, "tax_lines": [], "adjustments": []}],
            "shipping_methods": [], "total": 20, "payment_collections": [],
            "shipping_address": {"first_name": "Ada", "last_name": "B", "address_1": "Street 1", "city": "Berlin",
                                 "postal_code": "10115", "country_code": "de"},
        }  # fmt: skip
        back = {
            "id": "return_1", "order_id": "order_1", "status": "requested", "created_at": "2026-01-02T10:00:00.000Z",
            "updated_at": "2026-01-02T10:00:00.000Z", "items": [{"item_id": "ordli_1", "quantity": 1, "note": "broken"}],
        }  # fmt: skip
        channel, shop = self._connect("medusa", credentials={"token": "sk_1"})
        shop.on("GET", "/admin/orders", {"orders": [document], "count": 1})
        shop.on("GET", "/admin/returns", {"returns": [], "count": 0})
        channel.sync_now(["orders"])
        order = self._order_of(channel)
        self.assertEqual(order.state, "accepted", order.cause_message)
        self._ship(order)
        order.task_ids.action_give_up()
        shop.on("GET", "/admin/returns", lambda *a: {"returns": [back], "count": 1})
        shop.on("GET", "/admin/returns/return_1", lambda *a: {"return": back})
        shop.on("POST", "/admin/returns/return_1/cancel", lambda *a: back.update(status="canceled") or {"return": back})
        channel.sync_now(["orders"])
        case = order.return_ids
        self.assertRecordValues(
            case, [{"platform_case_id": "return_1", "platform_state": "open", "request_state": "new"}]
        )
        case.action_approve()
        channel.sync_now(["shipments"])
        self.assertEqual((case.platform_answer, shop.sent("POST", "cancel")), ("done", []))
        case.action_withdraw("kept")
        channel.sync_now(["shipments"])
        self.assertEqual((case.platform_answer, back["status"]), ("done", "canceled"))
        self.assertEqual(len(shop.sent("POST", "cancel")), 1)


