from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import email_normalize, plaintext2html

_VALUES = {
    "channel_id",
    "thread",
    "message_id",
    "subject",
    "body",
    "author",
    "email",
    "order_external_id",
    "from_us",
}
# What a buyer will ask about sooner or later.
_ALERTS = ("attempt_failed", "no_movement", "returned")


class EcomTicket(models.Model):
    """Tickets that no mail and no person began: messages of platforms, cases, alerts."""

    _inherit = "ecom.ticket"

    @api.model
    def receive_message(self, values):
        """Take in a message of a platform's own mailbox. Public: for connectors and programs.

        :param dict values: ``channel_id``, ``thread`` (the platform's id of the conversation) and
            ``body`` (text) are required; ``message_id`` (the same twice is one message),
            ``subject``, ``author`` (name), ``email``, ``order_external_id``, ``from_us`` (we
            answered there: it stops the clock)
        :return: dict ``{"id", "number", "outcome": "created"|"added"|"known"}``
        :raise UserError: what is wrong with the values
        """
        if not self.env.su and not self.env.user.has_group("ecom_aftersales.group_ecom_agent"):
            raise AccessError(self.env._("Only after-sales agents may do this."))
        unknown = set(values) - _VALUES
        if unknown:
            raise UserError(
                self.env._("Unknown fields: %(names)s.", names=", ".join(sorted(unknown)))
            )
        channel = self.env["ecom.channel"].browse(values.get("channel_id")).exists()
        thread, body = str(values.get("thread") or "").strip(), str(values.get("body") or "").strip()
        if not channel or not thread or not body:
            raise UserError(self.env._("A message needs a channel, its thread and a text."))
        channel.check_access("read")
        # Messages are written on behalf of the platform.
        ticket, outcome = self.sudo()._receive_message(channel, thread, body, values)
        return {"id": ticket.id, "number": ticket.number, "outcome": outcome}

    def _receive_message(self, channel, thread, body, values):
        ticket = self.search([("channel_id", "=", channel.id), ("external_id", "=", thread)])
        target = ticket.merged_into_id or ticket
        key = values.get("message_id") and f"<{channel.id}.{thread}.{values['message_id']}@platform>"
        if key and self.env["mail.message"].search_count([("message_id", "=", key)], limit=1):
            return target, "known"
        outcome = "added" if ticket else "created"
        if not ticket:
            target = ticket = self._open_thread(channel, thread, body, values)
        name = self.env._("We, on the platform") if values.get("from_us") else values.get("author")
        message = target.with_context(mail_post_autofollow=False).message_post(
            body=plaintext2html(body),
            # A note: the platform has told the buyer, nobody is to get it by mail from us.
            message_type="notification",
            subtype_xmlid="mail.mt_note",
            author_id=False,
            email_from=name or values.get("email") or channel.name,
            **({"message_id": key} if key else {}),
        )
        if outcome == "added" or values.get("from_us"):
            target._add_event("answer" if values.get("from_us") else "buyer", message)
        return target, outcome

    def _open_thread(self, channel, thread, body, values):
        order = self.env["ecom.order"]
        if values.get("order_external_id"):
            order = order.search(
                [
                    ("channel_id", "=", channel.id),
                    ("external_id", "=", str(values["order_external_id"])),
                ]
            )
        return self.create(
            {
                "name": str(values.get("subject") or body.splitlines()[0])[:200],
                "description": body[:20000],
                "source": "platform",
                "channel_id": channel.id,
                "company_id": channel.company_id.id,
                "external_id": thread,
                "order_id": order.id,
                "partner_id": order.partner_id.id,
                "email_from": email_normalize(values.get("email") or "") or False,
            }
        )


class EcomReturn(models.Model):
    _inherit = "ecom.return"

    ticket_count = fields.Integer("Number of Tickets", compute="_compute_ticket_count")

    def _compute_ticket_count(self):
        counts = {}
        if self.env["ecom.ticket"].has_access("read"):
            counts = dict(
                self.env["ecom.ticket"]._read_group(
                    [("return_id", "in", self.ids)], ["return_id"], ["__count"]
                )
            )
        for case in self:
            case.ticket_count = counts.get(case, 0)

    def action_open_tickets(self):
        """Button: the conversations about this case; the first one is begun from here."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ecom_aftersales.ecom_ticket_action")
        action["domain"] = [("return_id", "=", self.id)]
        action["context"] = {
            "default_return_id": self.id,
            "default_order_id": self.order_id.id,
            "default_partner_id": self.partner_id.id,
            "default_channel_id": self.channel_id.id,
            "default_company_id": self.company_id.id,
            "default_source": "return",
            "default_kind": "return",
            "default_name": self.display_name,
        }
        if not self.ticket_count:
            action |= {"view_mode": "form", "views": [(False, "form")]}
        return action


class EcomChannel(models.Model):
    _inherit = "ecom.channel"

    alert_tickets = fields.Boolean(
        "Tickets of Parcels in Trouble",
        help="A parcel that could not be delivered, does not move or comes back becomes a ticket, so "
        "that somebody writes to the buyer first.",
    )


class EcomShipmentAlert(models.Model):
    _inherit = "ecom.shipment.alert"

    def _plan_activities(self):
        result = super()._plan_activities()
        # Parcels are watched with the rights of a timer.
        Ticket = self.env["ecom.ticket"].sudo()
        for alert in self.filtered(lambda alert: alert.kind in _ALERTS):
            for order in alert.shipment_id.order_ids.filtered("channel_id.alert_tickets"):
                known = Ticket.search_count(
                    [("order_id", "=", order.id), ("kind", "=", "alert"), ("is_open", "=", True)],
                    limit=1,
                )
                if known:
                    continue
                Ticket.create(
                    {
                        "name": f"{alert._get_summary()}: {order.display_name}"[:200],
                        "description": alert.advice,
                        "source": "alert",
                        "kind": "alert",
                        "order_id": order.id,
                        "channel_id": order.channel_id.id,
                        "partner_id": order.partner_id.id,
                        "company_id": order.company_id.id,
                        "priority": "1",
                    }
                )
        return result
