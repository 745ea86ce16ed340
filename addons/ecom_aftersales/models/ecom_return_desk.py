from decimal import Decimal

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools.sql import escape_psql

from .sale_order import exact

ZERO = Decimal(0)
_RECEIVE_KEYS = {"line_id", "product_id", "quantity", "lot_id"}


class EcomReturn(models.Model):
    """The receiving desk: whose parcel is it, what is in it, in which state is that?"""

    _inherit = "ecom.return"

    # === RECEIVING DESK === #

    @api.model
    def find_parcel(self, code):
        """What may the parcel in my hands be? One query by whatever is printed on it.

        :param str code: number of a case, order, transfer or tracking number, or a product's
            barcode or reference
        :return: list of dicts (id, name, order, customer, type, goods_state, lines), the likeliest
            first
        """
        self._check_desk()
        code = (code or "").strip()
        if not code:
            return []
        # The desk needs no rights on sales or stock to learn where a parcel belongs.
        Case = self.sudo()
        company = Domain("company_id", "in", self.env.companies.ids)
        found = Case
        for domain in (
            Domain("name", "=ilike", escape_psql(code)) | Domain("return_tracking_ref", "=", code),
            Domain("picking_ids.name", "=", code),
            Domain("order_name", "=", code) | Domain("sale_order_id.name", "=", code),
            Domain("sale_order_id.picking_ids.carrier_tracking_ref", "=", code)
            | Domain("sale_order_id.picking_ids.name", "=", code),
            Domain("line_ids.product_id.barcode", "=", code)
            | Domain("line_ids.product_id.default_code", "=", code),
        ):
            found = Case.search(
                company & domain & Domain("request_state", "in", ("new", "approved")),
                limit=20,
            )
            if found:
                break
        return [case._prepare_desk_card() for case in found]

    def _prepare_desk_card(self):
        labels = dict(self._fields["goods_state"]._description_selection(self.env))
        return {
            "id": self.id,
            "name": self.name,
            "order": self.order_name or "",
            "customer": self.partner_id.name or "",
            "type": dict(self._fields["type"]._description_selection(self.env))[self.type],
            "request_state": self.request_state,
            "goods_state": self.goods_state,
            "goods_label": labels[self.goods_state],
            "lines": [
                {
                    "id": line.id,
                    "product": line.product_id.display_name,
                    "image": f"/web/image/product.product/{line.product_id.id}/image_128",
                    "quantity": line.quantity - line.unshipped_quantity,
                    "received": line.quantity_received,
                    "graded": line.quantity_graded,
                    "tracking": line.product_id.tracking,
                    "lot": line.lot_id.name or "",
                    "reason": line.reason_id.name or self.reason_id.name or "",
                    "parts": [
                        {
                            "id": product.id,
                            "name": product.display_name,
                            "ratio": float(ratio),
                            "to_grade": float(
                                line._get_received().get(product, ZERO)
                                - line._get_graded().get(product, ZERO)
                            ),
                        }
                        for product, ratio in line._get_component_ratios().items()
                    ],
                }
                for line in self.line_ids
            ],
        }

    @api.model
    def receive_unknown(self, values):
        """A parcel that nobody can place: it waits on a bench until it is matched.

        :param dict values: ``lines`` [{"sku" or "product_id", "quantity"}], ``description``,
            ``photos``, ``return_tracking_ref``, ``request_key``
        :return: dict as of :meth:`create_request`
        """
        self._check_desk()
        allowed = {"lines", "description", "photos", "return_tracking_ref", "request_key"}
        values = {key: value for key, value in (values or {}).items() if key in allowed}
        case, outcome = self.sudo()._create_request(
            {
                **values,
                "type": "unknown",
                "origin": "warehouse",
                "company_id": self.env.company.id,
            }
        )
        if outcome == "created":
            case._take_in_unknown()
        return case._prepare_desk_card()

    def _take_in_unknown(self):
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", self.company_id.id)], limit=1
        )
        location = warehouse._ecom_get_return_location("inspection")
        customers = self.env.ref("stock.stock_location_customers")
        for line in self.line_ids:
            if line.product_id.type != "consu":
                continue
            self._move_now(line, line.product_id, line.quantity, customers, location, line.lot_id)
        self.write({"request_state": "approved", "goods_state": "received"})
        self._decide("goods", self.env._("Received without a known order; waits to be matched."))

    def _move_now(self, line, product, quantity, source, target, lot=None):
        """Move goods at once. :return: stock.move"""
        move = self.env["stock.move"].create(
            {
                "product_id": product.id,
                "product_uom": product.uom_id.id,
                "product_uom_qty": quantity,
                "location_id": source.id,
                "location_dest_id": target.id,
                "company_id": self.company_id.id,
                "origin": self.name,
                "picked": True,
                "move_line_ids": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_id": product.uom_id.id,
                            "quantity": quantity,
                            "location_id": source.id,
                            "location_dest_id": target.id,
                            "lot_id": lot.id if lot else False,
                            "company_id": self.company_id.id,
                        }
                    )
                ],
            }
        )
        # Odoo books the value of goods that are scrapped under this name.
        move.reference = self.name
        move._action_done()
        if source.usage == "customer":
            move.ecom_return_line_id = line
        return move

    def action_match(self, sale_order_id, reason=None):
        """An unknown parcel turns out to belong to an order.

        :param int sale_order_id: the order
        """
        self.ensure_one()
        case = self._check_agent()
        order = self.env["sale.order"].sudo().browse(sale_order_id).exists()
        if case.type != "unknown" or case.sale_order_id:
            raise UserError(self.env._("%(case)s is no unknown parcel.", case=case.name))
        if not order or order.company_id != case.company_id:
            raise UserError(self.env._("There is no such order in this company."))
        order._ecom_lock_refunds()
        taken = order._ecom_get_taken()
        for line in case.line_ids:
            sale_line = order.order_line.filtered(
                lambda ln, p=line.product_id: not ln.display_type and p in ln._ecom_get_components()
            )[:1]
            left = sale_line and case._get_left(sale_line, line.product_id, taken)
            if not sale_line or left < exact(line.quantity):
                raise UserError(
                    self.env._(
                        "Order %(order)s does not hold %(n)s x %(product)s that are still out.",
                        order=order.name,
                        n=f"{line.quantity:g}",
                        product=line.product_id.display_name,
                    )
                )
            line.sale_line_id = sale_line
            moves = line.move_ids.filtered(lambda m: m.state == "done")
            origin = sale_line.move_ids.filtered(
                lambda m, p=line.product_id: m.state == "done"
                and m.product_id == p
                and m.location_dest_usage == "customer"
            )[:1]
            # The goods are back: the order's delivered quantity has to say so.
            moves.write(
                {
                    "sale_line_id": sale_line.id,
                    "to_refund": True,
                    "origin_returned_move_id": origin.id,
                }
            )
        channel_order = order.ecom_order_id
        case.write(
            {
                "type": "return",
                "sale_order_id": order.id,
                "order_id": channel_order.id,
                "channel_id": channel_order.channel_id.id,
                "partner_id": order.partner_id.id,
                "currency_id": order.currency_id.id,
                "request_state": "new",
            }
        )
        case._decide(
            "goods",
            self.env._(
                "Matched to order %(order)s by %(user)s. %(reason)s",
                order=order.name,
                user=self.env.user.name,
                reason=reason or "",
            ),
        )
        case._apply_policy()
        return True

    def action_receive(self, received=None, final=False):
        """Take goods in.

        :param received: list of {"line_id", "quantity", optional "product_id" (component) and
            "lot_id"}; None: everything that is awaited
        :param bool final: nothing more will come; what is missing becomes a difference
        :raise UserError: nothing of this is awaited, or more than is
        """
        self.ensure_one()
        case = self._check_desk()
        if case.request_state != "approved":
            raise UserError(
                self.env._("%(case)s is not approved; put the parcel aside.", case=case.name)
            )
        pickings = case.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
        if not pickings:
            raise UserError(self.env._("Nothing of %(case)s is awaited.", case=case.name))
        wanted = case._get_received_pieces(received)
        moves = pickings.move_ids.filtered(lambda m: m.state not in ("done", "cancel"))
        moves.write({"picked": False})
        for (line, product, lot), pieces in wanted.items():
            case._receive_pieces(moves, line, product, lot, pieces)
        todo = pickings.filtered(lambda p: any(p.move_ids.mapped("picked")))
        if final:
            case._record_short(moves)
            (pickings - todo).action_cancel()
        # As Odoo's own button does: what is done does not stay in a batch whose rest is open.
        todo.filtered(lambda p: p.batch_id.picking_ids - todo).write({"batch_id": False})
        todo.with_context(cancel_backorder=final)._action_done()
        return True

    def _get_received_pieces(self, received):
        """:return: {(case line, product, lot): pieces}, None for all that is awaited"""
        wanted = {}
        if received is None:
            for line in self.line_ids:
                for product in line._get_component_ratios():
                    wanted[(line, product, line.lot_id)] = None
            return wanted
        lines = {line.id: line for line in self.line_ids}
        for entry in received:
            line = lines.get(entry.get("line_id"))
            if not line or set(entry) - _RECEIVE_KEYS:
                raise UserError(self.env._("This is no line of %(case)s.", case=self.name))
            quantity = exact(entry.get("quantity") or 0)
            lot = self.env["stock.lot"].browse(entry.get("lot_id") or line.lot_id.id)
            ratios = line._get_component_ratios()
            if entry.get("product_id"):
                product = self.env["product.product"].browse(entry["product_id"])
                if product not in ratios:
                    raise UserError(
                        self.env._(
                            "%(product)s is not awaited: record it as a difference.",
                            product=product.display_name,
                        )
                    )
                ratios = {product: Decimal(1)}
            if quantity < 0:
                raise UserError(self.env._("A quantity cannot be negative."))
            for product, ratio in ratios.items():
                key = (line, product, lot)
                wanted[key] = wanted.get(key, ZERO) + quantity * ratio
        return wanted

    def _receive_pieces(self, moves, line, product, lot, pieces):
        mine = moves.filtered(lambda m: m.ecom_return_line_id == line and m.product_id == product)
        for move in mine:
            awaited = exact(move.product_qty)
            take = awaited if pieces is None else min(pieces, awaited)
            if take <= 0:
                continue
            if pieces is not None:
                pieces -= take
            quantity = product.uom_id._compute_quantity(float(take), move.product_uom, round=False)
            move.quantity = quantity
            if lot and product.tracking != "none":
                move.move_line_ids[:1].lot_id = lot
                move.move_line_ids[1:].unlink()
                move.move_line_ids[:1].quantity = float(take)
            move.picked = True
        if pieces:
            raise UserError(
                self.env._(
                    "%(n)s x %(product)s more than are awaited: record them as a difference.",
                    n=f"{float(pieces):g}",
                    product=product.display_name,
                )
            )

    def _record_short(self, moves):
        vals = []
        for move in moves:
            missing = move.product_uom_qty - (move.quantity if move.picked else 0)
            if move.product_uom.compare(missing, 0) > 0:
                vals.append(
                    {
                        "return_id": self.id,
                        "line_id": move.ecom_return_line_id.id,
                        "kind": "short",
                        "product_id": move.product_id.id,
                        "quantity": missing,
                    }
                )
        if vals:
            self.env["ecom.return.difference"].create(vals)
            self._remind(
                self.env._("%(case)s came back incomplete", case=self.name),
                self.env._("Decide whether the refund is reduced."),
            )

    def action_difference(self, kind, line_id=None, product_id=None, quantity=0, note=None):
        """The parcel holds something else than it should.

        :param kind: "short", "wrong", "empty", "extra" or "damaged"
        """
        self.ensure_one()
        case = self._check_desk()
        if kind not in dict(self.env["ecom.return.difference"]._fields["kind"].selection):
            raise UserError(self.env._("Say what is different."))
        difference = (
            self.env["ecom.return.difference"]
            .sudo()
            .create(
                {
                    "return_id": case.id,
                    "line_id": line_id if line_id in case.line_ids.ids else False,
                    "kind": kind,
                    "product_id": product_id,
                    "quantity": quantity,
                    "note": note,
                }
            )
        )
        label = dict(difference._fields["kind"]._description_selection(self.env))[kind]
        case._decide(
            "goods", self.env._("Difference: %(what)s. %(note)s", what=label, note=note or "")
        )
        case._remind(
            self.env._("Difference in %(case)s: %(what)s", case=case.name, what=label), note
        )
        return True

    def _goods_arrived(self):
        """A return transfer was validated, here or in Odoo's own screens."""
        for case in self:
            waiting = case.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
            if case.goods_state not in ("awaiting", "in_transit"):
                continue
            if waiting:
                case._decide("goods", self.env._("A part has arrived; more is awaited."))
                continue
            case.goods_state = "received"
            case._decide("goods", self.env._("All goods that were awaited have arrived."))
            case._link_credited_quantities()
            case._advance("receipt")
            case._start_repair()
