from collections import Counter

from odoo import models
from odoo.tools.misc import clean_context

from .. import fast
from ..concurrency import WorkAlone

# Whose versions of these methods are accounted for below. Another module that changes one of them
# gets Odoo's own way.
_PLACE = {"stock", "sale_stock", "stock_picking_batch", "ecom_order_mgmt"}
_ASSIGN = {"stock", "mrp", "stock_picking_batch", "ecom_order_mgmt"}
_RESERVE = {"stock", "product_expiry", "ecom_order_mgmt"}
_MERGE = {"stock", "ecom_order_mgmt"}
# None of these does anything where only the delivery of a new move is set.
_WRITE = {
    "stock", "sale_stock", "stock_picking_batch", "mrp", "mrp_subcontracting", "repair",
    "ecom_order_mgmt",
}  # fmt: skip


class StockMove(models.Model):
    """Steps of a fast confirmation; see :mod:`..fast`."""

    _inherit = "stock.move"

    # === DELIVERIES === #

    def _action_confirm(self, merge=True, merge_into=False, create_proc=True):
        """Make the deliveries of all orders by one `create`, before Odoo looks for each one's."""
        run = fast.of(self)
        if not run or merge_into:
            return super()._action_confirm(
                merge=merge, merge_into=merge_into, create_proc=create_proc
            )
        moves = self.action_explode()
        if fast.only_known(self, "_assign_picking_post_process", _PLACE):
            moves._ecom_place_fast(run)
        return super(StockMove, moves)._action_confirm(
            merge=merge, merge_into=merge_into, create_proc=create_proc
        )

    def action_explode(self):
        """Odoo looks for a kit's bill of materials move by move; here once for all."""
        if not hasattr(super(), "action_explode"):
            return self
        run = fast.of(self)
        if not run or any(move.production_id for move in self):
            return super().action_explode()
        found = run.find_kits(self.env, [(move.product_id, move.company_id) for move in self])
        kits = self.filtered(lambda move: (move.product_id.id, move.company_id.id) in found)
        if not kits:
            return self
        return (self - kits) | super(StockMove, kits).action_explode()

    def _ecom_place_fast(self, run):
        """Make deliveries for moves whose reference was made in this run: there is none yet that
        they could join. The others are left to Odoo."""
        groups = {}
        for move in self:
            if (
                move.state == "draft"
                and move._should_be_assigned()
                and move.reference_ids
                and set(move.reference_ids.ids) <= run.fresh
                and move.product_uom.compare(move.product_uom_qty, 0) >= 0
            ):
                groups.setdefault(move._key_assign_picking(), []).append(move.id)
        groups = {key: ids for key, ids in groups.items() if key not in run.placed}
        if not groups:
            return
        run.placed.update(groups)
        # As Odoo does: default values of the caller must not reach the deliveries.
        # pylint: disable-next=context-overridden
        moves = self.with_context(clean_context(self.env.context))
        groups = [moves.browse(ids) for ids in groups.values()]
        pickings = moves.env["stock.picking"].create(
            moves.env["stock.picking"]._ecom_name(
                [group._get_new_picking_values() for group in groups]
            )
        )
        run.pickings.update(pickings.ids)
        moves._ecom_set_pickings(groups, pickings)
        if run.late and any(picking.picking_type_id._ecom_joins_batches() for picking in pickings):
            raise WorkAlone("deliveries join batches that other transactions change")
        pickings._ecom_log_origin()
        for picking in pickings:
            picking._find_auto_batch()

    def _ecom_set_pickings(self, groups, pickings):
        """Put groups of new moves into their deliveries. As `write`, but what has to be computed
        anew is found once for all groups, and not by several searches for each."""
        if not fast.only_known(self, "write", _WRITE):
            for group, picking in zip(groups, pickings, strict=True):
                group.write({"picking_id": picking.id})
            return
        field = self._fields["picking_id"]
        moves = self.concat(*groups)
        moves.modified([field.name], before=True)
        for group, picking in zip(groups, pickings, strict=True):
            field.write(group, picking.id)
        moves.modified([field.name])

    def _merge_moves(self, merge_into=False):
        """In a delivery that this run made, moves of different goods have nothing to merge with."""
        run = fast.of(self)
        if not run or merge_into or not fast.only_known(self, "_merge_moves", _MERGE):
            return super()._merge_moves(merge_into=merge_into)
        seen = Counter((move.picking_id.id, move.product_id.id) for move in self)
        single = self.filtered(
            lambda move: move.picking_id.id in run.pickings
            and seen[move.picking_id.id, move.product_id.id] == 1
            and move.picking_id.move_ids <= self
            and move.product_uom.compare(move.product_uom_qty, 0) > 0
        )
        rest = self - single
        if not rest:
            return self
        merged = super(StockMove, rest)._merge_moves()
        return self.filtered(lambda move: move in single or move in merged) | merged

    # === RESERVATION === #

    def _ecom_collects(self):
        """:return: whether nothing is reserved before a run says so, and then by this class"""
        return all(
            fast.only_known(self, method, known)
            for method, known in (
                ("_action_assign", _ASSIGN),
                ("_update_reserved_quantity", _RESERVE),
                ("_update_reserved_quantity_vals", _RESERVE),
            )
        )

    def _action_assign(self, force_qty=False):
        """Collect what is to be reserved; it is reserved at the end of the run."""
        run = fast.of(self)
        if not run or force_qty or not fast.only_known(self, "_action_assign", _ASSIGN):
            return super()._action_assign(force_qty=force_qty)
        run.to_assign.update(self.ids)
        return None

    def _update_orderpoints(self):
        """Once at the end of a run; and once for moves that concern the same reordering rules."""
        run = self.env.context.get(fast.KEY)
        if run and run.collects_orderpoints:
            run.orderpoints.update(self.ids)
            return None
        places = {}
        for move in self:
            key = (move.product_id, move.location_id, move.location_dest_id)
            places.setdefault(key, move.id)
        return super(StockMove, self.browse(places.values()))._update_orderpoints()

    def _trigger_scheduler(self):
        """Odoo searches the reordering rule of every move; mostly there is none at all."""
        run = self.env.context.get(fast.KEY)
        if run and not self.env["stock.warehouse.orderpoint"].search_count(
            [("product_id", "in", self.product_id.ids), ("trigger", "=", "auto")], limit=1
        ):
            return None
        if run and run.late:
            raise WorkAlone("goods are reordered at once")
        return super()._trigger_scheduler()

    def _ecom_is_plain(self):
        """:return: whether this move is reserved as :meth:`_ecom_assign_fast` does"""
        self.ensure_one()
        product = self.product_id
        return (
            self.state == "confirmed"
            and not self.picked
            and not self.move_orig_ids
            and self.procure_method == "make_to_stock"
            and product.tracking == "none"
            and not self.move_line_ids
            and self.product_uom == product.uom_id
            and product.categ_id.packaging_reserve_method != "full"
            and self.product_uom.compare(self.product_uom_qty, 0) > 0
        )

    def _ecom_assign_fast(self):
        """`_action_assign` for many plain moves: the quants of all of them are read once, given
        out in Odoo's order, and written once. Whatever is not plain goes Odoo's way, after."""
        if not (
            fast.only_known(self, "_update_reserved_quantity", _RESERVE)
            and fast.only_known(self, "_update_reserved_quantity_vals", _RESERVE)
        ):
            self._action_assign()
            return
        plain = self.filtered(lambda move: move._ecom_is_plain())
        bypassing = plain.filtered(lambda move: move._should_bypass_reservation())
        stored = plain - bypassing
        self.env["ecom.stock.guard"].sudo()._take(stored._ecom_guard_keys())
        Quant = self.env["stock.quant"].sudo()
        quants = Quant.search(
            [
                ("product_id", "in", stored.product_id.ids),
                ("location_id", "child_of", stored.location_id.ids),
            ],
            order="in_date, id",
        )
        if fast.LATE in self.env.context:
            # One that came into being after the guards were taken is not held by them.
            quants &= quants.try_lock_for_update(allow_referencing=True)
        quants = quants.sorted(lambda quant: not quant.lot_id)
        odd = quants._ecom_get_odd_products()
        stored = stored.filtered(
            lambda move: move.product_id not in odd
            and Quant._get_removal_strategy(move.product_id, move.location_id) == "fifo"
        )
        taken, lines = stored._ecom_allocate(quants)
        lines += [move._prepare_move_line_vals(quantity=move.product_qty) for move in bypassing]
        # The quants are written below, once each.
        self.env["stock.move.line"].with_context(ecom_quants_written=True).create(lines)
        for quant, quantity in taken.items():
            quant.write({"reserved_quantity": quant.reserved_quantity + quantity})
        bypassing.write({"state": "assigned"})
        done = stored | bypassing
        done.picking_id._check_entire_pack()
        done.move_line_ids._apply_putaway_strategy()
        done.move_line_ids._auto_wave()
        (self - done)._action_assign()

    def _ecom_allocate(self, quants):
        """:return: (dict {quant: quantity}, list of values of move lines)"""
        by_product = quants.grouped("product_id")
        left = {quant: quant.quantity - quant.reserved_quantity for quant in quants}
        taken, lines = {}, []
        for move in self:
            need, unit = move.product_qty, move.product_id.uom_id
            for quant in by_product.get(move.product_id, ()):
                if unit.compare(need, 0) <= 0:
                    break
                if not quant.location_id.parent_path.startswith(move.location_id.parent_path):
                    continue
                if unit.compare(left[quant], 0) <= 0:
                    continue
                quantity = min(left[quant], need)
                need -= quantity
                left[quant] -= quantity
                taken[quant] = taken.get(quant, 0) + quantity
                lines.append(move._prepare_move_line_vals(quantity=quantity, reserved_quant=quant))
        return taken, lines
