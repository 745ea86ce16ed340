"""Real messages, as mail programs and servers write them, through Odoo's mail gateway."""

import base64
from email.message import EmailMessage
from email.utils import format_datetime

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_ticket import TestTicket

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
ADA = "Ada Buyer <ada@buyers.example.org>"

DSN = """Return-Path: <>
From: MAILER-DAEMON@mx.buyers.example.org (Mail Delivery System)
To: bounce@ecom-test.example.com
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B1"
Message-Id: <dsn-1@mx.buyers.example.org>
Date: Mon, 2 Mar 2026 10:05:00 +0000

--B1
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

<ada@buyers.example.org>: host mx said: 550 5.1.1 User unknown

--B1
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.buyers.example.org
Arrival-Date: Mon, 2 Mar 2026 10:04:58 +0000

Final-Recipient: rfc822; ada@buyers.example.org
Original-Recipient: rfc822;ada@buyers.example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--B1
Content-Description: Undelivered Message
Content-Type: message/rfc822

From: help@ecom-test.example.com
To: ada@buyers.example.org
Subject: Re: Question
Message-Id: {answered}

Tomorrow.

--B1--
"""


@tagged("post_install", "-at_install")
class TestTicketMail(TestTicket):
    def _receive(self, message):
        """:param message: EmailMessage, or the bytes or text of one. :return: the new tickets"""
        raw = message if isinstance(message, str | bytes) else message.as_bytes()
        before = self.env["ecom.ticket"].search([])
        self.env["mail.thread"].message_process("ecom.ticket", raw)
        return self.env["ecom.ticket"].search([]) - before

    def _write(self, text="Where is it?", subject="Question", number="r1", **headers):
        message = EmailMessage()
        message["From"] = headers.pop("sender", ADA)
        message["To"] = "help@ecom-test.example.com"
        message["Subject"] = subject
        message["Date"] = format_datetime(fields.Datetime.now())
        if number:
            message["Message-ID"] = f"<{number}@buyers.example.org>"
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        return message

    def _answer(self, ticket, text="Tomorrow"):
        return ticket.with_user(ticket.user_id).message_post(
            body=text, message_type="comment", subtype_xmlid="mail.mt_comment"
        )

    # === CONTENT === #

    def test_attachments(self):
        message = self._write("A photo of the damage, and the invoice.")
        message.add_alternative(
            '<p>A photo: <img src="cid:photo1"></p><script>alert(1)</script>', subtype="html"
        )
        message.get_payload()[1].add_related(
            PNG, "image", "png", cid="<photo1>", filename="damage.png"
        )
        message.add_attachment(
            b"%PDF-1.4 invoice", maintype="application", subtype="pdf", filename="Rechnung Nº 5.pdf"
        )
        ticket = self._receive(message)
        mail = ticket.message_ids.filtered(lambda m: m.message_type == "email")
        self.assertEqual(
            sorted(mail.attachment_ids.mapped("name")), ["Rechnung Nº 5.pdf", "damage.png"]
        )
        attachments = self.env["ir.attachment"].search(
            [("res_model", "=", "ecom.ticket"), ("res_id", "=", ticket.id)]
        )
        self.assertEqual(len(attachments), 2)
        pdf = attachments.filtered(lambda a: a.mimetype == "application/pdf")
        self.assertEqual(pdf.raw, b"%PDF-1.4 invoice")
        self.assertIn("/web/image/", mail.body, "the photo is shown where it stands")
        self.assertNotIn("script", mail.body)
        self.assertIn("A photo", ticket.description)

    def test_large_attachment_and_long_text(self):
        message = self._write("x" * 100_000)
        message.add_attachment(
            b"\0" * 12_000_000, maintype="video", subtype="mp4", filename="unboxing.mp4"
        )
        ticket = self._receive(message)
        self.assertEqual(len(ticket.message_ids.attachment_ids.raw), 12_000_000)
        self.assertLessEqual(len(ticket.description), 20_000)

    def test_subjects_in_other_scripts(self):
        for index, (charset, how, text) in enumerate(
            (
                ("utf-8", "B", "订单什么时候发货？"),
                ("gb2312", "B", "退货申请"),
                ("gb18030", "B", "商品破损"),
                ("big5", "B", "訂單查詢"),
                ("iso-2022-jp", "B", "注文について"),
                ("euc-kr", "B", "반품 요청"),
                ("iso-8859-1", "Q", "Rückgabe für Größe"),
            )
        ):
            encoded = (
                base64.b64encode(text.encode(charset)).decode()
                if how == "B"
                else "".join(f"={byte:02X}" for byte in text.encode(charset))
            )
            body = base64.encodebytes(text.encode(charset)).decode()
            with self.subTest(charset):
                ticket = self._receive(
                    f"From: =?{charset}?{how}?{encoded}?= <c{index}@buyers.example.org>\n"
                    f"To: help@ecom-test.example.com\nMessage-ID: <s{index}@x.example.org>\n"
                    f"Subject: =?{charset}?{how}?{encoded}?=\nMIME-Version: 1.0\n"
                    f'Content-Type: text/plain; charset="{charset}"\n'
                    f"Content-Transfer-Encoding: base64\n\n{body}\n"
                )
                self.assertEqual(ticket.name, text)
                self.assertEqual(ticket.partner_id.name, text)
                self.assertIn(text, ticket.description)

    def test_broken_mails_are_tickets_too(self):
        """Programs of platforms break every rule; their buyers still wait for an answer."""
        ticket = self._receive(
            b"From: ada@buyers.example.org\nTo: help@ecom-test.example.com\n"
            b"Content-Type: text/plain; charset=x-unknown\n\nWo ist es? Gr\xfc\xdfe\n"
        )
        self.assertEqual(len(ticket), 1)
        self.assertTrue(ticket.name)
        self.assertIn("Wo ist es", ticket.description)
        only_html = self._write("x", number="h1")
        only_html.set_content("<b>Hello</b><br>there", subtype="html")
        self.assertIn("Hello", self._receive(only_html).description)

    # === THREADS === #

    def test_reply_with_another_subject(self):
        ticket = self._receive(self._write())
        answer = self._answer(ticket)
        again = self._write(
            "Still nothing", "Something quite different", "r2", In_Reply_To=answer.message_id
        )
        self.assertFalse(self._receive(again), "threaded by what it answers to")
        by_references = self._write(
            "Hello?", "WG: Lieferung", "r3", References=f"<r1@buyers.example.org> {answer.message_id}"
        )
        self.assertFalse(self._receive(by_references))
        self.assertEqual(
            len(ticket.message_ids.filtered(lambda m: m.message_type == "email")), 3
        )

    def test_reply_that_names_only_the_number(self):
        ticket = self._receive(self._write())
        self._answer(ticket)
        self.assertFalse(self._receive(self._write("ok", f"AW: {ticket.number} Question", "r2")))
        self.assertEqual(ticket.clock, "running")
        stranger = self._write(
            "Let me in", f"Re: {ticket.number}", "r3", sender="Eve <eve@elsewhere.example.org>"
        )
        other = self._receive(stranger)
        self.assertTrue(other, "nobody writes into the ticket of another buyer")
        (ticket | other).write({"partner_id": ticket.partner_id.id})
        (ticket | other).with_user(self.agent).action_merge()
        late = self._write(
            "And?", f"Re: {other.number}", "r4", sender="Eve <eve@elsewhere.example.org>"
        )
        self.assertFalse(self._receive(late))
        self.assertIn("And?", ticket.message_ids[0].body, "what was merged is answered there")

    def test_delivered_twice(self):
        ticket = self._receive(self._write())
        reply = self._write("Yes", "Re", "r2", In_Reply_To=self._answer(ticket).message_id)
        for _n in range(3):
            self.assertFalse(self._receive(self._write()))
            self.assertFalse(self._receive(reply))
        self.assertEqual(
            len(ticket.message_ids.filtered(lambda m: m.message_type == "email")), 2
        )
        self.assertEqual(ticket.event_ids.mapped("kind"), ["buyer", "answer", "buyer"])

    def test_without_message_id(self):
        ticket = self._receive(self._write(number=None))
        self.assertTrue(ticket)
        self.assertTrue(ticket.message_ids.filtered(lambda m: m.message_type == "email").message_id)

    # === MACHINES === #

    def test_automatic_mails(self):
        self.team.acknowledge = True
        for index, headers in enumerate(
            (
                {"Auto_Submitted": "auto-replied"},
                {"Auto_Submitted": "auto-generated; owner=x"},
                {"Precedence": "bulk"},
                {"Precedence": "auto_reply"},
                {"X_Autoreply": "yes"},
                {"Return_Path": "<>"},
            )
        ):
            with self.subTest(headers):
                mails = self.env["mail.mail"].search_count([])
                ticket = self._receive(self._write("I am away", "Away", f"auto{index}", **headers))
                self.assertEqual(ticket.clock, "stopped")
                self.assertEqual(ticket.event_ids.mapped("kind"), ["auto"])
                self.assertEqual(self.env["mail.mail"].search_count([]), mails, "no thanks to it")
        person = self._receive(self._write(number="p1", Auto_Submitted="no", Precedence="normal"))
        self.assertEqual(person.clock, "running")

    def test_absence_note_changes_nothing(self):
        ticket = self._receive(self._write())
        answer = self._answer(ticket)
        ticket.action_wait()
        clock, state = ticket.clock, ticket.state
        note = self._write(
            "Back on Monday",
            "Automatic reply: Question",
            "ooo1",
            In_Reply_To=answer.message_id,
            Auto_Submitted="auto-replied",
            X_Auto_Response_Suppress="All",
        )
        self.assertFalse(self._receive(note))
        self.assertEqual((ticket.clock, ticket.state), (clock, state))

    def test_acknowledgement_says_that_it_is_one(self):
        self.team.acknowledge = True
        before = self.env["mail.mail"].search([])
        self._receive(self._write())
        mail = (self.env["mail.mail"].search([]) - before).filtered(
            lambda m: "received your message" in (m.body_html or "")
        )
        self.assertTrue(mail)
        self.assertIn("auto-replied", mail[0].headers)

    def test_loop_is_broken(self):
        """A machine that answers everything, without saying that it is one."""
        self.team.acknowledge = True
        self.env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", "5")
        tickets = self.env["ecom.ticket"]
        for number in range(12):
            tickets |= self._receive(self._write("Thank you for your mail", number=f"l{number}"))
        self.assertLessEqual(len(tickets), 6)
        # In one thread as well.
        other = "Robot <robot@buyers.example.org>"
        ticket = self._receive(self._write(number="t0", sender=other))
        for number in range(12):
            self._receive(
                self._write(
                    number=f"t{number + 1}", sender=other, In_Reply_To="<t0@buyers.example.org>"
                )
            )
        mails = ticket.message_ids.filtered(lambda m: m.message_type == "email")
        self.assertLessEqual(len(mails), 7)

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def test_mail_that_was_not_delivered(self):
        self.domain.bounce_alias = "bounce"
        ticket = self._receive(self._write())
        answer = self._answer(ticket)
        tickets = self.env["ecom.ticket"].search_count([])
        self._receive(DSN.format(answered=answer.message_id))
        self.assertEqual(self.env["ecom.ticket"].search_count([]), tickets, "no ticket of its own")
        self.assertIn("ada@buyers.example.org", ticket.activity_ids.summary)
        self.assertEqual(ticket.activity_ids.user_id, ticket.user_id)
        # The same where a server does not use the address for returns.
        direct = DSN.replace("bounce@", "help@").replace("dsn-1", "dsn-2")
        self._receive(direct.format(answered=answer.message_id))
        self.assertEqual(self.env["ecom.ticket"].search_count([]), tickets)
        self.assertEqual(ticket.clock, "stopped")
