from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class EcomReturnNew(models.TransientModel):
    """Starts a case about an order: what kind, which goods, why. Shows what it would give back."""

    _name = "ecom.return.new"
    _description = "New After-Sales Case"

    order_id = fields.Many2one(
        "ecom.order", "Channel Order", domain="[('sale_order_id', '!=', False)]"
    )
    sale_order_res_id = fields.Integer()
    order_name = fields.Char("Order", readonly=True)
    type = fields.Selection(
        [
            ("refund_only", "Refund only: nothing comes back"),
            ("return", "Return and refund"),
            ("exchange", "Exchange"),
            ("resend", "Resend: send it again for free"),
            ("warranty", "Warranty repair"),
            ("refused", "Refused parcel: comes back by itself"),
            ("intercept", "Stop it before it leaves"),
        ],
        required=True,
        default="return",
    )
    reason_id = fields.Many2one("ecom.return.reason")
    description = fields.Text("What the Buyer Says")
    line_ids = fields.One2many("ecom.return.new.line", "wizard_id", "Goods")

    @api.model
    def _open(self, sale_order=None, order=None, **vals):
        """:return: action that opens the dialogue about one order"""
        if not self.env.user.has_group("ecom_aftersales.group_ecom_agent"):
            raise UserError(self.env._("Only after-sales agents may open cases."))
        # Agents need no rights on sales to see what was ordered.
        sale_order = (sale_order or order.sale_order_id).sudo()
        wizard = self.create(
            {
                "order_id": (order or sale_order.ecom_order_id).id,
                "sale_order_res_id": sale_order.id,
                "order_name": sale_order.ecom_order_id.number or sale_order.name,
                "line_ids": self._prepare_lines(sale_order),
                **vals,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Case"),
            "res_model": self._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    @api.model
    def _prepare_lines(self, sale_order):
        taken = sale_order._ecom_get_taken()
        Case = self.env["ecom.return"].sudo()
        result = [Command.clear()]
        for line in sale_order.order_line:
            if line.display_type or line._ecom_get_amount_kind() != "goods":
                continue
            left = float(Case._get_left(line, line.product_id, taken))
            result.append(
                Command.create(
                    {
                        "sale_line_res_id": line.id,
                        "product_id": line.product_id.id,
                        "ordered": line.product_uom_qty,
                        "delivered": line.qty_delivered,
                        "left": left,
                        "quantity": 0,
                    }
                )
            )
        return result

    @api.onchange("order_id")
    def _onchange_order_id(self):
        if self.order_id:
            sale_order = self.order_id.sudo().sale_order_id
            self.sale_order_res_id = sale_order.id
            self.order_name = self.order_id.number
            self.line_ids = self._prepare_lines(sale_order)

    def action_all(self):
        """Button: all that is left."""
        for line in self.line_ids:
            line.quantity = line.left
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_create(self):
        self.ensure_one()
        lines = [
            {
                "sale_line_id": line.sale_line_res_id,
                "quantity": line.quantity,
                "exchange_product_id": line.exchange_product_id.id,
            }
            for line in self.line_ids
            if line.quantity
        ]
        if not self.reason_id:
            raise UserError(self.env._("Choose a reason."))
        if not lines:
            raise UserError(self.env._("Say how many pieces it is about."))
        result = self.env["ecom.return"].create_request(
            {
                "type": self.type,
                "origin": self._get_origin(),
                "sale_order_id": self.sale_order_res_id,
                "lines": lines,
                "reason": self.reason_id.code,
                "description": self.description,
            }
        )
        case = self.env["ecom.return"].browse(result["id"])
        case.user_id = self.env.user
        self._after_create(case)
        return {
            "type": "ir.actions.act_window",
            "res_model": "ecom.return",
            "res_id": case.id,
            "view_mode": "form",
        }

    def _get_origin(self):
        return "agent"

    def _after_create(self, case):
        """Hook: where the dialogue was opened from, the case may have to be told of."""


class EcomReturnNewLine(models.TransientModel):
    _name = "ecom.return.new.line"
    _description = "Line of a New Case"

    wizard_id = fields.Many2one("ecom.return.new", required=True, ondelete="cascade", index=True)
    sale_line_res_id = fields.Integer()
    product_id = fields.Many2one("product.product", readonly=True)
    ordered = fields.Float(digits="Product Unit", readonly=True)
    delivered = fields.Float(digits="Product Unit", readonly=True)
    left = fields.Float("In No Case", digits="Product Unit", readonly=True)
    quantity = fields.Float("For This Case", digits="Product Unit")
    exchange_product_id = fields.Many2one("product.product", "Replace By")
