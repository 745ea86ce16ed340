import base64
import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.ecom_order_mgmt.concurrency import RETRYABLE

from ..carriers.result import money, rate_of

_logger = logging.getLogger(__name__)

WAITS = (1, 5, 15, 60, 120, 240)
# First half of the key of our session locks: "lb".
LOCK_CLASS = 0x6C62


class EcomLabel(models.Model):
    """A label that is bought exactly once.

    1. The wish is a row, one per shipment (unique index): two users on the button make one.
    2. A worker locks it, notes *sending* and commits: from here on the carrier may have sold it.
    3. It calls the carrier, with our key as reference, outside of any transaction that is repeated.
    4. It notes the answer and commits.

    A worker that dies between 2 and 4 leaves the row in *sending* with nobody holding its lock. The
    next worker then asks the carrier for a label with our key, where the carrier can tell;
    otherwise the row waits for a person (*unknown*). It never buys a second one on suspicion.
    """

    _name = "ecom.label"
    _description = "Shipping Label"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "key"

    shipment_id = fields.Many2one(
        "ecom.shipment", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="shipment_id.company_id", store=True, index=True)
    carrier_id = fields.Many2one("delivery.carrier", required=True, readonly=True, index=True)
    account_id = fields.Many2one("ecom.carrier.account", required=True, readonly=True, index=True)
    is_return = fields.Boolean("Return Label", readonly=True)
    return_ref = fields.Char(
        "Return For", readonly=True, copy=False, help="What the goods come back for."
    )
    return_weight = fields.Float("Weight of the Return", readonly=True, digits="Stock Weight")
    return_warehouse_id = fields.Many2one(
        "stock.warehouse", "Comes Back To", readonly=True, index="btree_not_null"
    )
    return_goods = fields.Json(readonly=True, help="Quantities that come back, by product.")
    key = fields.Char(readonly=True, copy=False, help="What the carrier knows the label by.")
    state = fields.Selection(
        [
            ("waiting", "Ordered"),
            ("sending", "Being Bought"),
            ("unknown", "Outcome Not Known"),
            ("bought", "Bought"),
            ("voiding", "To Void"),
            ("voided", "Void"),
            ("failed", "Refused"),
            ("cancelled", "Cancelled"),
        ],
        default="waiting",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
    )
    attempts = fields.Integer(readonly=True)
    next_try = fields.Datetime(readonly=True, default=fields.Datetime.now)
    answer = fields.Text("Carrier's Answer", readonly=True)
    identifier = fields.Char("Carrier's Id", readonly=True)
    numbers = fields.Char("Tracking Numbers", readonly=True)
    service = fields.Char(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary("Price", readonly=True)
    price_quoted = fields.Boolean(
        readonly=True,
        help="The carrier gave no price with the label: it is what it quotes for the same parcel.",
    )
    bought_at = fields.Datetime(readonly=True)
    applied = fields.Boolean(readonly=True, help="The numbers are on the shipment.")
    attachment_ids = fields.Many2many("ir.attachment", string="Documents", readonly=True)

    _live_uniq = models.UniqueIndex(
        "(shipment_id, is_return, COALESCE(return_ref, '')) "
        "WHERE state NOT IN ('voided', 'failed', 'cancelled')",
        "The shipment has a label already.",
    )
    _todo_idx = models.Index("(next_try, id) WHERE state IN ('waiting', 'sending', 'voiding')")
    _apply_idx = models.Index("(id) WHERE state = 'bought' AND applied IS NOT TRUE")

    # === ACTIONS === #

    def _check_staff(self):
        """:return: these labels, to be changed by the action that asks"""
        self.shipment_id._check_packer()
        return self.sudo()

    def action_retry(self):
        """A person says that the carrier did not sell it: buy it now."""
        labels = self._check_staff().filtered(lambda label: label.state in ("unknown", "failed"))
        labels.write({"state": "waiting", "next_try": fields.Datetime.now(), "attempts": 0})
        labels.activity_unlink(["mail.mail_activity_data_warning"])
        self._trigger()
        return True

    def action_cancel(self):
        self._check_staff().filtered(lambda label: label.state in ("waiting", "unknown")).write(
            {"state": "cancelled"}
        )
        return True

    def action_void(self):
        self._check_staff()._void()
        return True

    def _void(self):
        """Give labels back: those that nobody asked for yet at once, the others by the carrier."""
        self.filtered(lambda label: label.state == "waiting").write({"state": "cancelled"})
        bought = self.filtered(lambda label: label.state == "bought")
        if bought:
            bought.write({"state": "voiding", "next_try": fields.Datetime.now(), "attempts": 0})
            # Only for work to do: the timer itself comes by here, and would never rest.
            self._trigger()

    def _trigger(self):
        self.env.ref("ecom_connectors.ir_cron_labels")._trigger()

    # === THE WORK === #

    @api.model
    def _get_todo(self, after=0):
        """:return: the next label to see to; empty: nothing is due"""
        now = fields.Datetime.now()
        todo = Domain("state", "in", ("waiting", "sending", "voiding")) & Domain(
            "next_try", "<=", now
        )
        to_apply = Domain("state", "=", "bought") & Domain("applied", "=", False)
        return self.search(Domain("id", ">", after) & (todo | to_apply), order="id", limit=1)

    @api.model
    def _cron_process(self):
        """Buy and void what is due, each in transactions of its own."""
        self._void_of_cancelled()
        self._commit()
        last = 0
        while label := self._get_todo(last):
            last = label.id
            if not label._lock_session():
                continue  # another worker is at it
            try:
                label._process()
            except RETRYABLE:
                self.env.cr.rollback()
                _logger.info("label %s: another transaction was faster; next run", last)
            finally:
                label._unlock_session()
            if not self.env["ir.cron"]._commit_progress(1):
                break
        return True

    def _commit(self):
        """Each step must be on disk before the next one leaves the house."""
        self.env["ir.cron"]._commit_progress()

    def _lock_session(self):
        """A lock of the connection, not of the transaction: it lives through our commits, and dies
        with the process. :return: whether we have it"""
        self.env.cr.execute(SQL("SELECT pg_try_advisory_lock(%s, %s)", LOCK_CLASS, self.id))
        return self.env.cr.fetchone()[0]

    def _unlock_session(self):
        self.env.cr.execute(SQL("SELECT pg_advisory_unlock(%s, %s)", LOCK_CLASS, self.id))

    def _process(self):
        self.ensure_one()
        # What we knew may be older than the lock.
        self._commit()
        self.invalidate_recordset()
        if self.state == "bought":
            return self._apply()
        try:
            client = self.account_id._get_client()
        except UserError as error:
            return self._put_off(str(error))
        if self.state == "voiding":
            return self._process_void(client)
        if self.state == "sending":
            return self._recover(client)
        if self.state == "waiting":
            return self._buy(client)
        return None

    def _buy(self, client):
        problem = self._get_problem()
        if problem:
            self.write({"state": "failed", "answer": problem})
            self._tell_staff(problem)
            self._tell_who_ordered()
            return
        request = self._prepare_request()
        self.write({"state": "sending", "attempts": self.attempts + 1})
        self._commit()
        answer = client.ship(request)
        self.account_id._note_result(answer)
        if answer.items:
            self._record(answer.items[0], answer, client)
        elif answer.outcome == "not_sent":
            self.state = "waiting"
            self._put_off(answer.text)
        elif answer.outcome == "refused":
            self.write({"state": "failed", "answer": answer.text})
            self._tell_staff(answer.text)
            self._tell_who_ordered()
        else:
            # Sent, and no answer that we can read: look for it, as after a crash.
            self.answer = answer.text
            self._recover(client)
        self._commit()

    def _recover(self, client):
        """The carrier may have sold the label: ask for it by our key."""
        found = client.find(self._get_reference())
        if found.items:
            self._record(found.items[0], found, client)
            self.message_post(body=self.env._("The label had been bought; it was fetched again."))
        elif found.outcome == "ok":
            # The carrier knows of none: it was not sold.
            self.write({"state": "waiting", "next_try": fields.Datetime.now()})
            if self.attempts >= len(WAITS):
                self._give_up(found.text)
        elif found.outcome == "not_sent":
            self._put_off(found.text)
        else:
            self._give_up(found.text)
        self._commit()

    def _give_up(self, text):
        """Nobody knows whether it was bought: a person looks at the carrier's site."""
        self.state = "unknown"
        self._tell_staff(
            self.env._(
                "The connection broke while the label was bought, and the carrier cannot be "
                "asked for it. Look for reference %(reference)s on the carrier's site. If it is "
                "there, enter its number on the shipment and cancel this label here; if not, "
                "try again. %(text)s",
                reference=self._get_reference(),
                text=text or "",
            )
        )

    def _process_void(self, client):
        answer = client.void(self.identifier, self.service)
        if answer.outcome == "ok":
            self.write({"state": "voided", "answer": answer.text})
            self._forget_numbers()
            self._tell_who_ordered()
        elif answer.outcome == "refused":
            self.write({"state": "bought", "answer": answer.text})
            self._tell_staff(
                self.env._("The carrier does not take the label back: %s", answer.text)
            )
        else:
            # Voiding twice does no harm: it is tried again.
            self._put_off(answer.text)
        self._commit()

    def _put_off(self, text):
        self.ensure_one()
        waits = WAITS[min(self.attempts, len(WAITS) - 1)]
        self.write(
            {
                "answer": text,
                "attempts": self.attempts + (self.state == "voiding"),
                "next_try": fields.Datetime.add(fields.Datetime.now(), minutes=waits),
            }
        )

    def _record(self, label, answer, client):
        """Keep what was bought."""
        self.ensure_one()
        currency = self.env["res.currency"]
        if label.currency:
            currency = currency.with_context(active_test=False).search(
                [("name", "=", label.currency)], limit=1
            )
        amount = money(label.amount)
        self.write(
            {
                "state": "bought",
                "applied": False,
                "identifier": label.identifier,
                "numbers": ",".join(label.numbers),
                "service": label.service or self.carrier_id.ecom_service,
                "currency_id": currency.id,
                "amount": float(amount) if amount is not None else 0,
                "bought_at": fields.Datetime.now(),
                "answer": answer.text or False,
            }
        )
        self._attach(label)
        # First of all what we paid for: only this worker writes the label's row, so nothing can
        # make this commit fail for a concurrent change. The shipment is another matter.
        self._commit()
        if amount is None:
            self._ask_price(client)
        self._apply()

    def _ask_price(self, client):
        """Some carriers say the price only when asked for rates. Asking buys nothing."""
        request = self._prepare_request()
        rates = client.rates(
            {
                "shipper": request["shipper"],
                "recipient": request["recipient"],
                "parcels": request["parcels"],
                "services": [request["service"]],
            }
        )
        rate = rate_of(rates.items, request["service"])
        if rate:
            currency = self.env["res.currency"].search([("name", "=", rate.currency)], limit=1)
            self.write(
                {"amount": float(rate.amount), "currency_id": currency.id, "price_quoted": True}
            )
            self._commit()

    def _apply(self):
        """Put the numbers on the shipment; repeated until it is done."""
        self.activity_unlink(["mail.mail_activity_data_warning"])
        if not self.is_return:
            self._set_numbers()
        self._tell_who_ordered()
        self.applied = True
        self._commit()

    def _attach(self, label):
        documents = [(self._get_reference(), label.format, label.data)] if label.data else []
        documents += label.extra
        vals_list = []
        for name, kind, data in documents:
            try:
                raw = base64.b64decode(data)
            except ValueError:
                raw = data.encode()
            vals_list.append(
                {
                    "name": f"{name}.{kind.lower()}",
                    "raw": raw,
                    "res_model": self._name,
                    "res_id": self.id,
                }
            )
        self.attachment_ids = [
            (4, attachment.id) for attachment in self.env["ir.attachment"].create(vals_list)
        ]

    def _set_numbers(self):
        shipment = self.shipment_id
        shipment.tracking_ref = self.numbers
        self._note_packages()
        if self.currency_id:
            cost = self.currency_id._convert(
                self.amount, self.company_id.currency_id, self.company_id, fields.Date.today()
            )
            # The price is of the whole shipment: the first box carries it.
            parcel = shipment.parcel_ids.filtered(
                lambda p: p.tracking_ref in self.numbers.split(",")
            )[:1]
            parcel.cost = cost
        shipment._get_last_pickings().filtered(lambda p: not p.carrier_price)[
            :1
        ].carrier_price = self.amount

    def _note_packages(self):
        """Each package was a parcel of its own when the label was bought, in this order."""
        numbers, packages = self.numbers.split(","), self._get_packages()
        if len(numbers) == len(packages):
            boxes = self.shipment_id.parcel_ids.grouped("tracking_ref")
            for number, package in zip(numbers, packages, strict=True):
                boxes.get(number, self.shipment_id.parcel_ids.browse()).package_id = package

    def _forget_numbers(self):
        shipment = self.shipment_id
        own = set((self.numbers or "").split(","))
        left = [n for n in (shipment.tracking_ref or "").split(",") if n and n not in own]
        if not self.is_return and not shipment.shipped_at:
            shipment.tracking_ref = ",".join(left) or False

    def _tell_who_ordered(self):
        """Return labels are ordered by others: they hear of the outcome."""
        for label in self.filtered("return_ref"):
            label.shipment_id._return_label_changed(label.return_ref, label._get_return_info())

    def _tell_staff(self, text):
        user = self.shipment_id.order_ids[:1].channel_id.user_id or self.create_uid
        self.activity_schedule(
            "mail.mail_activity_data_warning",
            summary=self.shipment_id.name,
            note=text,
            user_id=user.id,
        )

    @api.model
    def _void_of_cancelled(self):
        """Nobody needs the labels of shipments that were cancelled."""
        labels = self.search(
            [
                ("state", "in", ("waiting", "bought")),
                ("shipment_id.state", "=", "cancelled"),
                ("shipment_id.shipped_at", "=", False),
            ]
        )
        labels._void()
