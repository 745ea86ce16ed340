from odoo import api, fields, models
from odoo.exceptions import UserError

from ..concurrency import create_once
from ..tools import canonical, matching, text

MAX_CANDIDATES = 500


class EcomRefund(models.Model):
    """A refund as the channel reports it, kept with the order that it belongs to.

    Life cycle: *matched* to its order by the channel's order id, or, where the channel gives
    none, by buyer, goods and quantity not yet refunded; else *parked* until its order comes in or
    a person chooses it.
    """

    _name = "ecom.refund"
    _description = "Channel Refund"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "refunded_at desc, id desc"
    _rec_name = "number"

    channel_id = fields.Many2one("ecom.channel", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one(
        "res.company", related="channel_id.company_id", store=True, precompute=True, index=True
    )
    external_id = fields.Char("Channel's Id", required=True, readonly=True)
    number = fields.Char(readonly=True, index="trigram")
    state = fields.Selection(
        [("matched", "Matched"), ("parked", "Parked")],
        default="parked",
        required=True,
        readonly=True,
    )
    cause = fields.Selection(
        [
            ("refund_unmatched", "No order found"),
            ("invalid_document", "Document not readable"),
        ],
        readonly=True,
    )
    cause_message = fields.Text("Reason Parked", readonly=True)
    order_id = fields.Many2one(
        "ecom.order",
        "Channel Order",
        index="btree_not_null",
        tracking=True,
        domain="[('channel_id', '=', channel_id)]",
        help="Choosing it matches a parked refund by hand.",
    )
    order_external_id = fields.Char("Order on the Channel", readonly=True)
    matched_by = fields.Selection(
        [
            ("reference", "The channel's order id"),
            ("goods", "Buyer and goods"),
            ("manual", "A person"),
        ],
        readonly=True,
    )
    refunded_at = fields.Datetime("Refunded On", readonly=True)
    currency_code = fields.Char(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary(readonly=True, currency_field="currency_id")
    reason = fields.Text(readonly=True)
    customer_name = fields.Char("Customer", readonly=True)
    buyer_key = fields.Char(readonly=True)
    document = fields.Json("Normalised Document", readonly=True)
    document_text = fields.Text("Document", compute="_compute_document_text")
    digest = fields.Char(readonly=True)
    external_updated_at = fields.Datetime(readonly=True)
    tried_at = fields.Datetime(readonly=True)

    _external_uniq = models.UniqueIndex(
        "(channel_id, external_id)", "This refund of the channel is here already."
    )
    _parked_idx = models.Index("(channel_id, id) WHERE state = 'parked'")

    @api.depends("document")
    def _compute_document_text(self):
        for refund in self:
            refund.document_text = canonical.pretty(refund.document) if refund.document else False

    def write(self, vals):
        by_hand = "order_id" in vals and "state" not in vals
        if by_hand:
            vals = {
                **vals,
                "state": "matched" if vals["order_id"] else "parked",
                "matched_by": "manual" if vals["order_id"] else False,
                "cause": False if vals["order_id"] else "refund_unmatched",
                "cause_message": False,
            }
        return super().write(vals)

    # === INTAKE === #

    @api.model
    def _ingest(self, channel, entries):
        """Store refund documents and look for their orders; fills outcome of the entries.

        :param entries: as of ecom.channel._prepare_entry; `order_id` becomes the matched order
        """
        for entry in entries:
            entry["key"] = entry["external_id"] or "?" + text.digest(repr(entry["raw"]))[:40]
        known = {
            refund.external_id: refund
            for refund in self.search(
                [
                    ("channel_id", "=", channel.id),
                    ("external_id", "in", [entry["key"] for entry in entries]),
                ]
            )
        }
        to_match = self.browse()
        for entry in entries:
            refund = known.get(entry["key"])
            vals = self._prepare_refund_vals(channel, entry)
            version = vals.get("external_updated_at")
            if refund and (entry["document"] is None or refund.digest == vals["digest"]):
                entry["outcome"] = "unchanged"
            elif refund and refund.part_ids:
                # Its parts are booked on several orders already.
                refund._report_changed_parts(vals)
                entry["outcome"] = "unchanged"
            elif (
                refund
                and version
                and refund.external_updated_at
                and version < refund.external_updated_at
            ):
                entry["outcome"] = "stale"
            elif refund:
                entry["outcome"] = "updated"
                refund.write(vals)
                to_match |= refund
            else:
                entry["outcome"] = "created"
                refund = known[entry["key"]] = create_once(
                    self.with_context(tracking_disable=True), [vals]
                )
                to_match |= refund
        to_match.filtered("document")._match()
        for entry in entries:
            refund = known[entry["key"]]
            entry["order_id"] = refund.order_id.id
            entry["cause"], entry["message"] = refund.cause, refund.cause_message
            if refund.state == "parked" and entry["outcome"] in ("created", "updated"):
                entry["outcome"] = "parked"

    @api.model
    def _prepare_refund_vals(self, channel, entry):
        document = entry["document"]
        if document is None:
            return {
                "channel_id": channel.id,
                "external_id": entry["key"],
                "number": entry["key"],
                "cause": "invalid_document",
                "cause_message": entry["message"],
                "digest": False,
            }
        customer = document.get("customer", {})
        return {
            "channel_id": channel.id,
            "external_id": entry["key"],
            "number": document.get("number") or entry["key"],
            "order_external_id": document.get("order_external_id"),
            "refunded_at": canonical.utc(document["created_at"]),
            "external_updated_at": canonical.version(document) or False,
            "currency_code": document["currency"],
            "currency_id": self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", document["currency"])], limit=1)
            .id,
            "amount": float(document["amount"]),
            "reason": document.get("reason"),
            "customer_name": customer.get("name"),
            "buyer_key": self.env["ecom.order"]._get_buyer_key(document),
            "document": document,
            "digest": canonical.digest(document),
        }

    # === MATCHING === #

    def _match(self):
        """Look for the orders of these refunds, the oldest refund first."""
        for channel, refunds in self.grouped("channel_id").items():
            by_reference = refunds._find_referenced(channel)
            candidates = refunds._find_candidates(channel)
            for refund in refunds.sorted(lambda r: (r.refunded_at, r.id)):
                if refund.order_external_id:
                    refund._set_order(by_reference.get(refund.order_external_id), "reference")
                else:
                    refund._match_goods(candidates.get(refund.buyer_key, []))

    def _match_goods(self, candidates):
        """Look for the buyer's order, or orders, that hold what is taken back.

        :param candidates: (order, its document, documents of its refunds); gets what is found
        """
        self.ensure_one()
        before = [entry for entry in candidates if entry[0].placed_at <= self.refunded_at]
        order = matching.find_order(self.document, before)
        if order:
            self._set_order(order, "goods")
        found = self if order else self._spread(before)
        if not found:
            self._set_order(None, "goods")
            wanted = +matching.quantities(self.document)
            if not any(matching.quantities(entry[1]).keys() & wanted.keys() for entry in before):
                self.with_context(tracking_disable=True).cause_message = (
                    self._get_unknown_goods_message()
                )
        for refund in found:
            entry = next(entry for entry in candidates if entry[0] == refund.order_id)
            entry[2].append(refund.document)

    def _find_referenced(self, channel):
        wanted = [ref for ref in self.mapped("order_external_id") if ref]
        orders = wanted and self.env["ecom.order"].search(
            [("channel_id", "=", channel.id), ("external_id", "in", wanted)]
        )
        return {order.external_id: order for order in orders}

    def _find_candidates(self, channel):
        """:return: {buyer key: [(order, its document, documents of its refunds)], latest first}"""
        keys = {refund.buyer_key for refund in self if not refund.order_external_id}
        keys.discard(False)
        if not keys:
            return {}
        orders = self.env["ecom.order"].search_fetch(
            [
                ("channel_id", "=", channel.id),
                ("buyer_key", "in", list(keys)),
                ("document", "!=", False),
            ],
            ["buyer_key", "document", "placed_at"],
            order="placed_at desc, id desc",
        )
        refunds = self.search([("order_id", "in", orders.ids), ("id", "not in", self.ids)])
        refunded = refunds.grouped("order_id")
        result = {}
        for order in orders:
            earlier = [refund.document for refund in refunded.get(order, ()) if refund.document]
            result.setdefault(order.buyer_key, []).append((order, order.document, earlier))
        return result

    def _set_order(self, order, how):
        self.ensure_one()
        vals = {"tried_at": fields.Datetime.now()}
        if order:
            vals |= {
                "order_id": order.id,
                "state": "matched",
                "matched_by": how,
                "cause": False,
                "cause_message": False,
            }
        else:
            vals |= {
                "order_id": False,
                "state": "parked",
                "cause": "refund_unmatched",
                "cause_message": self._get_unmatched_message(),
            }
        self.with_context(tracking_disable=True).write(vals)

    def _get_unmatched_message(self):
        if self.order_external_id:
            return self.env._("Order %(order)s is not here (yet).", order=self.order_external_id)
        if not self.buyer_key:
            return self.env._("The refund names neither an order nor a buyer.")
        return self.env._(
            "No earlier order of this buyer still holds all of these goods in this quantity."
        )

    def _get_unknown_goods_message(self):
        if not self.buyer_key:
            return self._get_unmatched_message()
        return self.env._("No earlier order of this buyer has any of these goods.")

    @api.model
    def _retry_parked(self, channel):
        """Orders may have come in since: match what they can belong to. :return: how many"""
        parked = self.search(
            [("channel_id", "=", channel.id), ("state", "=", "parked"), ("document", "!=", False)]
        )
        if not parked:
            return 0
        Order = self.env["ecom.order"]
        latest = dict(
            Order._read_group(
                [
                    ("channel_id", "=", channel.id),
                    ("buyer_key", "in", [key for key in parked.mapped("buyer_key") if key]),
                ],
                ["buyer_key"],
                ["received_at:max"],
            )
        )
        referenced = parked._find_referenced(channel)
        due = parked.filtered(
            lambda refund: (
                refund.order_external_id in referenced
                if refund.order_external_id
                else refund.buyer_key in latest
                and (not refund.tried_at or latest[refund.buyer_key] >= refund.tried_at)
            )
        )
        due._match()
        return len(due.filtered(lambda refund: refund.state == "matched"))

    def action_match_again(self):
        self.check_access("write")
        # Matching reads orders' documents; whoever may write the refund may have it matched.
        refunds = self.sudo().filtered(lambda refund: refund.state == "parked" and refund.document)
        refunds._match()
        if refunds and not any(refund.order_id for refund in refunds):
            raise UserError(refunds[0].cause_message)
        return True
