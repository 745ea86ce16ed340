from collections import defaultdict
from decimal import Decimal

from odoo import models
from odoo.exceptions import UserError

from odoo.addons.ecom_order_mgmt import fast

from .ecom_return import TAKING_TYPES
from .sale_order import exact

ZERO = Decimal(0)


class EcomReturn(models.Model):
    """Goods: what need not be sent, and what comes back."""

    _inherit = "ecom.return"

    # === NOT SHIPPED YET === #

    def _get_open_moves(self, sale_line):
        """Outgoing moves of an order line that have not left, the last step only."""
        return sale_line.move_ids.filtered(
            lambda move: move.state not in ("done", "cancel")
            and move.location_dest_usage == "customer"
        )

    def _mark_unshipped(self):
        """How much of the lines has not left: it is not sent, and need not come back."""
        for case in self:
            if case.type not in TAKING_TYPES:
                continue
            free = {}
            for line in case.line_ids.filtered("sale_line_id"):
                sale_line = line.sale_line_id
                if sale_line.order_id.state in ("draft", "sent"):
                    line.unshipped_quantity = line.quantity
                    continue
                if sale_line.product_id.type == "service":
                    line.unshipped_quantity = line.quantity
                    continue
                open_pieces = []
                for product, ratio in line._get_component_ratios().items():
                    key = (sale_line.id, product.id)
                    if key not in free:
                        moves = case._get_open_moves(sale_line).filtered(
                            lambda m, p=product: m.product_id == p
                        )
                        free[key] = sum((exact(m.product_qty) for m in moves), ZERO)
                    open_pieces.append((key, ratio, free[key] / ratio))
                unshipped = min(exact(line.quantity), min(n for _k, _r, n in open_pieces))
                if case.type in ("return", "refused", "exchange"):
                    # What was delivered comes back first: that is what the buyer holds.
                    delivered = exact(sale_line.qty_delivered)
                    if line._is_part_of_kit():
                        # A kit that goes out without a part would never count as delivered.
                        delivered = sum(
                            (case._get_returnable(move) for move in line._get_sent_moves()), ZERO
                        )
                    unshipped = max(
                        min(exact(line.quantity) - max(delivered, ZERO), unshipped), ZERO
                    )
                for key, ratio, _pieces in open_pieces:
                    free[key] -= unshipped * ratio
                line.unshipped_quantity = float(unshipped)

    def _stop_unshipped(self):
        """Take what is not to be sent out of its transfers; stock is free for others at once."""
        for case in self:
            order = case.sale_order_id
            stopped = []
            for line in case.line_ids.filtered("unshipped_quantity"):
                for product, ratio in line._get_component_ratios().items():
                    pieces = exact(line.unshipped_quantity) * ratio
                    moves = case._get_open_moves(line.sale_line_id).filtered(
                        lambda m, p=product: m.product_id == p
                    )
                    case._reduce_moves(moves, pieces)
                stopped.append(f"{line.unshipped_quantity:g} x {line.product_id.display_name}")
            if not stopped:
                continue
            case._decide(
                "goods",
                self.env._(
                    "Not shipped yet, and not to be sent: %(what)s.", what=", ".join(stopped)
                ),
            )
            if case._is_whole_order_stopped(order):
                order.locked = False
                order._action_cancel()
                channel_order = case.order_id
                if channel_order and not channel_order.confirmed_at:
                    # Nobody shall confirm what is given back already.
                    channel_order.write(
                        {
                            "review_state": "rejected",
                            "hold_reason": self.env._("Given back: %(case)s", case=case.name),
                            "hold_until": False,
                        }
                    )
                case._decide(
                    "goods",
                    self.env._(
                        "Nothing is left of order %(order)s: it is cancelled.", order=order.name
                    ),
                )

    def _is_whole_order_stopped(self, order):
        """:return: has nothing of the order left, been invoiced, or anything still to go?"""
        if order.state == "cancel" or order.invoice_ids.filtered(lambda m: m.state != "cancel"):
            return False
        goods = order.order_line.filtered(
            lambda line: not line.display_type and line._ecom_get_amount_kind() == "goods"
        )
        taken = order._ecom_get_taken()
        for line in goods:
            if line.qty_delivered:
                return False
            for product, ratio in line._ecom_get_components().items():
                if taken.get((line.id, product.id), ZERO) < exact(line.product_uom_qty) * ratio:
                    return False
        return bool(goods)

    def _reduce_moves(self, moves, pieces):
        """Take `pieces` (of the product's own unit) off moves, those not reserved first, and off
        the steps before them."""
        for move in moves.sorted(lambda m: (m.state == "assigned", -m.id)):
            if pieces <= 0:
                return
            demand = exact(move.product_qty)
            before = move.move_orig_ids.filtered(lambda m: m.state not in ("done", "cancel"))
            take = min(pieces, demand)
            pieces -= take
            if take == demand:
                move.propagate_cancel = False
                move._action_cancel()
                self._reduce_moves(before, take)
                continue
            rest = float(demand - take)
            move._do_unreserve()
            move.product_uom_qty = move.product_id.uom_id._compute_quantity(
                rest, move.product_uom, round=False
            )
            move._action_assign()
            self._reduce_moves(before, take)

    # === COMING BACK === #

    def _await_goods(self):
        """Make Odoo's return transfers for what was shipped, from every delivery it left with."""
        for case in self:
            if case.method in ("keep", "destroy") and case.type in ("return", "exchange"):
                case._decide(
                    "goods",
                    self.env._("The buyer keeps the goods.")
                    if case.method == "keep"
                    else self.env._("The buyer destroys the goods; nothing comes back."),
                )
                continue
            if case.goods_state != "none":
                # It came in before anybody knew whose it is.
                continue
            plan = case._plan_return_moves()
            pickings = self.env["stock.picking"]
            for picking, moves in plan.items():
                pickings |= case._create_return_picking(picking, moves)
            if pickings:
                on_its_way = case.type in ("refused", "intercept")
                case.goods_state = "in_transit" if on_its_way else "awaiting"
                if case.type == "intercept":
                    case._stop_at_carrier()
                case._decide(
                    "goods",
                    self.env._(
                        "Comes back as %(names)s.", names=", ".join(pickings.mapped("name"))
                    ),
                )

    def _get_returnable(self, move):
        """:return: pieces of a done outgoing move that are not back nor on their way back"""
        done = exact(
            move.product_uom._compute_quantity(move.quantity, move.product_id.uom_id, round=False)
        )
        for back in move.returned_move_ids.filtered(lambda m: m.state != "cancel"):
            if back.state == "done":
                done -= exact(
                    back.product_uom._compute_quantity(
                        back.quantity, back.product_id.uom_id, round=False
                    )
                )
            else:
                done -= exact(back.product_qty)
        return max(done, ZERO)

    def _plan_return_moves(self):
        """:return: {picking: [(move, pieces, case line)]}, the latest delivery first
        :raise UserError: more shall come back than was delivered"""
        plan = defaultdict(list)
        used = defaultdict(Decimal)
        # Of all moves at once.
        self.line_ids.sale_line_id.move_ids.returned_move_ids.mapped("state")
        for line in self.line_ids.filtered("sale_line_id"):
            back = exact(line.quantity) - exact(line.unshipped_quantity)
            for product, ratio in line._get_component_ratios().items():
                if product.type == "service":
                    continue
                pieces = back * ratio
                moves = line._get_sent_moves(product).sorted("id", reverse=True)
                if line.lot_id:
                    moves = moves.sorted(lambda m, lot=line.lot_id: lot not in m.lot_ids)
                for move in moves:
                    take = min(pieces, self._get_returnable(move) - used[move])
                    if take <= 0:
                        continue
                    used[move] += take
                    pieces -= take
                    plan[move.picking_id].append((move, take, line))
                if pieces > 0:
                    raise UserError(
                        self.env._(
                            "%(product)s: only what was delivered and is not back yet can be "
                            "returned (%(missing)s too many).",
                            product=product.display_name,
                            missing=f"{float(pieces):g}",
                        )
                    )
        return plan

    def _create_return_picking(self, picking, planned):
        warehouse = picking.picking_type_id.warehouse_id
        location = warehouse._ecom_get_return_location("inspection")
        run = fast.FastRun()
        wizard = (
            self.env["stock.return.picking"]
            .with_context(
                **{fast.KEY: run},
                # Odoo says in the history what the transfer was made from.
                mail_create_nolog=True,
                active_model="stock.picking",
                active_id=picking.id,
                active_ids=picking.ids,
                ecom_return_location_id=location.id,
            )
            .create({})
        )
        wanted = defaultdict(Decimal)
        for move, pieces, _line in planned:
            wanted[move] += pieces
        for entry in wizard.product_return_moves:
            pieces = wanted.get(entry.move_id, ZERO)
            entry.quantity = entry.product_id.uom_id._compute_quantity(
                float(pieces), entry.uom_id, round=False
            )
        back = wizard._create_return().with_env(self.env)
        run.collecting = run.collects_orderpoints = False
        self.env["stock.move"].browse(run.to_assign).exists()._action_assign()
        self.env["stock.move"].browse(run.orderpoints).exists()._update_orderpoints()
        back.write({"ecom_return_id": self.id, "origin": self.name})
        lines = {}
        for move, _pieces, line in planned:
            lines.setdefault(move, line)
        for move in back.move_ids:
            line = lines.get(move.origin_returned_move_id)
            move.ecom_return_line_id = line
            if line and not line._is_kit_complete():
                # The kit stays with the buyer: Odoo shall go on to count it as delivered, else it
                # would not be invoiced, or be invoiced anew. The credit note is about money only.
                move.to_refund = False
            if line and line.lot_id and move.move_line_ids:
                move.move_line_ids[:1].lot_id = line.lot_id
        self._split_shared_moves(back, planned)
        return back

    def _split_shared_moves(self, back, planned):
        """Two case lines of the same delivery move: each gets a move of its own."""
        by_move = defaultdict(list)
        for move, pieces, line in planned:
            by_move[move].append((pieces, line))
        for origin, shares in by_move.items():
            for pieces, line in shares[1:]:
                move = back.move_ids.filtered(
                    lambda m, o=origin, first=shares[0][1]: m.origin_returned_move_id == o
                    and m.ecom_return_line_id == first
                )[:1]
                move._do_unreserve()
                quantity = move.product_id.uom_id._compute_quantity(
                    float(pieces), move.product_uom, round=False
                )
                vals = move._split(quantity)
                if vals:
                    new = self.env["stock.move"].create(vals)
                    new.ecom_return_line_id = line
                    new._action_confirm(merge=False)
                    new._action_assign()
                move._action_assign()

    def action_first_scan(self, tracking_ref=None):
        """The carrier has the parcel that the buyer sends back."""
        for case in self._check_agent():
            if case.goods_state != "awaiting":
                continue
            vals = {"goods_state": "in_transit"}
            if tracking_ref:
                vals["return_tracking_ref"] = tracking_ref
            case.write(vals)
            case._decide("goods", self.env._("The carrier has the parcel."))
            case._advance("first_scan")
        return True
