from datetime import datetime, time

import pytz

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..document_field import Document
from ..tools import canonical

CAUSES = [
    ("invalid_document", "Document not readable"),
    ("listing_unmapped", "Product not mapped"),
    ("tax_unmapped", "Tax not mapped"),
    ("country_unmapped", "Country not mapped"),
    ("currency_inactive", "Currency not active"),
    ("total_mismatch", "Total does not agree"),
    ("nothing_to_sell", "Nothing to deliver"),
    ("changed_too_late", "Changed too late"),
    ("processing_error", "Error while processing"),
]


class EcomOrder(models.Model):
    """What a channel says of one order, and where it stands with us.

    Life cycle: *received* (stored, to be processed) -> *accepted* (it has a sale order) or
    *parked* (a cause is in the way; it goes on by itself when the cause is gone) or *cancelled*.
    Review of accepted orders runs beside it in `review_state`.
    """

    _name = "ecom.order"
    _description = "Channel Order"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "placed_at desc nulls last, id desc"
    _rec_name = "number"
    # Nobody writes orders directly: decisions go through the actions, the rest comes from the
    # channel. Taking part in the discussion needs no more than seeing the order.
    _mail_post_access = "read"

    channel_id = fields.Many2one(
        "ecom.channel", required=True, readonly=True, ondelete="restrict", index=True
    )
    company_id = fields.Many2one(
        "res.company", related="channel_id.company_id", store=True, precompute=True, index=True
    )
    external_id = fields.Char("Channel's Id", required=True, readonly=True, copy=False)
    number = fields.Char(readonly=True, index="trigram")
    state = fields.Selection(
        [
            ("received", "Received"),
            ("parked", "Parked"),
            ("accepted", "Accepted"),
            ("cancelled", "Cancelled"),
        ],
        default="received",
        required=True,
        readonly=True,
        index=True,
    )
    cause = fields.Selection(CAUSES, readonly=True, help="Why the order does not go on.")
    cause_message = fields.Text("Reason", readonly=True)
    review_state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("held", "Held"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
        ],
        string="Review",
        default="waiting",
        required=True,
        readonly=True,
        tracking=True,
    )
    hold_reason = fields.Char(readonly=True)
    hold_until = fields.Datetime(readonly=True)
    sale_order_id = fields.Many2one("sale.order", readonly=True, copy=False, index="btree_not_null")
    exception_ids = fields.One2many("ecom.exception", "order_id", readonly=True)
    decision_ids = fields.One2many("ecom.decision", "order_id", readonly=True)
    refund_ids = fields.One2many("ecom.refund", "order_id", readonly=True)

    # --- the document
    document = Document("Normalised Document", readonly=True, copy=False)
    raw_document = fields.Json(
        readonly=True, copy=False, help="As received, where it is not the same as the document."
    )
    document_text = fields.Text("Document", compute="_compute_document_text")
    lines_html = fields.Html("What Was Ordered", compute="_compute_lines_html", sanitize=False)
    digest = fields.Char(readonly=True, copy=False)
    external_updated_at = fields.Datetime("Changed on the Channel", readonly=True)
    version = fields.Integer(default=1, readonly=True)
    received_at = fields.Datetime("Last Received", readonly=True)
    source = fields.Selection(
        [("api", "API"), ("file", "File"), ("manual", "By hand"), ("platform", "Platform")],
        default="api",
        required=True,
        readonly=True,
    )
    attempts = fields.Integer(readonly=True)
    next_try = fields.Datetime(readonly=True)

    # --- facts of the document, for lists, filters and rules
    placed_at = fields.Datetime("Ordered On", readonly=True)
    currency_code = fields.Char(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount_total = fields.Monetary("Total", readonly=True, currency_field="currency_id")
    amount_difference = fields.Monetary(
        "Adjusted",
        readonly=True,
        currency_field="currency_id",
        help="What rounding and adjustment lines add, so that Odoo's total is the channel's.",
    )
    customer_name = fields.Char("Customer", readonly=True)
    partner_id = fields.Many2one("res.partner", "Contact", readonly=True, index="btree_not_null")
    buyer_key = fields.Char(readonly=True)
    country_id = fields.Many2one("res.country", "Ship To", readonly=True)
    line_count = fields.Integer("Lines", readonly=True)
    quantity_total = fields.Float("Pieces", readonly=True, digits="Product Unit")
    payment_state = fields.Selection(
        [
            ("unpaid", "Unpaid"),
            ("authorized", "Authorized"),
            ("partially_paid", "Partly paid"),
            ("paid", "Paid"),
            ("partially_refunded", "Partly refunded"),
            ("refunded", "Refunded"),
            ("voided", "Voided"),
        ],
        string="Payment",
        readonly=True,
    )
    paid_at = fields.Datetime(readonly=True)
    is_cash_on_delivery = fields.Boolean("Cash on Delivery", readonly=True)
    fulfilled_by = fields.Selection(
        [("merchant", "Us"), ("platform", "The platform")],
        default="merchant",
        readonly=True,
    )
    buyer_message = fields.Text(readonly=True)
    seller_memo = fields.Text(readonly=True)
    ship_by = fields.Datetime(readonly=True)
    channel_status = fields.Selection(
        [("open", "Open"), ("cancelled", "Cancelled"), ("completed", "Completed")],
        default="open",
        readonly=True,
    )
    pending_changes = fields.Json(
        readonly=True, copy=False, help="What a later document changed, until that is processed."
    )
    confirmed_at = fields.Datetime(readonly=True, copy=False)
    delivery_status = fields.Selection(related="sale_order_id.delivery_status")

    missing_listing_ids = fields.Many2many(
        "ecom.listing", "ecom_order_listing_rel", "order_id", "listing_id", readonly=True
    )
    missing_mapping_ids = fields.Many2many(
        "ecom.mapping", "ecom_order_mapping_rel", "order_id", "mapping_id", readonly=True
    )

    _external_uniq = models.UniqueIndex(
        "(channel_id, external_id)", "This order of the channel is here already."
    )
    _received_idx = models.Index("(channel_id, id) WHERE state = 'received'")
    _review_idx = models.Index(
        "(channel_id, id) WHERE state = 'accepted' AND review_state IN ('waiting', 'held')"
    )
    _to_confirm_idx = models.Index(
        "(channel_id, id) WHERE state = 'accepted' AND review_state = 'approved' "
        "AND confirmed_at IS NULL"
    )
    _cause_idx = models.Index("(channel_id, cause) WHERE cause IS NOT NULL")
    _received_at_idx = models.Index("(channel_id, received_at)")
    _placed_idx = models.Index("(channel_id, placed_at)")
    # The trigram index of `number` serves typed searches; to look up a thousand whole numbers,
    # as the review does, takes seconds with it.
    _number_idx = models.Index("(company_id, number)")
    # All that the question for a buyer's earlier orders compares: without it, a database that has
    # no statistics yet answers by reading every order of the company.
    _earlier_idx = models.Index(
        "(partner_id, company_id, placed_at, id) WHERE state = 'accepted'"
    )
    _buyer_idx = models.Index("(channel_id, buyer_key, placed_at) WHERE buyer_key IS NOT NULL")

    @api.depends("number", "channel_id.code")
    def _compute_display_name(self):
        for order in self:
            code = order.channel_id.code
            number = order.number or order.external_id
            order.display_name = f"{code}/{number}" if code else number

    @api.depends("document", "raw_document")
    def _compute_document_text(self):
        for order in self:
            value = order.document or order.raw_document
            order.document_text = canonical.pretty(value) if value else False

    @api.depends("document")
    def _compute_lines_html(self):
        """The document as a person reads it; also of orders that have no sale order (yet)."""
        for order in self:
            # Every value comes from outside: QWeb escapes them all.
            order.lines_html = order.document and self.env["ir.qweb"]._render(
                "ecom_order_mgmt.ecom_order_lines", {"document": order.document}
            )

    @api.model
    def _start_of_today(self, tz):
        """:return: naive UTC datetime at which today began in the time zone"""
        zone = pytz.timezone(tz or "UTC")
        today = fields.Datetime.now().replace(tzinfo=pytz.utc).astimezone(zone).date()
        midnight = zone.localize(datetime.combine(today, time.min))
        return midnight.astimezone(pytz.utc).replace(tzinfo=None)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_accepted(self):
        if any(order.sale_order_id for order in self):
            raise UserError(self.env._("Orders that have a sale order cannot be deleted."))

    # === ACTIONS === #

    def _check_reviewer(self):
        """:return: these orders, to be written by the action that asks
        :raise AccessError: the user is no reviewer, or must not see one of them"""
        if not self.env.su:
            if not self.env.user.has_group("ecom_order_mgmt.group_ecom_reviewer"):
                raise AccessError(self.env._("Only reviewers may decide about orders."))
            self.check_access("read")
        # Orders are written by actions and by the pipeline only, never by hand; with the sale
        # orders and contacts behind them. Deciding is the right that was checked above.
        return self.sudo()

    def action_replay(self):
        """Try parked orders again. :return: True"""
        orders = self._check_reviewer()
        orders.filtered(lambda order: order.state == "parked")._replay()
        return True

    def action_open_sale_order(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.sale_order_id.id,
            "view_mode": "form",
        }

    def action_open_missing(self):
        """Button of a parked order: open what must be mapped, ready to be filled in."""
        self.ensure_one()
        if self.missing_listing_ids:
            xmlid, records = "ecom_order_mgmt.ecom_listing_action", self.missing_listing_ids
        else:
            xmlid, records = "ecom_order_mgmt.ecom_mapping_action", self.missing_mapping_ids
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        action["domain"] = [("id", "in", records.ids)]
        action["context"] = {}
        if len(records) == 1:
            action.update(res_id=records.id, view_mode="form", views=[(False, "form")])
        return action

    # === PARKING === #

    def _park(self, cause, message):
        self.ensure_one()
        vals = {"cause": cause, "cause_message": message}
        if self.state == "received":
            vals["state"] = "parked"
        if cause == "processing_error":
            vals |= {"attempts": self.attempts + 1, "next_try": self._get_next_try()}
        self.write(vals)

    def _get_next_try(self):
        """:return: when to try again after an error, or False when that was tried often enough"""
        waits = (1, 2, 5, 10, 20, 30, 60, 120)
        if self.attempts >= len(waits):
            return False
        return fields.Datetime.add(fields.Datetime.now(), minutes=waits[self.attempts])

    def _replay(self):
        """Send parked orders through the pipeline again. :return: these orders"""
        parked = self.filtered(lambda o: o.state == "parked" and o.document)
        parked.write({"state": "received", "cause": False, "cause_message": False})
        parked.missing_listing_ids = False
        parked.missing_mapping_ids = False
        parked.channel_id._trigger_processing()
        return parked
