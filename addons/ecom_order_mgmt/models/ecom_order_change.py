from odoo import models

_TOPICS = {
    "lines": ("lines", "discounts", "total", "currency", "prices_include_tax"),
    "address": ("shipping_address", "billing_address", "customer"),
    "payment": ("payments", "payment_state"),
    "status": ("status",),
    "memo": ("buyer_message", "seller_memo"),
}
# These change what is delivered, to whom or for how much: they undo an approval.
_UNDO_APPROVAL = {"lines", "address"}


class EcomOrder(models.Model):
    """Later versions of an order that has a sale order already."""

    _inherit = "ecom.order"

    def _apply_document_vals(self, vals):
        """Store a later document. :return: whether there is something to process"""
        self.ensure_one()
        if vals["cause"] == "invalid_document":
            if not self.document:
                self.write(vals)
            elif self.state != "cancelled":
                # What we know stays; the order waits until the channel says something readable.
                self.write(
                    {
                        "state": "parked",
                        "cause": vals["cause"],
                        "cause_message": vals["cause_message"],
                        "raw_document": vals["raw_document"],
                        "received_at": vals["received_at"],
                    }
                )
            return False
        changes = set(self.pending_changes or ())
        before, after = self.document or {}, vals["document"]
        changes |= {
            topic
            for topic, keys in _TOPICS.items()
            if any(before.get(key) != after.get(key) for key in keys)
        }
        self.missing_listing_ids = False
        self.missing_mapping_ids = False
        self.write(
            {
                **{
                    k: v
                    for k, v in vals.items()
                    if k not in ("channel_id", "external_id", "source")
                },
                "version": self.version + 1,
                "pending_changes": sorted(changes),
            }
        )
        return True

    def _apply_changes(self, resolved):
        """Bring the sale orders of these orders to their present documents."""
        for order in self:
            changes = set(order.pending_changes or ())
            reopened = "status" in changes and order.sale_order_id.state == "cancel"
            if order.review_state == "rejected":
                # A person decided; what the channel says later is kept, but not acted upon.
                order.write({"state": "accepted", "cause": False, "cause_message": False})
            elif order.channel_status == "cancelled":
                order._apply_cancellation()
            elif changes & _UNDO_APPROVAL or reopened:
                order._apply_new_content(resolved, changes)
            else:
                order.write({"state": "accepted", "cause": False, "cause_message": False})
            order.pending_changes = False

    def _has_left(self):
        """:return: whether goods are picked or gone, or an invoice is posted"""
        self.ensure_one()
        sale_order = self.sale_order_id
        return any(
            (move.picked or move.state == "done") and move._ecom_is_delivery()
            for move in sale_order.order_line.move_ids
        ) or any(invoice.state == "posted" for invoice in sale_order.invoice_ids)

    def _apply_cancellation(self):
        if self._has_left():
            message = self.env._(
                "The channel cancelled the order, but it is picked, shipped or invoiced already."
            )
            self._keep_too_late(message)
            return
        if self.sale_order_id.state != "cancel":
            self.sale_order_id.locked = False
            self.sale_order_id._action_cancel()
        self.exception_ids._resolve(self.env._("Cancelled on the channel"))
        self.write({"state": "cancelled", "cause": False, "cause_message": False})
        self._decide("change", self.env._("Cancelled: the channel cancelled the order."))

    def _keep_too_late(self, message):
        """The sale order stays as it is; a person has to see to the rest."""
        self._open_exception("changed_too_late", message)
        self.write({"state": "accepted", "cause": "changed_too_late", "cause_message": message})
        self._decide("change", message)

    def _get_too_late_message(self):
        if self._has_left():
            return self.env._(
                "The channel changed the order, but it is picked, shipped or invoiced already."
            )
        return self.env._(
            "The channel changed the order, but its settings keep what is approved as it is."
        )

    def _apply_new_content(self, resolved, changes):
        if self._is_too_late(changes & _UNDO_APPROVAL or {"lines"}):
            self._keep_too_late(self._get_too_late_message())
            return
        total = self._compute_totals(resolved)
        partner, invoice, delivery = self._match_customers(resolved)[self]
        sale_order = self.sale_order_id.with_context(tracking_disable=True)
        approved = self.review_state == "approved"
        if sale_order.state != "draft":
            # Partner, currency and date of a confirmed order cannot be changed: it goes back to
            # a draft, which gives its stock back, and is reviewed again.
            sale_order.locked = False
            sale_order._action_cancel()
            sale_order.action_draft()
        sale_order.order_line.unlink()
        vals = self._prepare_sale_order_vals(resolved, total, (partner, invoice, delivery))
        for key in ("company_id", "ecom_order_id", "warehouse_id", "user_id", "team_id"):
            vals.pop(key)
        sale_order.write(vals)
        self._check_same_total(sale_order, total)
        self.exception_ids.filtered(lambda e: e.type == "total_difference")._resolve(
            self.env._("The channel sent a new version")
        )
        self.write(
            {
                "state": "accepted",
                "cause": False,
                "cause_message": False,
                "review_state": "waiting" if approved else self.review_state,
                "confirmed_at": False,
                **self._prepare_accepted_facts(resolved, total, sale_order),
            }
        )
        self._note_differences({self: total})
        what = self._name_changes(changes)
        if approved:
            self._decide(
                "change",
                self.env._(
                    "Approval undone: the channel changed %(what)s after it (version %(version)s).",
                    what=what,
                    version=self.version,
                ),
            )
        else:
            self._decide("change", self.env._("Updated: the channel changed %(what)s.", what=what))

    def _name_changes(self, changes):
        """:return: what changed, in words; an order that was opened again has its state changed"""
        words = {
            "lines": self.env._("the order lines"),
            "address": self.env._("the address"),
        }
        named = [words[topic] for topic in sorted(changes & _UNDO_APPROVAL)]
        return ", ".join(named) or self.env._("the state of the order")

    def _decide(self, stage, summary):
        self.env["ecom.decision"].create(
            [{"order_id": order.id, "stage": stage, "summary": summary} for order in self]
        )
