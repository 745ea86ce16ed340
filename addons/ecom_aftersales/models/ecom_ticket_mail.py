from odoo import api, models
from odoo.tools import email_normalize, html2plaintext


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
        )

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
    def message_route(self, message, message_dict, model=None, thread_id=None, custom_values=None):
        """Automatic replies (absence notes) are no word of the buyer: tickets learn it here, where
        the headers of the mail are at hand."""
        routes = super().message_route(message, message_dict, model, thread_id, custom_values)
        if any(route and route[0] == "ecom.ticket" for route in routes or []):
            submitted = (message.get("Auto-Submitted") or "no").split(";")[0].strip().lower()
            if submitted != "no" or message.get("X-Autoreply") or message.get("X-Autorespond"):
                message_dict["message_type"] = "auto_comment"
        return routes
