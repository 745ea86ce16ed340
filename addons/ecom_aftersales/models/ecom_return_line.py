from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError


class EcomReturnLine(models.Model):
    """Goods of one order line in a case: how many, why, and what came of them."""

    _name = "ecom.return.line"
    _description = "Line of an After-Sales Case"
    _order = "return_id, id"
    _rec_name = "product_id"

    return_id = fields.Many2one("ecom.return", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="return_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="return_id.currency_id")
    sale_line_id = fields.Many2one(
        "sale.order.line", "Order Line", index="btree_not_null", ondelete="restrict"
    )
    product_id = fields.Many2one(
        "product.product",
        required=True,
        index=True,
        help="The product of the order line, or one component of a kit.",
    )
    quantity = fields.Float(required=True, digits="Product Unit")
    unshipped_quantity = fields.Float(
        "Not Shipped",
        digits="Product Unit",
        readonly=True,
        help="Pieces that had not left when the case was approved: they are not sent, and need not "
        "come back.",
    )
    reason_id = fields.Many2one("ecom.return.reason")
    lot_id = fields.Many2one("stock.lot", "Lot/Serial", index="btree_not_null")
    note = fields.Char()
    amount = fields.Monetary(
        readonly=True, help="What the goods of this line give back, discounts and taxes included."
    )
    exchange_product_id = fields.Many2one("product.product", "Replacement")
    exchange_quantity = fields.Float("Replacements", digits="Product Unit")
    move_ids = fields.One2many(
        "stock.move", "ecom_return_line_id", readonly=True, groups="stock.group_stock_user"
    )
    grading_ids = fields.One2many("ecom.return.grading", "line_id", readonly=True)
    quantity_received = fields.Float(
        "Received", digits="Product Unit", compute="_compute_progress", compute_sudo=True
    )
    quantity_graded = fields.Float(
        "Graded", digits="Product Unit", compute="_compute_progress", compute_sudo=True
    )

    _quantity_check = models.Constraint(
        "CHECK (quantity > 0)", "A case is about at least one piece of each line."
    )

    @api.depends("move_ids.state", "move_ids.quantity", "grading_ids.quantity", "quantity")
    def _compute_progress(self):
        for line in self:
            ratios = line._get_component_ratios()
            received = line._get_received()
            graded = line._get_graded()

            def whole(quantities, ratios=ratios):
                """How many of the line's product these pieces are."""
                return float(
                    min(
                        (
                            quantities.get(product, Decimal(0)) / ratio
                            for product, ratio in ratios.items()
                            if ratio
                        ),
                        default=Decimal(0),
                    )
                )

            line.quantity_received = whole(received)
            line.quantity_graded = whole(graded)

    @api.constrains("sale_line_id", "return_id")
    def _check_order(self):
        for line in self:
            order = line.return_id.sale_order_id
            if line.sale_line_id and order and line.sale_line_id.order_id != order:
                raise ValidationError(
                    self.env._(
                        "%(product)s stands on another order than the case.",
                        product=line.product_id.display_name,
                    )
                )

    def write(self, vals):
        if not self.env.su and vals.keys() - {"note", "reason_id"}:
            if any(line.return_id.request_state != "new" for line in self):
                raise AccessError(
                    self.env._("The lines of a case that is decided cannot be changed.")
                )
            if vals.keys() & {"amount", "unshipped_quantity", "sale_line_id", "return_id"}:
                raise AccessError(self.env._("This is set by the case itself."))
        return super().write(vals)

    def _get_component_ratios(self):
        """:return: {product that moves: pieces of it in one piece of this line} (Decimal)"""
        self.ensure_one()
        if self.sale_line_id and self.product_id == self.sale_line_id.product_id:
            return self.sale_line_id._ecom_get_components()
        return {self.product_id: Decimal(1)}

    def _is_part_of_kit(self):
        self.ensure_one()
        return bool(self.sale_line_id) and self.product_id != self.sale_line_id.product_id

    def _is_kit_complete(self):
        """:return: whether the case takes at least one whole kit back, be it in parts; True where
        the line is about no kit"""
        self.ensure_one()
        if not self._is_part_of_kit():
            return True
        taken = {}
        for line in self.return_id.line_ids.filtered(
            lambda ln: ln.sale_line_id == self.sale_line_id
        ):
            for product, ratio in line._get_component_ratios().items():
                taken[product] = taken.get(product, Decimal(0)) + ratio * Decimal(
                    str(line.quantity)
                )
        return all(
            taken.get(product, Decimal(0)) >= ratio
            for product, ratio in self.sale_line_id._ecom_get_components().items()
        )

    def _get_sent_moves(self, product=None):
        """:return: moves by which the pieces of a product of this line went to the buyer"""
        product = product or self.product_id
        return self.sale_line_id.move_ids.filtered(
            lambda move: move.state == "done"
            and move.product_id == product
            and move.location_dest_usage == "customer"
            and not move.origin_returned_move_id
        )

    def _get_received(self):
        """:return: {product: pieces that arrived} in the products' own units"""
        result = {}
        for move in self.move_ids:
            if move.state == "done":
                done = Decimal(
                    str(
                        move.product_uom._compute_quantity(
                            move.quantity, move.product_id.uom_id, round=False
                        )
                    )
                )
                result[move.product_id] = result.get(move.product_id, Decimal(0)) + done
        return result

    def _get_graded(self):
        result = {}
        for grading in self.grading_ids:
            result[grading.product_id] = result.get(grading.product_id, Decimal(0)) + Decimal(
                str(grading.quantity)
            )
        return result
