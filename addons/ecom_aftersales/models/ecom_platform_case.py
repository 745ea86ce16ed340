from odoo import api, fields, models
from odoo.exceptions import AccessError, LockError, UserError, ValidationError

from odoo.addons.ecom_order_mgmt.concurrency import create_once
from odoo.addons.ecom_order_mgmt.tools import canonical, text

_BATCH = 100
# What the platform decided, and how a case here is called that agrees with it.
_DECIDED = {"approved": "approved", "declined": "rejected", "withdrawn": "withdrawn"}


class EcomPlatformCase(models.Model):
    """What a platform says of one of its own cases: kept once by its id, in its latest version.

    Life cycle: *waiting* until its order is accepted here, then *matched* to the case that mirrors
    it (`return_id`), or *parked* with the reason why there is none. Later versions change that case:
    the platform's deadline, and what was decided there.
    """

    _name = "ecom.platform.case"
    _description = "Case of a Platform"
    _order = "id desc"
    _rec_name = "external_id"

    channel_id = fields.Many2one("ecom.channel", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(
        "res.company", related="channel_id.company_id", store=True, precompute=True, index=True
    )
    external_id = fields.Char("Platform's Case", required=True, readonly=True)
    order_external_id = fields.Char("Order on the Channel", readonly=True)
    kind = fields.Selection(
        selection=lambda self: self.env["ecom.return"]._fields["platform_kind"].selection,
        readonly=True,
    )
    status = fields.Selection(
        [
            ("requested", "Waits for an answer"),
            ("approved", "Approved"),
            ("declined", "Declined"),
            ("withdrawn", "Withdrawn"),
            ("closed", "Closed"),
        ],
        "On the Platform",
        readonly=True,
    )
    deadline = fields.Datetime(readonly=True)
    state = fields.Selection(
        [("waiting", "Waiting"), ("matched", "Has a case"), ("parked", "Parked")],
        default="waiting",
        required=True,
        readonly=True,
    )
    message = fields.Text("Why There Is No Case", readonly=True)
    return_id = fields.Many2one(
        "ecom.return", "Case", readonly=True, index="btree_not_null", ondelete="set null"
    )
    document = fields.Json("Normalised Document", readonly=True)
    document_text = fields.Text("Document", compute="_compute_document_text")
    digest = fields.Char(readonly=True)
    external_updated_at = fields.Datetime(readonly=True)
    todo = fields.Boolean(readonly=True, help="A version that the case here does not know yet.")

    _external_uniq = models.UniqueIndex("(channel_id, external_id)")
    _todo_idx = models.Index("(channel_id, id) WHERE todo")

    @api.depends("document")
    def _compute_document_text(self):
        for record in self:
            record.document_text = canonical.pretty(record.document) if record.document else False

    # === INTAKE === #

    @api.model
    def _ingest(self, channel, entries):
        """Store documents; fills outcome of the entries. Cases follow in the channel's pipeline."""
        for entry in entries:
            entry["key"] = entry["external_id"] or "?" + text.digest(repr(entry["raw"]))[:40]
        known = {
            record.external_id: record
            for record in self.search(
                [
                    ("channel_id", "=", channel.id),
                    ("external_id", "in", [entry["key"] for entry in entries]),
                ]
            )
        }
        for entry in entries:
            record = known.get(entry["key"])
            vals = self._prepare_vals(channel, entry)
            version = vals.get("external_updated_at")
            if record and (entry["document"] is None or record.digest == vals["digest"]):
                entry["outcome"] = "unchanged"
            elif (
                record
                and version
                and record.external_updated_at
                and version < record.external_updated_at
            ):
                entry["outcome"] = "stale"
            elif record:
                record.write(vals)
                entry["outcome"] = "updated"
            else:
                known[entry["key"]] = create_once(self, [vals])
                entry["outcome"] = "parked" if entry["document"] is None else "created"
        if any(entry["outcome"] in ("created", "updated") for entry in entries):
            channel._trigger_processing()

    @api.model
    def _prepare_vals(self, channel, entry):
        document = entry["document"]
        vals = {"channel_id": channel.id, "external_id": entry["key"]}
        if document is None:
            return {**vals, "state": "parked", "message": entry["message"], "digest": False}
        return {
            **vals,
            "order_external_id": document["order_external_id"],
            "kind": document["kind"],
            "status": document["status"],
            "deadline": canonical.utc(document.get("deadline")),
            "external_updated_at": canonical.version(document),
            "document": document,
            "digest": canonical.digest(document),
            "todo": True,
        }

    # === CASES === #

    def _mirror(self):
        """Bring the cases here to what the platform says of its own."""
        Order = self.env["ecom.order"]
        for channel, records in self.grouped("channel_id").items():
            orders = Order.search(
                [
                    ("channel_id", "=", channel.id),
                    ("external_id", "in", records.mapped("order_external_id")),
                ]
            )
            by_ref = {order.external_id: order for order in orders}
            for record in records:
                record._mirror_one(by_ref.get(record.order_external_id, Order))

    def _mirror_one(self, order):
        self.ensure_one()
        if not self.return_id and not order.sale_order_id:
            self.write({"message": self.env._("Its order is not here, or not accepted yet.")})
            return
        try:
            # One case that cannot be opened must not keep the others from it.
            with self.env.cr.savepoint():
                if self.return_id:
                    self._update_case()
                elif self.status in ("requested", "approved"):
                    self.return_id = self._create_case(order)
                    self._update_case()
                else:
                    self.message = self.env._("It was over when it was first read.")
        except LockError:
            # Somebody has the order in hand at this moment: it is for the next run.
            self.channel_id._trigger_processing(fields.Datetime.add(fields.Datetime.now(), minutes=1))
            return
        except (UserError, ValidationError) as error:
            self.write({"state": "parked", "message": str(error), "todo": False})
            self._tell_of_parked(order)
            return
        vals = {"state": "parked", "todo": False}
        if self.return_id:
            vals |= {"state": "matched", "message": False}
        self.write(vals)

    def _tell_of_parked(self, order):
        user = self.channel_id.user_id or order.create_uid
        order.activity_schedule(
            "mail.mail_activity_data_todo",
            date_deadline=fields.Date.to_date(self.deadline) if self.deadline else None,
            summary=self.env._("The platform waits for an answer: %(case)s", case=self.external_id),
            note=self.message,
            user_id=user.id,
        )

    def _prepare_request(self, order):
        """:return: values of ecom.return.create_request"""
        document = self.document
        said = document.get("reason")
        known = said and self.env["ecom.return.reason"].search_count([("code", "=", said)], limit=1)
        words = [document.get("note"), None if known else said]
        return {
            "type": self.kind,
            "origin": "platform",
            "order_id": order.id,
            "reason": said if known else None,
            "description": "\n".join(filter(None, words)) or None,
            "platform_case_id": self.external_id,
            "platform_kind": self.kind,
            "platform_deadline": self.deadline,
            "return_tracking_ref": document.get("tracking"),
            "lines": [
                {
                    "line_ref" if line.get("order_line_id") else "sku": line.get("order_line_id")
                    or line["sku"],
                    "quantity": line["quantity"],
                    "note": line.get("note"),
                }
                for line in document.get("lines", ())
            ],
        }

    def _create_case(self, order):
        Case = self.env["ecom.return"]
        if self.status == "approved":
            # It is decided: no policy of ours is asked.
            Case = Case.with_context(ecom_decide_by_hand=True)
        case, _outcome = Case._create_request(self._prepare_request(order))
        return case

    def _update_case(self):
        case, document = self.return_id, self.document
        vals = {}
        if self.deadline != case.platform_deadline:
            vals |= {"platform_deadline": self.deadline, "deadline": self.deadline, "escalation": 0}
        if document.get("tracking") and not case.return_tracking_ref:
            vals["return_tracking_ref"] = document["tracking"]
        case.write(vals)
        if self.status == "requested" or case.platform_state in ("none", "closed"):
            return
        wanted = _DECIDED.get(self.status)
        if case.platform_answer == "waiting" and case.order_id._withdraw_return(self.external_id):
            case.platform_answer = "none"
        if case.request_state == "new" and wanted:
            self._take_decision(case, wanted)
        elif wanted and case.request_state != wanted:
            message = self.env._(
                "The platform says %(theirs)s, here it is %(ours)s: bring them in line.",
                theirs=dict(self._fields["status"]._description_selection(self.env))[self.status],
                ours=case._label_of("request_state"),
            )
            case._decide("platform", message)
            case._remind(self.env._("%(case)s: decided otherwise there", case=case.name), message)
        case.platform_state = {"approved": "approved", "declined": "rejected"}.get(
            self.status, "closed"
        )
        if case.platform_answer in ("failed", "manual"):
            case.write({"platform_answer": "none", "platform_message": False})

    def _take_decision(self, case, wanted):
        # Set first: the platform need not be told what it says itself.
        case.platform_state = "approved" if wanted == "approved" else "closed"
        if wanted == "approved":
            case._approve(self.env._("Approved: the platform approved it."))
        elif wanted == "rejected":
            text = self.env._("The platform declined it.")
            case._reject(text, text)
        else:
            case._withdraw(self.env._("The buyer took it back on the platform."))

    # === ACTIONS === #

    def action_mirror(self):
        """Button: try again to open cases for those that have none."""
        if not self.env.su and not self.env.user.has_group("ecom_aftersales.group_ecom_agent"):
            raise AccessError(self.env._("Only after-sales agents may do this."))
        self.check_access("read")
        # Cases are opened with the rights that this takes, as the timer does.
        records = self.sudo().filtered(lambda record: not record.return_id and record.document)
        records.write({"todo": True, "state": "waiting", "message": False})
        records._mirror()
        parked = records.filtered(lambda record: not record.return_id)
        if parked:
            raise UserError(parked[0].message)
        return True


class EcomChannel(models.Model):
    _inherit = "ecom.channel"

    def _ingest_returns(self, entries):
        self.env["ecom.platform.case"]._ingest(self, entries)

    def _run_refunds(self, totals):
        result = super()._run_refunds(totals)
        self._run_platform_cases()
        return result

    def _run_platform_cases(self):
        Record = self.env["ecom.platform.case"]
        last_id = 0
        while True:
            records = Record.search(
                [("channel_id", "=", self.id), ("todo", "=", True), ("id", ">", last_id)],
                order="id", limit=_BATCH,
            )  # fmt: skip
            if not records:
                return
            last_id = records[-1].id
            # Each case is one worker's business; the others leave it alone.
            if not self._commit_or_put_off(lambda r=records: r.try_lock_for_update()._mirror()):
                return
