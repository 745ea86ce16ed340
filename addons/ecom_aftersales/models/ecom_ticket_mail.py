import re

from odoo import api, models
from odoo.tools import email_normalize, html2plaintext

from ..tools.mail_charset import mend_charsets

_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9/\-]{2,63}")


class EcomTicket(models.Model):
    """Mail in and out: what makes a ticket, and what stops its clock."""

    _inherit = "ecom.ticket"

    # === MAIL === #

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """A mail to a team's address starts a ticket."""
        values = {
            "name": msg_dict.get("subject") or self.env._("No subject"),
            "email_from": email_normalize(msg_dict.get("email_from")) or msg_dict.get("email_from"),
            "partner_id": msg_dict.get("author_id"),
            "source": "email",
            "description": self._text_of(msg_dict.get("body")),
            **(custom_values or {}),
        }
        team = self.env["ecom.ticket.team"].browse(values.get("team_id"))
        if team:
            values.setdefault("company_id", team.company_id.id)
        if not values["partner_id"] and values["email_from"]:
            partner = self.env["mail.thread"]._partner_find_from_emails_single(
                [msg_dict["email_from"]], no_create=False
            )
            values["partner_id"] = msg_dict["author_id"] = partner.id
        ticket = super().message_new(msg_dict, custom_values=values)
        if msg_dict.get("message_type") != "auto_comment" and team.acknowledge:
            ticket._acknowledge()
        return ticket

    def _text_of(self, body):
        return html2plaintext(body or "")[:20000]

    def _acknowledge(self):
        """Tell the buyer that the message arrived; it is no answer."""
        self.message_post(
            body=self.env._(
                "We received your message. Its number is %(number)s.", number=self.number
            ),
            message_type="auto_comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=self.partner_id.ids,
            author_id=self.env.ref("base.partner_root").id,
            # Absence notes do not answer to this, and other machines know what it is.
            mail_headers={"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"},
        )

    def _message_receive_bounce(self, email, partner):
        """An answer did not arrive: its agent has to know, the buyer goes on waiting."""
        result = super()._message_receive_bounce(email, partner)
        for ticket in self:
            ticket.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("A mail to %(address)s was not delivered", address=email),
                note=self.env._("Find another way to reach the buyer."),
                user_id=(ticket.user_id or ticket.team_id.member_ids[:1] or self.env.user).id,
            )
        return result

    @api.model
    def _find_by_subject(self, subject, email_from):
        """:return: the ticket whose number stands in the subject of a mail, if it is the sender's own.
        Some programs answer without naming the mail that they answer to."""
        sender = email_normalize(email_from)
        words = set(_NUMBER.findall(subject or ""))
        if not sender or not words:
            return self.browse()
        # The mail gateway has no rights of a user.
        tickets = self.sudo().search([("number", "in", list(words))], limit=10)
        ticket = tickets.filtered(
            lambda ticket: sender
            in (email_normalize(ticket.email_from), ticket.partner_id.email_normalized)
        )[:1]
        return ticket.merged_into_id or ticket

    def _message_post_after_hook(self, message, msg_values):
        result = super()._message_post_after_hook(message, msg_values)
        if message.message_type not in ("email", "comment", "auto_comment"):
            return result
        for ticket in self:
            kind = ticket._get_event_kind(message)
            if kind:
                ticket._add_event(kind, message)
        return result

    def _get_event_kind(self, message):
        """:return: what a message means to the clock, or None for a note among ourselves"""
        if message.message_type == "auto_comment":
            return "auto"
        if message.is_internal or message.subtype_id.internal:
            return None
        note = self.env.ref("mail.mt_note", raise_if_not_found=False)
        author = message.author_id
        ours = any(user._is_internal() for user in author.with_context(active_test=False).user_ids)
        if message.message_type == "email" and not ours:
            return "buyer"
        if message.subtype_id == note:
            return None
        return "answer" if ours else "buyer"

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=False):
        groups = super()._notify_get_recipients_groups(message, model_description, msg_vals)
        if not self:
            return groups
        self.ensure_one()
        for name, _method, values in groups:
            if name in ("portal_customer", "customer"):
                values["has_button_access"] = name == "portal_customer"
        return groups


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def message_parse(self, message, save_original=False):
        """A mail in an unknown character set would not be read at all."""
        mend_charsets(message)
        return super().message_parse(message, save_original=save_original)

    @api.model
    def message_route(self, message, message_dict, model=None, thread_id=None, custom_values=None):
        """Automatic replies (absence notes) are no word of the buyer: tickets learn it here, where
        the headers of the mail are at hand."""
        routes = super().message_route(message, message_dict, model, thread_id, custom_values)
        if not any(route and route[0] == "ecom.ticket" for route in routes or []):
            return routes
        if _is_automatic(message):
            message_dict["message_type"] = "auto_comment"
        ticket = self.env["ecom.ticket"]._find_by_subject(
            message_dict.get("subject"), message_dict.get("email_from")
        )
        if not ticket:
            return routes
        return [
            (route[0], ticket.id, *route[2:])
            if route and route[0] == "ecom.ticket" and not route[1]
            else route
            for route in routes
        ]


def _is_automatic(message):
    """:return: did a machine write this mail? As RFC 3834 has it, and as they did before it"""
    submitted = (message.get("Auto-Submitted") or "no").split(";")[0].strip().lower()
    precedence = (message.get("Precedence") or "").strip().lower()
    return (
        submitted != "no"
        or precedence in ("bulk", "junk", "list", "auto_reply")
        or (message.get("Return-Path") or "").strip() == "<>"
        or any(message.get(name) for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponse"))
    )
