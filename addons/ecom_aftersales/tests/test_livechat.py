from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestLivechat(HttpCase):
    """A visitor chats on the shop's site; the agent who answers makes a ticket of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "im_livechat.channel" not in cls.env:
            cls.skipTest(cls, "Odoo's Live Chat is not installed")
        cls.agent = new_test_user(
            cls.env,
            "chat_agent",
            groups="ecom_aftersales.group_ecom_agent,im_livechat.im_livechat_group_user",
        )
        cls.livechat = cls.env["im_livechat.channel"].create(
            {"name": "Shop", "user_ids": [Command.set(cls.agent.ids)]}
        )
        # Otherwise the robot greets the agent in the middle of the tour.
        cls.agent.odoobot_state = "disabled"

    def setUp(self):
        super().setUp()
        self.startPatcher(
            patch.object(
                self.env.registry["im_livechat.channel"],
                "_compute_available_operator_ids",
                lambda channels: [
                    channel.update({"available_operator_ids": channel.user_ids})
                    for channel in channels
                ],
            )
        )

    def _visit(self, text):
        """:return: the chat that a visitor without an account began"""
        self.authenticate(None, None)
        session = self.make_jsonrpc_request(
            "/im_livechat/get_session",
            {
                "channel_id": self.livechat.id,
                "previous_operator_id": self.agent.partner_id.id,
                "persisted": True,
            },
        )
        chat = self.env["discuss.channel"].browse(session["channel_id"])
        guest = chat.channel_member_ids.guest_id
        self.make_jsonrpc_request(
            "/mail/message/post",
            {
                "thread_model": "discuss.channel",
                "thread_id": chat.id,
                "post_data": {"body": text, "message_type": "comment"},
            },
            cookies={guest._cookie_name: guest._format_auth_cookie()},
        )
        return chat

    def test_ticket_of_a_chat(self):
        chat = self._visit("My lamp is broken")
        self.assertEqual(chat.channel_type, "livechat")
        chat.with_user(self.agent).message_post(body="Sorry to hear", message_type="comment")
        self.start_tour("/odoo/ecom-tickets", "ecom_livechat_tour", login="chat_agent")
        ticket = self.env["ecom.ticket"].search([("source", "=", "chat")], order="id desc", limit=1)
        self.assertRecordValues(
            ticket, [{"name": "Broken lamp", "user_id": self.agent.id, "partner_id": False}]
        )
        self.assertIn(": My lamp is broken", ticket.description)
        self.assertIn(f"{self.agent.name}: Sorry to hear", ticket.description)
        self.assertNotIn("/ticket", ticket.description)
        self.assertNotIn("/ticket", "".join(chat.message_ids.mapped("body")), "buyers do not see it")
