import hashlib

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged

from .review_common import ReviewCase

LATER = "2026-03-01T12:00:00Z"
GROUP = "ecom_order_mgmt.group_ecom_"
# What each group may do with the models of the review; each has the rights of those below it.
ALLOWED = {
    "viewer": {
        "ecom.rule": "r", "ecom.rule.check": "r", "ecom.rule.action": "r", "ecom.tag": "r",
        "ecom.review.queue": "r",
    },
    "reviewer": {"ecom.blacklist": "rwc"},
    "finance": {},
    "manager": {
        "ecom.rule": "rwcu", "ecom.rule.check": "rwcu", "ecom.rule.action": "rwcu",
        "ecom.tag": "rwcu", "ecom.blacklist": "rwcu",
    },
}  # fmt: skip
OPERATIONS = {"r": "read", "w": "write", "c": "create", "u": "unlink"}
MODELS = (
    "ecom.rule", "ecom.rule.check", "ecom.rule.action", "ecom.tag", "ecom.blacklist",
    "ecom.review.queue",
)  # fmt: skip


@tagged("post_install", "-at_install")
class TestPeople(ReviewCase):
    """Who may decide what: reviewers, finance, those who force, those who check them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            name: new_test_user(cls.env, f"review_{name}", groups=GROUP + name)
            for name in ("viewer", "reviewer", "finance", "manager", "force")
        }

    def _held(self, *actions, **vals):
        self._create_rule(actions=actions or ("hold",), **vals)
        order = self._import_one()
        self.assertEqual(order.review_state, "held")
        return order

    def _as(self, name, records):
        return records.with_user(self.users[name])

    def test_approval_rate(self):
        by_rules = self._import_one()
        self._create_rule()
        held = self._import_one(external_id="A-2")
        self._as("reviewer", held).action_approve("looked at")
        forced = self._import_one(external_id="A-3")
        self._as("force", forced).action_force_approve("the buyer is known")
        self.assertEqual(
            (by_rules | held | forced).mapped("approval_kind"), ["rules", "person", "forced"]
        )
        self.assertTrue(all((by_rules | held | forced).mapped("approved_at")))
        self.channel.invalidate_recordset(["approved_count", "auto_approval_rate"])
        self.assertEqual(self.channel.approved_count, 3)
        self.assertAlmostEqual(self.channel.auto_approval_rate, 33.3, 1)
        with freeze_time(self._later(days=31)):
            self.channel.invalidate_recordset(["approved_count", "auto_approval_rate"])
            self.assertEqual(self.channel.approved_count, 0)
            self.assertEqual(self.channel.auto_approval_rate, 0)

    def test_approval_of_an_order_that_was_undone_counts_as_it_ended(self):
        order = self._import_one()
        self.assertEqual(order.approval_kind, "rules")
        self.channel.undo_memo = "shipped"
        order._undo_approval("memo", "the buyer wrote")
        order.action_hold("to be asked")
        self._as("reviewer", order).action_approve("asked")
        self.assertEqual(order.approval_kind, "person")

    def test_rights_of_each_group(self):
        rights = dict.fromkeys(MODELS, "")
        for name, own in ALLOWED.items():
            rights |= own
            for model in MODELS:
                for letter, operation in OPERATIONS.items():
                    with self.subTest(group=name, model=model, operation=operation):
                        self.assertEqual(
                            self.env[model].with_user(self.users[name]).has_access(operation),
                            letter in rights[model],
                        )
        plain = new_test_user(self.env, "review_plain", groups="base.group_user")
        for model in MODELS:
            self.assertFalse(self.env[model].with_user(plain).has_access("read"), model)

    def test_viewer_sees_and_decides_nothing(self):
        order = self._held()
        mine = self._as("viewer", order)
        self.assertIn("Total", mine.exception_ids.message + "Total")
        self.assertEqual(mine.open_exception_ids.rule_id.name, "Rule")
        self.assertTrue(mine.plan_warehouse_id)
        for refused in (
            lambda: mine.action_approve("no"),
            lambda: mine.action_force_approve("no"),
            lambda: mine.action_bulk("approve", "no"),
            lambda: self._as("viewer", self.env["ecom.rule.backtest"]).create({}),
            lambda: order.exception_ids.with_user(self.users["viewer"]).write(
                {"state": "resolved"}
            ),
        ):
            with self.assertRaises(AccessError):
                refused()

    def test_reviewer_approves_with_a_reason(self):
        order = self._held()
        mine = self._as("reviewer", order)
        with self.assertRaisesRegex(UserError, "Give a reason"):
            mine.action_approve()
        mine.action_approve("called the buyer")
        self.assertPassed(order)
        self.assertRecordValues(
            order.exception_ids,
            [
                {
                    "state": "resolved",
                    "resolved_by_id": self.users["reviewer"].id,
                    "resolution": "called the buyer",
                }
            ],
        )
        self.assertIn("called the buyer", order.message_ids[0].body)

    def test_manager_makes_rules_without_other_rights(self):
        team = self.env["crm.team"].create({"name": "Night shift", "company_id": self.company.id})
        sample = self._create_product("SAMPLE")
        carrier = self.env["delivery.carrier"].create({"name": "Fast", "product_id": sample.id})
        values = {
            "warehouse_id": self.warehouse.id,
            "team_id": team.id,
            "carrier_id": carrier.id,
            "product_id": sample.id,
        }
        kinds = ("warehouse", "team", "carrier", "free_line")
        rule = self._as("manager", self.env["ecom.rule"]).create(
            {
                "name": "Mine",
                "company_id": self.company.id,
                "action_ids": [
                    Command.create({"kind": kind, field: value})
                    for kind, (field, value) in zip(kinds, values.items(), strict=True)
                ],
            }
        )
        rule.action_activate()
        pack = rule._export_pack("Mine")
        rules, _count = self._as("manager", self.env["ecom.rule"])._import_pack(
            self.env["ecom.rule.pack"]._dump(pack)
        )
        self.assertEqual(rules._export_rule(), rule._export_rule())
        for summary, name in zip(
            self._as("viewer", rule).action_ids.mapped("summary"),
            (self.warehouse.name, "Night shift", "Fast", "SAMPLE"),
            strict=True,
        ):
            self.assertIn(name, summary)

    def test_two_stages(self):
        order = self._held("hold", "finance")
        self._as("reviewer", order).action_approve("address is fine")
        self.assertEqual(order.review_state, "held")
        self.assertEqual(self._open(order).type, "finance")
        self.assertIn("Passed the review", order.message_ids[0].body)
        with self.assertRaisesRegex(UserError, "Finance Reviewer"):
            self._as("reviewer", order).action_approve("please")
        self._as("finance", order).action_approve("money is there")
        self.assertPassed(order)

    def test_force_needs_its_group_and_a_reason(self):
        order = self._held("hold", "finance")
        for name in ("reviewer", "finance", "manager"):
            with self.assertRaises(AccessError):
                self._as(name, order).action_force_approve("hurry")
        forcing = self._as("force", order)
        for reason in ("", "  ", None):
            with self.assertRaises(UserError):
                forcing.action_force_approve(reason)
        self.channel.force_audit_share = 100
        forcing.action_force_approve("the buyer waits in the shop")
        self.assertPassed(order)
        self.assertRecordValues(
            order,
            [
                {
                    "forced_by_id": self.users["force"].id,
                    "force_reason": "the buyer waits in the shop",
                    "audit_state": "todo",
                }
            ],
        )
        self.assertIn("forced by", order.message_ids[0].body)
        self.assertIn("waits in the shop", order.message_ids[0].body)
        with self.assertRaises(AccessError):
            forcing.action_audit()
        self._as("finance", order).action_audit()
        self.assertRecordValues(
            order, [{"audit_state": "done", "audited_by_id": self.users["finance"].id}]
        )

    def test_nobody_checks_himself(self):
        self.users["force"].group_ids = [Command.link(self.env.ref(GROUP + "finance").id)]
        self.channel.force_audit_share = 100
        order = self._held()
        self._as("force", order).action_force_approve("hurry")
        with self.assertRaisesRegex(UserError, "Somebody else"):
            self._as("force", order).action_audit()

    def test_audit_share(self):
        self._create_rule()
        self.channel.force_audit_share = 0
        order = self._import_one(external_id="Z-1")
        order.action_force_approve("hurry")
        self.assertEqual(order.audit_state, "none")
        self.channel.force_audit_share = 50
        _result, orders = self._import(*(self._document(f"Z-{i}") for i in range(2, 42)))
        self.channel.process_orders()
        orders.action_force_approve("hurry")
        drawn = orders.filtered(lambda order: order.audit_state == "todo")
        self.assertTrue(2 < len(drawn) < 38, len(drawn))

    def test_only_by_force(self):
        order = self._held({"kind": "hold", "force_only": True})
        for name in ("reviewer", "manager"):
            with self.assertRaisesRegex(UserError, "only be approved by force"):
                self._as(name, order).action_approve("please")
        self._as("force", order).action_force_approve("supervisor agrees")
        self.assertPassed(order)

    def test_hold_and_approve_by_hand(self):
        self.channel.approval = "manual"
        order = self._import_one()
        mine = self._as("reviewer", order)
        mine.action_hold("call first", "2030-01-01 00:00:00")
        self.assertRecordValues(order, [{"review_state": "held", "hold_reason": "call first"}])
        self.assertEqual(self._open(order).type, "manual")
        mine.action_approve()
        self.assertPassed(order)

    def test_hold_by_hand_outlives_rules(self):
        rule = self._create_rule(watch=True)
        order = self._import_one()
        order.action_hold("a person said so")
        rule.action_deactivate()
        self.channel.process_orders()
        exception = self.assertHeld(order, "a person said so", type="manual")
        self.assertTrue(exception.blocking)

    def test_bulk(self):
        self._create_rule(domain="[('quantity_total', '=', 2)]", actions=["finance"])
        self.channel.approval = "manual"
        documents = [
            self._document(f"K-{i}", lines=[self._line(quantity=str(1 + i % 2))]) for i in range(6)
        ]
        _result, orders = self._import(*documents)
        self.channel.process_orders()
        orders[4].action_reject("fraud")
        results = self._as("reviewer", orders).action_bulk("approve", "seen")
        self.assertEqual([r["ok"] for r in results], [True, False, True, False, False, False])
        self.assertEqual([r["order_id"] for r in results], orders.ids)
        self.assertIn("Finance", results[1]["message"])
        self.assertIn("not waiting", results[4]["message"])
        self.assertEqual(
            orders.mapped("review_state"),
            ["approved", "held", "approved", "held", "rejected", "held"],
        )
        results = self._as("finance", orders).action_bulk("reject", "all of them")
        self.assertEqual([r["ok"] for r in results], [True] * 6)
        with self.assertRaises(UserError):
            orders.action_bulk("delete")
        with self.assertRaises(AccessError):
            self._as("reviewer", orders).action_bulk("force", "x")

    def test_bulk_wizard(self):
        self.channel.approval = "manual"
        _result, orders = self._import(self._document("W-1"), self._document("W-2"))
        self.channel.process_orders()
        orders[1].action_reject("fraud")
        wizard = (
            self._as("reviewer", self.env["ecom.order.bulk"])
            .with_context(active_model="ecom.order", active_ids=orders.ids)
            .create({"action": "approve"})
        )
        self.assertEqual(wizard.order_count, 2)
        wizard.action_apply()
        self.assertEqual((wizard.done_count, wizard.failed_count), (1, 1))
        self.assertEqual(wizard.line_ids.mapped("ok"), [False, True], "what failed comes first")
        self.assertIn("not waiting", wizard.line_ids[0].message)

    def test_undo_by_kind_of_change(self):
        """Approved and confirmed: the settings say which change still undoes it."""
        cases = {
            "memo": {"seller_memo": "wait!"},
            "payment": {"payments": [{"amount": "4", "paid_at": "2026-03-01T10:01:00Z"}]},
            "address": {"shipping_address": {"name": "Ada", "street": "New 1", "city": "Bonn",
                                             "zip": "53111", "country": "DE"}},
            "lines": {"lines": [self._line(quantity="2")]},
        }  # fmt: skip
        for kind, change in cases.items():
            for setting, undone in (("never", False), ("confirmed", False), ("picked", True)):
                with self.subTest(kind=kind, setting=setting):
                    self.channel.approval = "all"
                    self.channel[f"undo_{kind}"] = setting
                    number = f"U-{kind}-{setting}"
                    order = self._import_one(external_id=number)
                    self.assertTrue(order.confirmed_at)
                    self.channel.approval = "manual"
                    self._import(self._document(number, updated_at=LATER, **change))
                    self.channel.process_orders()
                    self.assertEqual(order.review_state == "waiting", undone)
                    self.assertEqual(order.sale_order_id.state, "draft" if undone else "sale")

    def test_undo_is_too_late_once_picked(self):
        self.channel.undo_memo = "picked"
        order = self._import_one()
        order.sale_order_id.picking_ids.move_ids.picked = True
        self._import(self._document(updated_at=LATER, seller_memo="wait!"))
        self.channel.process_orders()
        self.assertEqual((order.review_state, order.sale_order_id.state), ("approved", "sale"))

    def test_undo_by_refund(self):
        self._check_rule({"kind": "refund_open"})
        self.channel.undo_refund = "picked"
        order = self._import_one()
        self.assertEqual(self._reserved(self.product), 1)
        refund = {
            "type": "refund", "external_id": "R-1", "order_external_id": "A-1",
            "created_at": "2026-03-01T11:00:00Z", "currency": "EUR", "amount": "10",
        }  # fmt: skip
        self.channel.import_orders([refund])
        self.assertEqual(self._reserved(self.product), 0)
        self.channel.process_orders()
        self.assertHeld(order, type="refund_open")
        self.assertIn("R-1", order.decision_ids.filtered(lambda d: d.stage == "change").summary)

    def test_queues(self):
        self._create_rule(
            actions=[{"kind": "hold", "due_hours": 1}], domain="[('quantity_total', '=', 2)]"
        )
        self._check_rule("address")
        address = {"name": "Ada", "city": "Berlin", "country": "DE"}
        with freeze_time("2026-03-01 12:00:00"):
            for i in range(3):
                self._import_one(external_id=f"Q-{i}", lines=[self._line(quantity="2")])
        self._import_one(external_id="Q-9", shipping_address=address)
        manual = self._create_channel(name="By hand", approval="manual")
        self._import_one(external_id="Q-10", channel=manual)
        queues = self._as("viewer", self.env["ecom.review.queue"]).search(
            [("company_id", "=", self.company.id)]
        )
        found = {queue.type: queue for queue in queues}
        self.assertGreaterEqual(found["rule"].order_count, 3)
        self.assertGreaterEqual(found["rule"].overdue_count, 3)
        self.assertGreaterEqual(found["address"].order_count, 1)
        self.assertGreaterEqual(found["waiting"].order_count, 1)
        for queue in queues:
            action = queue.action_open()
            count = self.env["ecom.order"].search_count(action["domain"])
            self.assertEqual(count, queue.order_count, queue.type)

    def test_company_separation(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env, "review_stranger", groups=GROUP + "manager", company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )  # fmt: skip
        order = self._held()
        entry = self.env["ecom.blacklist"].create(
            {"kind": "email", "value": "x@example.com", "reason": "r"}
        )
        rule = order.exception_ids.rule_id
        for record in (rule, rule.action_ids, entry):
            with self.assertRaises(AccessError):
                record.with_user(stranger).read()
        for model in ("ecom.rule", "ecom.rule.action", "ecom.blacklist", "ecom.review.queue"):
            found = self.env[model].with_user(stranger).search([])
            self.assertFalse(found.company_id - company, model)
        with self.assertRaises(AccessError):
            order.with_user(stranger).action_force_approve("mine")

    def test_history_and_plan_on_the_order(self):
        customer = {"name": "Ada", "email": "hist@example.com"}
        first = self._import_one(external_id="P-1", customer=customer)
        self.channel.approval = "manual"
        second = self._import_one(
            external_id="P-2", customer=customer, lines=[self._line(quantity="500")],
            ship_by="2026-03-05T10:00:00Z",
        )  # fmt: skip
        mine = self._as("viewer", second)
        self.assertEqual(mine.buyer_history_ids, first)
        self.assertEqual(mine.plan_warehouse_id, self.warehouse)
        self.assertEqual(str(mine.plan_date), "2026-03-05 10:00:00")
        self.assertIn("MUG (99 of 500)", mine.plan_stock)


@tagged("post_install", "-at_install")
class TestBlacklist(ReviewCase):
    def _entry(self, value="Bad@Example.com", kind="email", **vals):
        return self.env["ecom.blacklist"].create(
            {"kind": kind, "value": value, "reason": "refused", **vals}
        )

    def test_only_a_fingerprint_is_stored(self):
        entry = self._entry()
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT to_jsonb(b)::text FROM ecom_blacklist b WHERE id = %s", [entry.id]
        )
        stored = self.env.cr.fetchone()[0].lower()
        self.assertNotIn("bad@", stored)
        self.assertEqual(entry.hint, "B***@Example.com")
        self.assertEqual(len(entry.key), 64)
        self.assertNotEqual(entry.key, hashlib.sha256(b"email:bad@example.com").hexdigest())

    def test_secret_never_changes(self):
        first = self.env["ecom.blacklist"]._ensure_salt()
        self.assertEqual(first, self.env["ecom.blacklist"]._ensure_salt())
        self.assertGreaterEqual(len(first), 32)

    def test_expiry_and_company(self):
        self._check_rule("blacklist")
        self._entry(expires_at="2020-01-01 00:00:00")
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self._entry(company_id=company.id)
        customer = {"name": "B", "email": "bad@example.com"}
        self.assertPassed(self._import_one(external_id="E-1", customer=customer))
        self._entry("bad@example.com", company_id=False)
        self.assertHeld(self._import_one(external_id="E-2", customer=customer))

    def test_what_cannot_be_read_is_refused(self):
        for kind, value in (("email", "no address"), ("phone", "12"), ("email", "")):
            with self.subTest(value=value), self.assertRaises(UserError):
                self._entry(value, kind)

    def test_from_an_order(self):
        self._check_rule("blacklist")
        order = self._import_one(
            customer={"name": "B", "email": "b@example.com", "phone": "+49301234567"}
        )
        reviewer = new_test_user(self.env, "bl_reviewer", groups=GROUP + "reviewer")
        wizard = (
            self.env["ecom.blacklist.add"]
            .with_user(reviewer)
            .create({"order_id": order.id, "reason": "refused parcels"})
        )
        wizard.action_apply()
        wizard.action_apply()
        entries = self.env["ecom.blacklist"].search([("order_id", "=", order.id)])
        self.assertEqual(sorted(entries.mapped("kind")), ["email", "phone"])
        again = self._import_one(
            external_id="A-2",
            customer={"name": "Other", "phone": "+49 30 1234567"},
        )
        self.assertHeld(again, "refused parcels")
