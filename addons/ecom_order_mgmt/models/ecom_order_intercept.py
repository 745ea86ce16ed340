from odoo import fields, models

_STAGES = ("none", "draft", "ready", "picking", "packed", "shipped", "delivered")


class EcomException(models.Model):
    _inherit = "ecom.exception"

    type = fields.Selection(
        selection_add=[("not_deliverable", "No warehouse can deliver")],
        ondelete={"not_deliverable": "cascade"},
    )


class EcomOrder(models.Model):
    """What a cancellation or change does, by how far the parcel is.

    ============  =======================================  ===================================
    parcel        cancellation                             new address or lines
    ============  =======================================  ===================================
    not picked    applied, stock is free again             applied, review starts again
    being picked  applied; the parcel is stopped and the   the parcel is stopped, a person
                  goods go back (unless the channel says   decides
                  otherwise)
    packed        the parcel is stopped, its label voided  the parcel is stopped, a person
                  and a person decides                     decides
    gone          refused; a person is told                refused; a person is told
    ============  =======================================  ===================================
    """

    _inherit = "ecom.order"

    def _get_fulfilment_stage(self):
        """:return: how far the furthest parcel of this order is"""
        self.ensure_one()
        stages = [s for s in self.shipment_ids.mapped("state") if s != "cancelled"]
        return max(stages, key=_STAGES.index, default="none")

    def _has_left(self):
        """A parcel that somebody works on counts as gone, for changes of what is in it."""
        if super()._has_left():
            return True
        if self.env.context.get("ecom_put_back"):
            return False
        return _STAGES.index(self._get_fulfilment_stage()) >= _STAGES.index("picking")

    def _apply_cancellation(self):
        stage = self._get_fulfilment_stage()
        moves = self.sale_order_id.order_line.move_ids.filtered(
            lambda move: move._ecom_is_delivery()
        )
        if (
            stage != "picking"
            or self.channel_id.cancel_until != "packed"
            or any(move.state == "done" for move in moves)
        ):
            return super()._apply_cancellation()
        parcels = self.shipment_ids.filtered(lambda s: s.state == "picking")
        left = moves.filtered(lambda move: move.state not in ("done", "cancel"))
        goods = [(move.product_id, move.product_uom_qty) for move in left]
        reason = self._put_back(left, parcels, goods)
        result = super(EcomOrder, self.with_context(ecom_put_back=True))._apply_cancellation()
        self._decide("intercept", self.env._("Stopped while being picked. %(why)s", why=reason))
        self._note_interception("cancel", "picking", reason, parcels, outcome="applied")
        return result

    def _put_back(self, moves, parcels, goods):
        """Stop parcels that are being picked for a cancellation: the goods go back on their shelves.

        :param goods: list of (product, pieces)
        :return: what the packer reads
        """
        self.ensure_one()
        names = ", ".join(
            f"{product.default_code or product.name} x {pieces:g}" for product, pieces in goods
        )
        reason = self.env._(
            "%(order)s was cancelled. Put back: %(goods)s.", order=self.display_name, goods=names
        )
        moves.picked = False
        parcels._freeze(reason)
        return reason

    def _get_parcels_here(self):
        """:return: parcels that have not left"""
        return self.shipment_ids.filtered(
            lambda s: s.state in ("draft", "ready", "picking", "packed")
        )

    def _put_aside(self, kind, parcels, message, stop):
        """Stop parcels until a person decides.

        :param message: why, for whoever decides
        :param stop: what the packer reads: what to do, rather than why
        """
        self.ensure_one()
        self._note_interception(kind, self._get_parcel_stage(parcels), message, parcels)
        parcels._freeze(stop)
        # A label that is not used is given back.
        parcels.filtered("tracking_ref").write({"tracking_ref": False, "packed_at": False})

    def _keep_too_late(self, message):
        """Stop what is still in the house; say what cannot be stopped."""
        result = super()._keep_too_late(message)
        parcels = self._get_parcels_here()
        gone = self.shipment_ids.filtered(lambda s: s.state in ("shipped", "delivered"))
        kind = "cancel" if self.channel_status == "cancelled" else "change"
        if parcels:
            stop = (
                self.env._("%s was cancelled. Put the parcel aside; a person decides.")
                if kind == "cancel"
                else self.env._("%s was changed. Put the parcel aside; a person decides.")
            )
            self._put_aside(kind, parcels, message, stop % self.display_name)
            self._decide(
                "intercept",
                self.env._(
                    "Stopped: %(names)s must not leave until a person decides.",
                    names=", ".join(parcels.mapped("name")),
                ),
            )
        if gone:
            if not parcels:
                self._note_interception(kind, "shipped", message, gone, outcome="refused")
            self._decide(
                "intercept",
                self.env._(
                    "Cannot be stopped: %(names)s left on %(date)s. Ask the carrier, or take it "
                    "back as a return.",
                    names=", ".join(gone.mapped("name")),
                    date=fields.Date.to_string(gone[0].shipped_at),
                ),
            )
        return result

    def _apply_changes(self, resolved):
        asked = {
            order: order.channel_status == "open" and "status" in (order.pending_changes or ())
            for order in self
        }
        result = super()._apply_changes(resolved)
        for order, withdrawn in asked.items():
            stopped = order.shipment_ids.filtered("frozen")
            if withdrawn and stopped and order.sale_order_id.state == "sale":
                order.interception_ids._conclude("withdrawn")
                stopped.action_release()
                order.exception_ids.filtered(lambda e: e.type == "changed_too_late")._resolve(
                    self.env._("The channel took its request back")
                )
                order._decide("intercept", self.env._("Goes on: the request was taken back."))
        return result
