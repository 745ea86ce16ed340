from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged

from .common import AftersalesCase

MAIL = """From: {sender}
To: help@ecom-test.example.com
Subject: {subject}
Message-ID: <{id}@shop.example.org>
Date: Mon, 2 Mar 2026 10:00:00 +0000
{headers}MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"

{body}
"""


@tagged("post_install", "-at_install")
class TestTicket(AftersalesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ecom.ticket.sla"].search([]).active = False
        cls.domain = cls.env["mail.alias.domain"].create({"name": "ecom-test.example.com"})
        cls.agent = new_test_user(
            cls.env,
            "tick_agent",
            groups="ecom_aftersales.group_ecom_agent",
            email="a@ours.example.com",
        )
        cls.second = new_test_user(cls.env, "tick_two", groups="ecom_aftersales.group_ecom_agent")
        cls.team = cls.env["ecom.ticket.team"].create(
            {
                "name": "Help",
                "alias_name": "help",
                "alias_domain_id": cls.domain.id,
                "member_ids": [Command.set((cls.agent | cls.second).ids)],
                "assignment": "round_robin",
                "tz": "UTC",
            }
        )
        cls.sla = cls.env["ecom.ticket.sla"].create(
            {"name": "Amazon", "hours": 24, "around_clock": True, "channel_ids": cls.channel.ids}
        )
        cls.office = cls.env["ecom.ticket.sla"].create(
            {"name": "Office", "hours": 4, "sequence": 99}
        )

    def _mail(
        self,
        body="Where is it?",
        subject="Question",
        sender="Ada <ada@buyers.example.org>",
        headers="",
        number="1",
    ):
        text = MAIL.format(
            sender=sender, subject=subject, id=f"m{number}", headers=headers, body=body
        )
        before = self.env["ecom.ticket"].search([])
        self.env["mail.thread"].message_process("ecom.ticket", text)
        return self.env["ecom.ticket"].search([]) - before

    @freeze_time("2026-03-06 15:00:00")
    def test_mail_becomes_a_ticket_with_its_order(self):
        order = self._import_one(number="WEB-1001")
        ticket = self._mail("Where is my order WEB-1001? Thanks.")
        self.assertRecordValues(
            ticket,
            [
                {
                    "name": "Question",
                    "team_id": self.team.id,
                    "source": "email",
                    "order_id": order.id,
                    "channel_id": self.channel.id,
                    "sla_id": self.sla.id,
                    "clock": "running",
                    "state": "new",
                }
            ],
        )
        self.assertEqual(str(ticket.deadline), "2026-03-07 15:00:00", "weekends count")
        self.assertEqual(ticket.partner_id.email_normalized, "ada@buyers.example.org")
        self.assertIn("number in the message", ticket.matched_by)
        self.assertIn(ticket.user_id, self.team.member_ids)
        self.assertEqual(len(ticket.message_ids.filtered(lambda m: m.message_type == "email")), 1)

    @freeze_time("2026-03-06 15:00:00")
    def test_office_hours(self):
        ticket = self._mail()
        self.assertEqual(ticket.sla_id, self.office)
        self.assertEqual(str(ticket.deadline), "2026-03-09 11:00:00")

    def test_answer_stops_the_clock_and_a_reply_starts_it_again(self):
        ticket = self._mail()
        answer = ticket.with_user(ticket.user_id).message_post(
            body="Tomorrow", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.assertEqual((ticket.clock, ticket.deadline, ticket.state), ("stopped", False, "open"))
        self.assertEqual((ticket.answered_in_time, ticket.answered_late), (1, 0))
        self.assertGreater(ticket.first_answer_hours, 0)
        ticket.action_wait()
        new = self._mail(
            "But when?", "Re: Question", headers=f"In-Reply-To: {answer.message_id}\n", number="2"
        )
        self.assertFalse(new, "the same thread")
        self.assertEqual((ticket.clock, ticket.state), ("running", "open"))
        ticket.with_user(ticket.user_id).message_post(
            body="internal", message_type="comment", subtype_xmlid="mail.mt_note"
        )
        self.assertEqual(ticket.clock, "running", "a note is no answer")

    def test_automatic_replies_neither_stop_nor_start_the_clock(self):
        self.team.acknowledge = True
        ticket = self._mail()
        auto = ticket.message_ids.filtered(lambda m: m.message_type == "auto_comment")
        self.assertEqual(len(auto), 1, "the buyer is told that the mail arrived")
        self.assertEqual(ticket.clock, "running")
        answer = ticket.with_user(ticket.user_id).message_post(
            body="Tomorrow", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self._mail(
            "I am on holiday",
            "Automatic reply",
            headers=f"In-Reply-To: {answer.message_id}\nAuto-Submitted: auto-replied\n",
            number="2",
        )
        self.assertEqual(ticket.clock, "stopped")
        self.assertEqual(ticket.event_ids.mapped("kind").count("auto"), 2)
        absence = self._mail("Away", headers="Auto-Submitted: auto-generated\n", number="3")
        self.assertEqual(absence.clock, "stopped")
        self.assertFalse(
            absence.message_ids.filtered(
                lambda m: m.message_type == "auto_comment" and m.author_id != absence.partner_id
            ),
            "machines do not thank each other",
        )

    def test_same_mail_twice_is_one_ticket(self):
        ticket = self._mail()
        self.assertTrue(ticket)
        self.assertFalse(self._mail())

    def test_pause_and_late(self):
        with freeze_time("2026-03-02 10:00:00"):
            ticket = self._mail()
            self.assertEqual(str(ticket.deadline), "2026-03-02 14:00:00")
        with freeze_time("2026-03-02 11:00:00"):
            ticket.action_wait()
            self.assertEqual((ticket.clock, ticket.deadline), ("paused", False))
        with freeze_time("2026-03-02 13:00:00"):
            ticket.action_resume()
            self.assertEqual(str(ticket.deadline), "2026-03-02 16:00:00")
        with freeze_time("2026-03-02 16:30:00"):
            self.assertEqual(self.team.late_count, 1)
            ticket.with_user(ticket.user_id).message_post(
                body="Sorry", message_type="comment", subtype_xmlid="mail.mt_comment"
            )
        self.assertEqual((ticket.answered_in_time, ticket.answered_late), (0, 1))

    def test_no_answer_needed(self):
        ticket = self._mail("Thank you!")
        ticket.with_user(self.agent).action_no_answer()
        self.assertEqual((ticket.clock, ticket.state), ("stopped", "solved"))

    def test_assignment(self):
        tickets = [self._mail(number=str(n)) for n in range(4)]
        self.assertEqual([t.user_id for t in tickets], [self.agent, self.second] * 2)
        self.team.assignment = "load"
        tickets[0].action_solve()
        self.assertEqual(self._mail(number="9").user_id, self.agent)
        self.team.assignment = "manual"
        self.assertFalse(self._mail(number="10").user_id)

    def test_merge_and_split(self):
        first, second = self._mail(number="1"), self._mail("Hello?", number="2")
        messages = (first | second).message_ids.filtered(lambda m: m.message_type == "email")
        (first | second).with_user(self.agent).action_merge()
        self.assertEqual(second.merged_into_id, first)
        self.assertEqual(messages.mapped("res_id"), [first.id] * 2)
        self.assertEqual((first.is_open, second.is_open), (True, False))
        new = self.env["ecom.ticket"].browse(
            first.with_user(self.agent).action_split(messages[0].ids, "Something else")
        )
        self.assertEqual(messages[0].res_id, new.id)
        self.assertEqual((new.split_from_id, new.clock), (first, "running"))
        stranger = self._mail(sender="Bo <bo@buyers.example.org>", number="3")
        with self.assertRaisesRegex(UserError, "different customers"):
            (first | stranger).action_merge()
        with self.assertRaisesRegex(UserError, "at least two"):
            first.action_merge()

    def test_two_agents_are_warned(self):
        ticket = self._mail()
        self.assertEqual(ticket.with_user(self.agent).presence_ping(), [])
        self.assertEqual(ticket.with_user(self.second).presence_ping(), [self.agent.name])
        self.assertEqual(ticket.with_user(self.agent).presence_ping(), [self.second.name])

    def test_bad_rating_opens_a_ticket(self):
        ticket = self._mail()
        ticket.action_solve()
        self.assertTrue(ticket.rating_ids, "the buyer is asked")
        token = ticket._rating_get_access_token()
        ticket.sudo().rating_apply(1, token=token, feedback="Nobody helped")
        bad = self.env["ecom.ticket"].search([("split_from_id", "=", ticket.id)])
        self.assertRecordValues(
            bad, [{"kind": "rating", "priority": "1", "description": "Nobody helped"}]
        )
        self.assertEqual(ticket.rating_last_value, 1)

    def test_case_from_a_ticket(self):
        sale_order = self._sell(ship=True, number="WEB-1001")
        ticket = self._mail("WEB-1001 is broken")
        action = ticket.with_user(self.agent).action_new_return()
        wizard = self.env["ecom.return.new"].with_user(self.agent).browse(action["res_id"])
        wizard.reason_id = self.env.ref("ecom_aftersales.reason_defect")
        wizard.action_all()
        wizard.action_create()
        self.assertEqual(ticket.return_id.sale_order_id, sale_order)
        self.assertEqual(ticket.return_id.origin, "ticket")

    def test_access(self):
        ticket = self._mail()
        viewer = new_test_user(self.env, "tick_view", groups="ecom_order_mgmt.group_ecom_viewer")
        with self.assertRaises(AccessError):
            ticket.with_user(viewer).read(["name"])
        with self.assertRaises(AccessError):
            ticket.with_user(self.agent).unlink()
        portal = new_test_user(self.env, "tick_portal", groups="base.group_portal")
        with self.assertRaises(AccessError):
            ticket.with_user(portal).read(["name"])
        ticket.partner_id = portal.partner_id
        self.assertEqual(ticket.with_user(portal).name, "Question")
        with self.assertRaises(AccessError):
            ticket.with_user(portal).name = "x"
        with self.assertRaises(AccessError):
            ticket.with_user(portal).action_solve()

    def test_order_is_rated_once_after_delivery(self):
        self.channel.rating_days = 5
        sale_order = self._sell(ship=True, placed_at="2026-11-01T10:00:00Z")
        order = sale_order.ecom_order_id
        cron = self.env.ref("ecom_aftersales.ir_cron_ratings")

        def run(day):
            with freeze_time(day), self.enter_registry_test_mode():
                cron.method_direct_trigger()
            order.invalidate_recordset()

        sale_order.picking_ids.date_done = "2026-11-02 10:00:00"
        run("2026-11-03")
        self.assertFalse(order.rating_asked_at)
        run("2026-11-08")
        self.assertTrue(order.rating_asked_at)
        self.assertEqual(len(order.rating_ids), 1)
        run("2026-11-09")
        self.assertEqual(len(order.rating_ids), 1)
        order.rating_apply(1, token=order._rating_get_access_token(), feedback="Late")
        ticket = self.env["ecom.ticket"].search([("order_id", "=", order.id)])
        self.assertRecordValues(ticket, [{"kind": "rating", "description": "Late"}])

    def test_chat_becomes_a_ticket(self):
        buyer = self.env["res.partner"].create({"name": "Chatty", "email": "chatty@example.com"})
        chat = (
            self.env["discuss.channel"]
            .with_user(self.agent)
            ._create_group(partners_to=(buyer | self.agent.partner_id).ids)
        )
        chat.message_post(body="My lamp is broken", message_type="comment", author_id=buyer.id)
        before = self.env["ecom.ticket"].search([])
        with patch.object(self.env.registry["res.users"], "_bus_send_transient_message") as told:
            chat.execute_command_ticket(body="/ticket ")
            self.assertEqual(self.env["ecom.ticket"].search([]), before, "about what?")
            chat.execute_command_ticket(body="/ticket Broken lamp")
        self.assertEqual(told.call_count, 2)
        ticket = self.env["ecom.ticket"].search([]) - before
        self.assertRecordValues(
            ticket,
            [
                {
                    "name": "Broken lamp",
                    "source": "chat",
                    "partner_id": buyer.id,
                    "user_id": self.agent.id,
                    "description": "Chatty: My lamp is broken",
                }
            ],
        )
        clerk = new_test_user(self.env, "chat_clerk", groups="base.group_user")
        group = (
            self.env["discuss.channel"]
            .with_user(clerk)
            ._create_group(partners_to=(buyer | clerk.partner_id).ids)
        )
        with patch.object(self.env.registry["res.users"], "_bus_send_transient_message") as told:
            group.execute_command_ticket(body="/ticket Mine")
        self.assertIn("Only after-sales agents", told.call_args.args[-1])
        self.assertEqual(self.env["ecom.ticket"].search([]) - before, ticket)

    def _receive(self, **values):
        return (
            self.env["ecom.ticket"]
            .with_user(self.agent)
            .receive_message({"channel_id": self.channel.id, "thread": "T-1", **values})
        )

    def test_messages_of_a_platform(self):
        order = self._import_one()
        first = self._receive(
            body="Where is it?", message_id="1", author="Ada", order_external_id="A-1"
        )
        self.assertEqual(first["outcome"], "created")
        ticket = self.env["ecom.ticket"].browse(first["id"])
        self.assertRecordValues(
            ticket,
            [{"source": "platform", "order_id": order.id, "clock": "running", "name": "Where is it?"}],
        )
        self.assertEqual(self._receive(body="Where is it?", message_id="1")["outcome"], "known")
        self._receive(body="We look", message_id="2", from_us=True)
        self.assertEqual((ticket.clock, ticket.answered_in_time), ("stopped", 1))
        again = self._receive(body="Still nothing", message_id="3")
        self.assertEqual((again["id"], again["outcome"]), (ticket.id, "added"))
        self.assertEqual(ticket.clock, "running")
        self.assertFalse(ticket.message_ids.notification_ids, "nobody is mailed what a platform says")
        with self.assertRaises(UserError):
            self._receive(body="")
        viewer = new_test_user(self.env, "msg_view", groups="ecom_order_mgmt.group_ecom_viewer")
        with self.assertRaises(AccessError):
            self.env["ecom.ticket"].with_user(viewer).receive_message({})

    def test_amazon_counts_weekends(self):
        shipped = self.env.ref("ecom_aftersales.sla_amazon")
        self.assertRecordValues(
            shipped, [{"connector": "amazon", "hours": 24, "around_clock": True}]
        )
        rule = self.env["ecom.ticket.sla"].create(
            {"name": "Another platform", "connector": "amazon", "hours": 1, "sequence": 0}
        )
        ticket = self.env["ecom.ticket"].create({"name": "Q", "channel_id": self.channel.id})
        self.assertNotEqual(ticket.sla_id, rule, "this channel is none of Amazon's")
        rule.connector = self.channel.connector
        ticket._update_clock()
        self.assertEqual(ticket.sla_id, rule)

    def test_ticket_of_a_case(self):
        sale_order = self._sell(ship=True)
        case = self._request(sale_order)
        action = case.with_user(self.agent).action_open_tickets()
        self.assertEqual(action["view_mode"], "form")
        context = {k: v for k, v in action["context"].items() if k.startswith("default_")}
        ticket = self.env["ecom.ticket"].with_user(self.agent).with_context(**context).create({})
        self.assertRecordValues(
            ticket, [{"return_id": case.id, "source": "return", "order_id": case.order_id.id}]
        )
        case.invalidate_recordset(["ticket_count"])
        self.assertEqual(case.ticket_count, 1)

    def test_parcel_in_trouble(self):
        sale_order = self._sell(ship=True)
        order = sale_order.ecom_order_id
        parcel = self.env["ecom.shipment.parcel"].create(
            {"shipment_id": order.shipment_ids.id, "tracking_ref": "TT-1"}
        )
        Alert, now = self.env["ecom.shipment.alert"], fields.Datetime.now()
        Alert.create({"parcel_id": parcel.id, "kind": "no_movement", "since": now})._plan_activities()
        Ticket = self.env["ecom.ticket"]
        self.assertFalse(Ticket.search([("order_id", "=", order.id)]), "only where it is wanted")
        self.channel.alert_tickets = True
        for kind in ("returned", "attempt_failed", "late"):
            Alert.create({"parcel_id": parcel.id, "kind": kind, "since": now})._plan_activities()
        ticket = Ticket.search([("order_id", "=", order.id)])
        self.assertRecordValues(ticket, [{"source": "alert", "kind": "alert", "priority": "1"}])

    def test_ratings_by_product_and_carrier(self):
        sale_order = self._sell(ship=True)
        order = sale_order.ecom_order_id
        self.assertEqual(self.product.ecom_rating_count, 0)
        order.rating_apply(4, token=order._rating_get_access_token())
        self.env.flush_all()
        self.product.invalidate_recordset()
        self.assertEqual((self.product.ecom_rating, self.product.ecom_rating_count), (4, 1))
        row = self.env["ecom.rating.report"].search([("order_id", "=", order.id)])
        self.assertRecordValues(
            row, [{"product_id": self.product.id, "subject": "order", "rating": 4}]
        )
        stranger = new_test_user(self.env, "rate_user", groups="base.group_user")
        with self.assertRaises(AccessError):
            row.with_user(stranger).read(["rating"])
