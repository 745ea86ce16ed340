from decimal import Decimal

from odoo import models
from odoo.exceptions import UserError

from .sale_order import exact

ZERO = Decimal(0)
_GRADES = ("a", "b", "c", "claim")
_GRADE_KEYS = {"line_id", "product_id", "quantity", "grade", "note", "lot_id", "photos"}


class EcomReturn(models.Model):
    """What became of the goods that came back: graded, moved on, repaired."""

    _inherit = "ecom.return"

    # === GRADING === #

    def action_grade(self, grades):
        """Say in which state received goods are; they move to where that state belongs.

        :param grades: list of {"line_id", "grade": "a"|"b"|"c"|"claim", "quantity", optional
            "product_id" (component of a kit), "lot_id", "note"}
        :raise UserError: more than was received and is not graded yet
        """
        self.ensure_one()
        case = self._check_desk()
        lines = {line.id: line for line in case.line_ids}
        for entry in grades:
            line = lines.get(entry.get("line_id"))
            if not line or set(entry) - _GRADE_KEYS or entry.get("grade") not in _GRADES:
                raise UserError(
                    self.env._("This is no grade of a line of %(case)s.", case=case.name)
                )
            ratios = line._get_component_ratios()
            if entry.get("product_id"):
                product = self.env["product.product"].browse(entry["product_id"])
                ratios = {product: Decimal(1)} if product in ratios else {}
            quantity = exact(entry.get("quantity") or 0)
            if quantity <= 0 or not ratios:
                raise UserError(self.env._("Grade at least one piece of what came back."))
            for product, ratio in ratios.items():
                case._grade_pieces(line, product, quantity * ratio, entry)
        case.line_ids.invalidate_recordset(["quantity_graded", "quantity_received"])
        if case.goods_state == "received" and all(
            line._get_graded().get(product, ZERO) >= pieces
            for line in case.line_ids
            for product, pieces in line._get_received().items()
        ):
            case.goods_state = "graded"
            case._decide("goods", self.env._("All goods are graded."))
            case._advance("grading")
        return True

    def _grade_pieces(self, line, product, pieces, entry):
        open_pieces = line._get_received().get(product, ZERO) - line._get_graded().get(
            product, ZERO
        )
        if pieces > open_pieces:
            raise UserError(
                self.env._(
                    "%(product)s: %(n)s to grade, but only %(left)s are here.",
                    product=product.display_name,
                    n=f"{float(pieces):g}",
                    left=f"{float(open_pieces):g}",
                )
            )
        arrived = line.move_ids.filtered(lambda m: m.state == "done" and m.product_id == product)[
            :1
        ]
        source = arrived.location_dest_id
        lot = self.env["stock.lot"].browse(
            entry.get("lot_id") or line.lot_id.id or arrived.lot_ids[:1].id
        )
        if product.tracking == "none":
            lot = self.env["stock.lot"]
        warehouse = self._get_return_warehouse(source)
        target = self._get_grade_location(entry["grade"], warehouse)
        move = self.env["stock.move"]
        if product.is_storable or product.type == "consu":
            move = self._move_now(line, product, float(pieces), source, target, lot)
        self.env["ecom.return.grading"].create(
            {
                "return_id": self.id,
                "line_id": line.id,
                "product_id": product.id,
                "lot_id": lot.id,
                "grade": entry["grade"],
                "quantity": float(pieces),
                "note": entry.get("note"),
                "location_id": target.id,
                "move_id": move.id,
                "value": product.with_company(self.company_id).standard_price * float(pieces),
                "user_id": self.env.uid,
            }
        )

    def _get_return_warehouse(self, source):
        return self.env["stock.warehouse"].search(
            [("ecom_inspection_location_id", "=", source.id)], limit=1
        ) or self.env["stock.warehouse"].search([("company_id", "=", self.company_id.id)], limit=1)

    def _get_grade_location(self, grade, warehouse):
        if grade == "a":
            return warehouse.lot_stock_id
        if grade == "c":
            return self.env["stock.location"].search(
                [("usage", "=", "inventory"), ("company_id", "in", (self.company_id.id, False))],
                order="company_id",
                limit=1,
            )
        return warehouse._ecom_get_return_location("refurbish" if grade == "b" else "claim")

    # === WARRANTY === #

    def _start_repair(self):
        """Open a repair order for what came back under warranty, where Odoo repairs things."""
        for case in self.filtered(lambda case: case.type == "warranty"):
            if "repair.order" not in self.env:
                case._remind(
                    self.env._("Repair %(case)s", case=case.name),
                    self.env._("The app Repairs is not installed; see to it by hand."),
                )
                continue
            repairs = self.env["repair.order"]
            for line in case.line_ids:
                for product, pieces in line._get_received().items():
                    repairs |= self.env["repair.order"].create(
                        {
                            "product_id": product.id,
                            "product_qty": float(pieces),
                            "partner_id": case.partner_id.id,
                            "lot_id": line.lot_id.id,
                            "company_id": case.company_id.id,
                            "under_warranty": True,
                            "internal_notes": case.description,
                        }
                    )
            case._decide(
                "goods", self.env._("Repair %(names)s.", names=", ".join(repairs.mapped("name")))
            )
