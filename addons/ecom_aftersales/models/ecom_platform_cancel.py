from odoo import models


class EcomPlatformCase(models.Model):
    """A buyer asks the platform to cancel: what becomes of it depends on how far the parcel is.

    ==============  =============================================================================
    parcel          what happens
    ==============  =============================================================================
    not picked yet  cancelled, and the platform hears yes (being picked: unless the channel says
                    otherwise, see `cancel_until`)
    packed          the parcel is stopped; a person decides, and the platform hears what
    gone            the platform hears no; a case sees to stopping it, or to its way back
    ==============  =============================================================================
    """

    _inherit = "ecom.platform.case"

    def _create_case(self, order):
        if self.kind != "cancel":
            return super()._create_case(order)
        stage = self._get_cancel_stage(order)
        values = {
            **self._prepare_request(order),
            "type": "intercept" if stage == "gone" else "refund_only",
        }
        values["reason"] = values["reason"] or "cancelled"
        case, _outcome = (
            self.env["ecom.return"]
            .with_context(ecom_decide_by_hand=True)
            ._create_request(values)
        )
        if self.status == "approved":
            return case
        if stage == "gone":
            case._platform_answer("rejected")
        elif stage == "stopped":
            self._stop_parcels(order, case)
        else:
            self._stop_picking(order, case)
            case._approve(self.env._("Approved: nothing of it has left."))
        return case

    def _get_cancel_stage(self, order):
        """:return: "open", "stopped" (a person decides) or "gone\""""
        moves = order.sale_order_id.order_line.move_ids.filtered(
            lambda move: move._ecom_is_delivery()
        )
        stage = order._get_fulfilment_stage()
        if stage in ("shipped", "delivered") or any(move.state == "done" for move in moves):
            return "gone"
        picking = stage == "picking" or any(move.picked for move in moves)
        if stage == "packed" or (
            picking and (order.channel_id.cancel_until != "packed" or self.document.get("lines"))
        ):
            return "stopped"
        return "open"

    def _stop_picking(self, order, case):
        parcels = order.shipment_ids.filtered(lambda s: s.state == "picking")
        if not parcels:
            return
        left = order.sale_order_id.order_line.move_ids.filtered(
            lambda move: move.state not in ("done", "cancel")
        )
        goods = [(line.product_id, line.quantity) for line in case.line_ids]
        reason = order._put_back(left, parcels, goods)
        order._note_interception("cancel", "picking", reason, parcels, outcome="applied")

    def _stop_parcels(self, order, case):
        message = self.env._(
            "The buyer asks to cancel %(order)s. Put the parcel aside; %(case)s decides.",
            order=order.display_name,
            case=case.name,
        )
        order._put_aside("cancel", order._get_parcels_here(), message, message)


class EcomReturn(models.Model):
    _inherit = "ecom.return"

    def _reject(self, reason, summary):
        result = super()._reject(reason, summary)
        self._let_parcels_go()
        return result

    def _withdraw(self, reason):
        result = super()._withdraw(reason)
        self._let_parcels_go()
        return result

    def _let_parcels_go(self):
        """What was stopped for a request to cancel that came to nothing goes on."""
        for case in self.filtered(lambda case: case.platform_kind == "cancel"):
            stopped = case.order_id.interception_ids.filtered(
                lambda record: record.kind == "cancel" and record.outcome == "open"
            )
            stopped.shipment_ids.filtered("frozen").action_release()


class EcomInterception(models.Model):
    _inherit = "ecom.interception"

    def _conclude(self, outcome):
        orders = self.filtered(lambda record: record.outcome == "open").order_id
        result = super()._conclude(outcome)
        if outcome == "released":
            # Whoever lets the parcel go has decided about the request.
            cases = orders.sudo().return_ids.filtered(
                lambda case: case.request_state == "new" and case.platform_kind == "cancel"
            )
            for case in cases:
                case._reject(
                    self.env._("The parcel is on its way."),
                    self.env._("Rejected: %(user)s let the parcel go.", user=self.env.user.name),
                )
        return result
