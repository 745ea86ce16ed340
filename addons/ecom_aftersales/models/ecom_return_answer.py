from odoo import fields, models
from odoo.exceptions import UserError


class EcomReturn(models.Model):
    """The platform of a case waits for our answer: it is sent out once, and what became of it is
    written here. Where no connector can tell the platform, a person does and says so."""

    _inherit = "ecom.return"

    platform_kind = fields.Selection(
        [
            ("return", "Return"),
            ("refund_only", "Refund only"),
            ("exchange", "Exchange"),
            ("resend", "Resend"),
            ("cancel", "Cancel the order"),
        ],
        "Asked on the Platform",
        readonly=True,
        copy=False,
    )
    platform_answer = fields.Selection(
        [
            ("none", "None"),
            ("waiting", "On its way"),
            ("done", "Told"),
            ("failed", "Not told"),
            ("manual", "To be told by hand"),
        ],
        "Answer to the Platform",
        default="none",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    platform_message = fields.Text("About the Answer", readonly=True, copy=False)
    platform_answered_at = fields.Datetime("Answered On", readonly=True, copy=False)

    def _platform_answer(self, answer):
        """Answer the platforms that wait for it; called by every decision about a case.

        :param answer: "approved" or "rejected"
        """
        for case in self.filtered(lambda case: case.platform_state == "open"):
            if case.platform_kind == "cancel" and case.type == "intercept":
                # What the carrier has cannot be cancelled, whatever we try to get it back.
                answer = "rejected"
            case.platform_state = answer
            case._send_platform_answer(answer)

    def _platform_take_back(self):
        """What the platform heard to be approved is off after all."""
        for case in self.filtered(lambda case: case.platform_state == "approved"):
            case.platform_state = "closed"
            untold = case.platform_answer in ("waiting", "failed", "manual")
            if untold and case.order_id._withdraw_return(case.platform_case_id):
                # It was not told yet: all it hears is no.
                case.platform_state = "rejected"
                case._send_platform_answer("rejected")
            else:
                case._send_platform_answer("cancelled")

    def _send_platform_answer(self, answer):
        """Put an answer on its way; a person is reminded to give it where nothing can."""
        self.ensure_one()
        told = self.order_id and self.order_id.tell_return(
            self.platform_case_id,
            answer,
            kind=self.platform_kind or self.type,
            reason=self._get_platform_reason(answer),
            deadline=fields.Datetime.to_string(self.platform_deadline)
            if self.platform_deadline
            else None,
        )
        if told:
            self.write({"platform_answer": "waiting", "platform_message": False})
        else:
            self._ask_for_platform_answer(
                answer, self.env._("No connector can tell this platform, or it is not to.")
            )

    def _get_platform_reason(self, answer):
        if answer == "approved":
            return None
        if self.platform_kind == "cancel" and self.type == "intercept":
            return self.env._("The parcel has left already.")
        return self.reject_reason or self.env._("The request is off.")

    def _name_answer(self, answer):
        return {
            "approved": self.env._("Approved"),
            "rejected": self.env._("Rejected"),
            "cancelled": self.env._("Cancelled"),
        }[answer]

    def _ask_for_platform_answer(self, answer, why):
        label = self._name_answer(answer)
        message = self.env._(
            "%(why)s Sign in to the platform, answer its case %(case)s there (%(answer)s), then press "
            "“Answered by Hand” here.",
            why=why,
            case=self.platform_case_id or "-",
            answer=label,
        )
        self.write({"platform_answer": "manual", "platform_message": message})
        self._remind(
            self.env._("Answer the platform: %(answer)s", answer=label),
            message,
            self.platform_deadline,
        )

    # === WHAT BECAME OF IT === #

    def _take_platform_answer(self, answer, outcome, message=None):
        """:param outcome: as of ecom.order._on_refund_told"""
        self.ensure_one()
        if outcome == "done":
            self.write(
                {
                    "platform_answer": "done",
                    "platform_message": False,
                    "platform_answered_at": fields.Datetime.now(),
                }
            )
            label = self._name_answer(answer)
            self._decide("platform", self.env._("The platform was told: %(answer)s.", answer=label))
        elif outcome == "again":
            self.write({"platform_answer": "waiting", "platform_message": False})
        elif outcome == "given_up" or self.platform_answer in ("none", "done"):
            self._ask_for_platform_answer(answer, message or "")
        else:
            self._set_answer_failed(answer, outcome, message or self.env._("No reason was given."))

    def _set_answer_failed(self, answer, outcome, message):
        parts = [
            self.env._("It is not known whether the platform took the answer: %(why)s", why=message)
            if outcome == "unsure"
            else self.env._("The platform did not take the answer: %(why)s", why=message)
        ]
        if self.platform_deadline and self.platform_deadline <= fields.Datetime.now():
            parts.append(
                self.env._(
                    "Its deadline passed on %(when)s (UTC): it may have decided by itself.",
                    when=fields.Datetime.to_string(self.platform_deadline),
                )
            )
        parts.append(
            self.env._(
                "Look at case %(case)s there. Is it open, answer it there; then press “Answered by "
                "Hand” here. Did it decide otherwise, bring this case in line.",
                case=self.platform_case_id,
            )
        )
        text = " ".join(parts)
        self.write({"platform_answer": "failed", "platform_message": text})
        self._decide("platform", text)
        self._remind(
            self.env._("The platform was not answered: %(case)s", case=self.name),
            text,
            self.platform_deadline,
        )

    def action_platform_answered(self):
        """Button: a person told the platform.

        :raise UserError: the answer is on its way, or nobody waits for one
        """
        cases = self._check_agent()
        for case in cases:
            if case.platform_answer not in ("failed", "manual"):
                raise UserError(
                    self.env._("%(case)s: no answer is to be given by hand.", case=case.name)
                )
            case.order_id._withdraw_return(case.platform_case_id, looked=True)
        cases.write(
            {
                "platform_answer": "done",
                "platform_message": False,
                "platform_answered_at": fields.Datetime.now(),
            }
        )
        cases._decide(
            "platform", self.env._("Answered by hand by %(user)s.", user=self.env.user.name)
        )
        return True


class EcomOrder(models.Model):
    _inherit = "ecom.order"

    def _on_return_told(self, case_id, answer, outcome, message=None):
        result = super()._on_return_told(case_id, answer, outcome, message)
        # The outbox answers without rights on cases.
        case = self.env["ecom.return"].sudo().search(
            [("channel_id", "=", self.channel_id.id), ("platform_case_id", "=", case_id)]
        )  # fmt: skip
        if case:
            case._take_platform_answer(answer, outcome, message)
        return result
