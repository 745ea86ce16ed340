from markupsafe import Markup

from odoo import models
from odoo.tools import html2plaintext

_COMMAND = "/ticket"
_MAX_MESSAGES = 200


class DiscussChannel(models.Model):
    """``/ticket subject``: an agent makes a ticket of a chat, also of one with a visitor."""

    _inherit = "discuss.channel"

    def execute_command_ticket(self, **kwargs):
        self.ensure_one()
        self.check_access("read")
        user = self.env.user
        subject = html2plaintext(kwargs.get("body") or "").strip().removeprefix(_COMMAND).strip()
        if not user.has_group("ecom_aftersales.group_ecom_agent"):
            message = self.env._("Only after-sales agents may do this.")
        elif not subject:
            message = self.env._(
                "Write what it is about: %(command)s",
                command=Markup("<code>%s …</code>") % _COMMAND,
            )
        else:
            ticket = self._ecom_make_ticket(subject)
            message = self.env._("Ticket %(ticket)s was made.", ticket=ticket._get_html_link())
        user._bus_send_transient_message(self, message)

    def _ecom_make_ticket(self, subject):
        """:return: the new ticket, with the buyer and what was said"""
        user = self.env.user
        others = self.channel_partner_ids - user.partner_id
        buyers = others.filtered(lambda partner: partner.partner_share and not partner.is_public)
        return self.env["ecom.ticket"].create(
            {
                "name": subject[:200],
                "source": "chat",
                "user_id": user.id,
                # Several buyers in one chat: nobody can tell whose ticket it is.
                "partner_id": buyers.id if len(buyers) == 1 else False,
                "description": self._ecom_get_conversation(),
            }
        )

    def _ecom_get_conversation(self):
        """:return: what was said in this channel, as text, the newest messages last"""
        messages = self.env["mail.message"].search(
            [
                ("model", "=", self._name),
                ("res_id", "=", self.id),
                ("message_type", "=", "comment"),
            ],
            order="id desc",
            limit=_MAX_MESSAGES,
        )
        lines = []
        # Visitors' names are for whoever talks to them.
        for message in messages.sudo().sorted("id"):
            text = html2plaintext(message.body or "").strip()
            if text and not text.startswith(_COMMAND):
                author = message.author_id.name or message.author_guest_id.name or "?"
                lines.append(f"{author}: {text}")
        return "\n".join(lines)
