import re

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import sla
from .ecom_ticket_sla import KINDS

PRESENCE_SECONDS = 60
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9/_.\-]{2,63}")
MAX_WORDS = 60


class EcomTicket(models.Model):
    """One conversation with a buyer, with its order at hand and a deadline for the answer.

    Life cycle: *new* -> *open* (somebody works on it) <-> *waiting* (for the buyer) -> *solved*.
    A new message of the buyer opens it again. The clock runs from the buyer's message to our
    answer; automatic replies do not stop it.
    """

    _name = "ecom.ticket"
    _description = "Ticket"
    _inherit = ["portal.mixin", "mail.thread.cc", "mail.activity.mixin", "rating.mixin"]
    _order = "priority desc, deadline, id desc"
    _primary_email = "email_from"
    _mail_post_access = "read"

    name = fields.Char("Subject", required=True, tracking=True, index="trigram")
    number = fields.Char(readonly=True, copy=False, index=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    team_id = fields.Many2one("ecom.ticket.team", index=True, tracking=True, ondelete="restrict")
    user_id = fields.Many2one("res.users", "Agent", tracking=True, index="btree_not_null")
    partner_id = fields.Many2one("res.partner", "Customer", index="btree_not_null", tracking=True)
    email_from = fields.Char("E-mail")
    phone = fields.Char()
    description = fields.Text("First Message")
    kind = fields.Selection(KINDS, default="question", required=True, tracking=True)
    source = fields.Selection(
        [
            ("email", "E-mail"),
            ("portal", "Portal"),
            ("chat", "Live chat"),
            ("phone", "Phone"),
            ("platform", "Platform"),
            ("return", "Return"),
            ("alert", "Alert"),
            ("rating", "Rating"),
            ("manual", "By hand"),
        ],
        default="manual",
        required=True,
    )
    priority = fields.Selection([("0", "Normal"), ("1", "Urgent")], default="0")
    state = fields.Selection(
        [
            ("new", "New"),
            ("open", "In progress"),
            ("waiting", "Waits for buyer"),
            ("solved", "Solved"),
        ],
        default="new",
        required=True,
        index=True,
        tracking=True,
        group_expand="_group_expand_states",
    )
    is_open = fields.Boolean(compute="_compute_is_open", store=True)
    channel_id = fields.Many2one("ecom.channel", index="btree_not_null")
    order_id = fields.Many2one("ecom.order", "Channel Order", index="btree_not_null", tracking=True)
    return_id = fields.Many2one("ecom.return", "Case", index="btree_not_null", tracking=True)
    external_id = fields.Char("Platform's Message Thread", copy=False, readonly=True)
    matched_by = fields.Char("How the Order Was Found", readonly=True)
    merged_into_id = fields.Many2one(
        "ecom.ticket", readonly=True, index="btree_not_null", copy=False
    )
    split_from_id = fields.Many2one(
        "ecom.ticket", readonly=True, index="btree_not_null", copy=False
    )
    event_ids = fields.One2many("ecom.ticket.event", "ticket_id", readonly=True)

    # --- the clock
    sla_id = fields.Many2one("ecom.ticket.sla", "Answer Time", readonly=True)
    deadline = fields.Datetime(readonly=True, help="Until when somebody has to answer.")
    clock = fields.Selection(
        [("stopped", "Nothing owed"), ("running", "Running"), ("paused", "Paused")],
        default="stopped",
        required=True,
        readonly=True,
    )
    answered_in_time = fields.Integer(readonly=True)
    answered_late = fields.Integer(readonly=True)
    first_answer_hours = fields.Float("Hours to First Answer", readonly=True, aggregator="avg")
    solved_at = fields.Datetime(readonly=True)

    _external_uniq = models.UniqueIndex(
        "(channel_id, external_id) WHERE external_id IS NOT NULL",
        "This conversation of the platform is here already.",
    )
    _open_idx = models.Index("(company_id, priority DESC, deadline, id DESC) WHERE is_open")

    # === COMPUTES === #

    @api.depends("number", "name")
    def _compute_display_name(self):
        for ticket in self:
            ticket.display_name = f"{ticket.number or ''} {ticket.name or ''}".strip()

    @api.depends("state")
    def _compute_is_open(self):
        for ticket in self:
            ticket.is_open = ticket.state != "solved"

    def _compute_access_url(self):
        for ticket in self:
            ticket.access_url = f"/my/tickets/{ticket.id}"

    @api.model
    def _group_expand_states(self, states, domain):
        return [key for key, _label in self._fields["state"].selection]

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["number"] = self.env["ir.sequence"].next_by_code("ecom.ticket")
        tickets = super().create(vals_list)
        for ticket in tickets:
            ticket._find_order()
            if not ticket.team_id:
                ticket.team_id = ticket._find_team()
            if not ticket.user_id and ticket.team_id:
                ticket.user_id = ticket.team_id._choose_member()
            if ticket.source in ("phone", "portal", "chat", "manual", "platform"):
                ticket._add_event("buyer")
        return tickets

    def write(self, vals):
        if "order_id" in vals and vals["order_id"] and "matched_by" not in vals:
            vals = {**vals, "matched_by": self.env._("Chosen by %(user)s", user=self.env.user.name)}
        result = super().write(vals)
        if vals.keys() & {"kind", "channel_id", "team_id", "order_id"}:
            self._update_clock()
        return result

    def _find_team(self):
        teams = self.env["ecom.ticket.team"].search([("company_id", "=", self.company_id.id)])
        return teams.filtered(lambda team: self.channel_id in team.channel_ids)[:1] or teams[:1]

    def _find_order(self):
        """Thread a ticket to the order or the case that it speaks of."""
        self.ensure_one()
        # Those who write need no rights on orders to have their own one found.
        ticket = self.sudo()
        Order, Case = self.env["ecom.order"].sudo(), self.env["ecom.return"].sudo()
        if ticket.return_id and not ticket.order_id:
            ticket.write(
                {
                    "order_id": ticket.return_id.order_id.id,
                    "partner_id": ticket.partner_id.id or ticket.return_id.partner_id.id,
                    "matched_by": self.env._("The case"),
                }
            )
        if not ticket.order_id:
            words = _WORD.findall(f"{ticket.name} {ticket.description or ''}")[:MAX_WORDS]
            words = [word.strip(".-/") for word in words if any(c.isdigit() for c in word)]
            company = Domain("company_id", "=", ticket.company_id.id)
            case = words and Case.search(company & Domain("name", "in", words), limit=1)
            order = (case and case.order_id) or (
                words
                and Order.search(
                    company & (Domain("number", "in", words) | Domain("external_id", "in", words)),
                    limit=2,
                )
            )
            how = self.env._("Its number in the message")
            if not order or len(order) > 1:
                partner = ticket.partner_id
                order = partner and Order.search(
                    company & Domain("partner_id", "child_of", partner.commercial_partner_id.id),
                    order="placed_at desc, id desc",
                    limit=1,
                )
                how = self.env._("The buyer's latest order")
            if order:
                vals = {"order_id": order.id, "matched_by": how}
                if case:
                    vals["return_id"] = case.id
                ticket.write(vals)
        if ticket.order_id:
            ticket.write(
                {
                    "channel_id": ticket.channel_id.id or ticket.order_id.channel_id.id,
                    "partner_id": ticket.partner_id.id or ticket.order_id.partner_id.id,
                }
            )

    # === THE CLOCK === #

    def _add_event(self, kind, message=None):
        now = fields.Datetime.now()
        self.env["ecom.ticket.event"].sudo().create(
            [
                {
                    "ticket_id": ticket.id,
                    "kind": kind,
                    "at": now,
                    "message_id": message.id if message else False,
                }
                for ticket in self
            ]
        )
        for ticket in self.sudo():
            if kind == "buyer" and ticket.state in ("waiting", "solved"):
                ticket.state = "open"
            if kind == "answer":
                ticket._count_answer(now)
        self._update_clock()

    def _count_answer(self, now):
        if self.deadline:
            if now <= self.deadline:
                self.answered_in_time += 1
            else:
                self.answered_late += 1
        if not self.first_answer_hours:
            first = self.event_ids.filtered(lambda e: e.kind == "buyer")[:1]
            if first:
                hours = (now - first.at).total_seconds() / 3600
                self.first_answer_hours = max(hours, 0.01)
        if self.state == "new":
            self.state = "open"

    def _update_clock(self):
        """Work out by when somebody has to answer, from all that happened."""
        policies = self.env["ecom.ticket.sla"].sudo().search([("hours", ">", 0)])
        for ticket in self.sudo():
            events = [(event.at, event.kind) for event in ticket.event_ids.sorted("id")]
            start, pauses = sla.running_pauses(events)
            policy = next((p for p in policies if p._fits(ticket)), policies.browse())
            team = ticket.team_id
            deadline = None
            if start and policy:
                deadline = sla.deadline(
                    start,
                    policy.hours,
                    None if policy.around_clock or not team else team._get_hours(),
                    team.tz or "UTC",
                    pauses,
                )
            paused = bool(pauses) and pauses[-1][1] is None
            ticket.write(
                {
                    "sla_id": policy.id,
                    "deadline": deadline or False,
                    "clock": "paused" if start and paused else "running" if start else "stopped",
                }
            )

    # === ACTIONS === #

    def _check_agent(self):
        if not self.env.su:
            if not self.env.user.has_group("ecom_aftersales.group_ecom_agent"):
                raise AccessError(self.env._("Only after-sales agents may do this."))
            self.check_access("write")
        return self

    def action_take(self):
        """Button: I answer this one."""
        self._check_agent().write({"user_id": self.env.uid, "state": "open"})
        return True

    def action_wait(self):
        """The next word is the buyer's: the clock pauses."""
        self._check_agent()._add_event("wait")
        self.write({"state": "waiting"})
        return True

    def action_resume(self):
        self._check_agent()._add_event("resume")
        self.write({"state": "open"})
        return True

    def action_no_answer(self):
        """A thank-you, an advertisement: nobody has to answer."""
        self._check_agent()._add_event("no_answer")
        self.write({"state": "solved", "solved_at": fields.Datetime.now()})
        return True

    def action_solve(self):
        """Close tickets, and ask the buyers how it was."""
        tickets = self._check_agent().filtered(lambda ticket: ticket.state != "solved")
        tickets._add_event("no_answer")
        tickets.write({"state": "solved", "solved_at": fields.Datetime.now()})
        template = self.env.ref(
            "ecom_aftersales.mail_template_ticket_rating", raise_if_not_found=False
        )
        for ticket in tickets if template else ():
            if ticket.partner_id.email and not ticket.merged_into_id:
                ticket.rating_send_request(template, lang=ticket.partner_id.lang, force_send=False)
        return True

    def action_reopen(self):
        self._check_agent().write({"state": "open", "solved_at": False})
        return True

    def action_merge(self):
        """Make one conversation of several tickets: everything moves to the oldest.

        :raise UserError: fewer than two, or of different customers
        """
        tickets = self._check_agent().sorted("id")
        if len(tickets) < 2:
            raise UserError(self.env._("Choose at least two tickets to merge."))
        if len(tickets.partner_id.commercial_partner_id) > 1:
            raise UserError(self.env._("These tickets are of different customers."))
        target, others = tickets[0], tickets[1:]
        # Messages and attachments belong to their ticket, not to those who wrote them.
        self.env["mail.message"].sudo().search(
            [("model", "=", self._name), ("res_id", "in", others.ids)]
        ).write({"res_id": target.id})
        self.env["ir.attachment"].sudo().search(
            [("res_model", "=", self._name), ("res_id", "in", others.ids)]
        ).write({"res_id": target.id})
        others.event_ids.sudo().write({"ticket_id": target.id})
        followers = others.message_partner_ids
        target.message_subscribe(followers.ids)
        for name in ("order_id", "return_id", "channel_id", "user_id"):
            if not target[name]:
                target[name] = others.filtered(name)[:1][name]
        others.write(
            {
                "merged_into_id": target.id,
                "state": "solved",
                "solved_at": fields.Datetime.now(),
            }
        )
        target._message_log(
            body=self.env._(
                "Merged with %(others)s.", others=", ".join(others.mapped("display_name"))
            )
        )
        target._update_clock()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": target.id,
            "view_mode": "form",
        }

    def action_split(self, message_ids, subject):
        """Move messages to a ticket of their own.

        :param message_ids: ids of messages of this ticket
        :param str subject: of the new ticket
        :return: id of the new ticket
        """
        self.ensure_one()
        self._check_agent()
        # Agents may read their ticket's messages; moving them needs more.
        messages = (
            self.env["mail.message"]
            .sudo()
            .search(
                [
                    ("id", "in", list(message_ids)),
                    ("model", "=", self._name),
                    ("res_id", "=", self.id),
                ]
            )
        )
        if not messages or not subject:
            raise UserError(self.env._("Choose messages and a subject for the new ticket."))
        new = self.create(
            {
                "name": subject,
                "team_id": self.team_id.id,
                "user_id": self.user_id.id,
                "company_id": self.company_id.id,
                "partner_id": self.partner_id.id,
                "email_from": self.email_from,
                "kind": self.kind,
                "source": "email",
                "split_from_id": self.id,
            }
        )
        messages.write({"res_id": new.id})
        messages.attachment_ids.write({"res_id": new.id})
        self.event_ids.sudo().filtered(lambda e: e.message_id in messages).write(
            {"ticket_id": new.id}
        )
        (self | new)._update_clock()
        return new.id

    def action_new_return(self):
        """Button: open a case about the ticket's order."""
        self.ensure_one()
        if not self.order_id.sudo().sale_order_id:
            raise UserError(self.env._("Choose the order first."))
        return self.env["ecom.return.new"]._open(
            order=self.order_id, ticket_id=self.id, description=self.description
        )

    # === TWO AGENTS AT ONCE === #

    def presence_ping(self):
        """Say that I look at this ticket.

        :return: names of the others who do at this moment
        """
        self.ensure_one()
        self._check_agent()
        now = fields.Datetime.now()
        self.env.cr.execute(
            SQL(
                "INSERT INTO ecom_ticket_presence (ticket_id, user_id, seen_at, create_uid, write_uid,"
                " create_date, write_date) VALUES (%s, %s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (ticket_id, user_id) DO UPDATE SET seen_at = EXCLUDED.seen_at",
                self.id,
                self.env.uid,
                now,
                self.env.uid,
                self.env.uid,
                now,
                now,
            )
        )
        limit = fields.Datetime.subtract(now, seconds=PRESENCE_SECONDS)
        # Only names of colleagues come out of it.
        others = (
            self.env["ecom.ticket.presence"]
            .sudo()
            .search(
                [
                    ("ticket_id", "=", self.id),
                    ("user_id", "!=", self.env.uid),
                    ("seen_at", ">=", limit),
                ]
            )
        )
        return others.user_id.mapped("name")

    @api.autovacuum
    def _gc_presence(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=1)
        self.env["ecom.ticket.presence"].search([("seen_at", "<", limit)]).unlink()

    # === FEEDBACK === #

    def rating_apply(
        self,
        rate,
        token=None,
        rating=None,
        feedback=None,
        subtype_xmlid=None,
        notify_delay_send=False,
    ):
        result = super().rating_apply(
            rate, token, rating, feedback, subtype_xmlid, notify_delay_send
        )
        if rate <= 2:
            # A buyer who is not content is a task, not only a number.
            for ticket in self.sudo().filtered(
                lambda t: t.state == "solved" and t.kind != "rating"
            ):
                self.sudo().create(
                    {
                        "name": self.env._("Bad rating: %(ticket)s", ticket=ticket.display_name),
                        "kind": "rating",
                        "source": "rating",
                        "description": feedback,
                        "partner_id": ticket.partner_id.id,
                        "order_id": ticket.order_id.id,
                        "return_id": ticket.return_id.id,
                        "team_id": ticket.team_id.id,
                        "company_id": ticket.company_id.id,
                        "split_from_id": ticket.id,
                        "priority": "1",
                    }
                )
        return result


class EcomReturn(models.Model):
    _inherit = "ecom.return"

    ticket_ids = fields.One2many("ecom.ticket", "return_id", "Tickets", readonly=True)
