from odoo import api, fields, models
from odoo.exceptions import UserError


class StockMove(models.Model):
    _inherit = "stock.move"

    ecom_scanned = fields.Float(
        "Scanned", digits="Product Unit", copy=False, help="Pieces that went over the scanner."
    )


class EcomShipment(models.Model):
    """The packing table: scan a parcel, then its goods."""

    _inherit = "ecom.shipment"

    # === WAVES === #

    def action_wave(self):
        """Put the deliveries of these parcels on one of Odoo's batch transfers per operation.

        :return: action that opens them
        """
        shipments = self._check_packer()
        pickings = shipments.filtered(lambda s: not s.frozen).picking_ids.filtered(
            lambda p: p.state in ("confirmed", "assigned") and not p.batch_id
        )
        if not pickings:
            raise UserError(self.env._("None of these parcels can be picked now."))
        batches = self.env["stock.picking.batch"]
        for picking_type, group in pickings.grouped("picking_type_id").items():
            for company, mine in group.grouped("company_id").items():
                batch = batches.create(
                    {
                        "user_id": self.env.uid,
                        "company_id": company.id,
                        "picking_type_id": picking_type.id,
                        "picking_ids": [fields.Command.set(mine.ids)],
                    }
                )
                batches |= batch
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "stock_picking_batch.stock_picking_batch_action"
        )
        action["domain"] = [("id", "in", batches.ids)]
        action["context"] = {}
        if len(batches) == 1:
            action.update(res_id=batches.id, view_mode="form", views=[(False, "form")])
        return action

    # === PACKING TABLE === #

    @api.model
    def pack_open(self, code):
        """What the packing table shows after the scan of a parcel, delivery or order.

        :param str code: name of a shipment or delivery, tracking number, order number
        :return: dict (see :meth:`_pack_data`), or a dict with `error`, to be shown loudly
        """
        self._check_packer()
        code = (code or "").strip()
        # A packer need not see orders to find the parcel of one; the company rule still holds.
        found = code and self.sudo().with_context(active_test=False).search(
            [
                ("company_id", "in", self.env.companies.ids),
                "|", "|", "|", "|",
                ("name", "=ilike", code),
                ("tracking_ref", "=", code),
                ("picking_ids.name", "=ilike", code),
                ("picking_ids.sale_id.name", "=ilike", code),
                ("order_ids.number", "=", code),
            ],
            limit=20,
        )  # fmt: skip
        if not found:
            return {"error": self.env._("Nothing is known by %(code)s.", code=code)}
        # A parcel that travels in another one: that is the one to pack.
        found = found.mapped(lambda s: s.merged_into_id or s)
        open_ones = found.filtered(lambda s: s.state in ("draft", "ready", "picking", "packed"))
        shipment = (open_ones or found).sorted(lambda s: (s.state == "packed", s.due_at or s.create_date))[0]  # fmt: skip
        return shipment._pack_data()

    def _pack_data(self):
        """:return: dict of one parcel, or with `error` why it must not be packed"""
        self.ensure_one()
        states = dict(self._fields["state"]._description_selection(self.env))
        data = {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "state_name": states[self.state],
            "recipient": self.partner_id.display_name or "",
            "carrier": self.carrier_id.name or "",
            "orders": self.order_ids.mapped("display_name"),
            "lines": [],
        }
        if self.frozen:
            data["error"] = self.env._("STOP. %(reason)s", reason=self.freeze_reason or "")
        elif self.state in ("shipped", "delivered", "cancelled"):
            data["error"] = self.env._(
                "STOP. %(name)s is %(state)s.", name=self.name, state=states[self.state].lower()
            )
        for move in self._get_pack_moves():
            product = move.product_id
            data["lines"].append(
                {
                    "id": move.id,
                    "product": product.display_name,
                    "sku": product.default_code or "",
                    "barcode": product.barcode or "",
                    "wanted": move.quantity,
                    "scanned": move.ecom_scanned,
                    "unit": move.product_uom.name,
                    "from": ", ".join(move.move_line_ids.location_id.mapped("name")),
                }
            )
        # Whether the parcel itself is refused; errors of a single scan are not stored.
        data["stopped"] = "error" in data
        data["missing"] = sum(line["wanted"] - line["scanned"] for line in data["lines"])
        return data

    def _get_pack_moves(self):
        return self._get_last_pickings().move_ids.filtered(
            lambda move: move.state not in ("done", "cancel") and move.quantity
        )

    def pack_goods(self, code, quantity=1):
        """One scan of goods. :return: dict of the parcel, with `error` if they do not belong in it

        :param str code: barcode or SKU of a product, or barcode of one of its packagings
        """
        self.ensure_one()
        shipment = self._check_packer()
        data = shipment._pack_data()
        if data.get("error"):
            return data
        product, factor = shipment._find_goods(code)
        if not product:
            return {**data, "error": self.env._("No product has the barcode %(code)s.", code=code)}
        moves = shipment._get_pack_moves().filtered(lambda move: move.product_id == product)
        if not moves:
            return {
                **data,
                "error": self.env._(
                    "%(product)s does not belong in this parcel.", product=product.display_name
                ),
            }
        left = quantity * factor
        room = sum(move.quantity - move.ecom_scanned for move in moves)
        if product.uom_id.compare(left, room) > 0:
            return {
                **data,
                "error": self.env._(
                    "Too many: %(product)s is complete.", product=product.display_name
                ),
            }
        for move in moves:
            share = min(left, move.quantity - move.ecom_scanned)
            move.ecom_scanned += share
            left -= share
        if not shipment.started_at:
            shipment.started_at = fields.Datetime.now()
        return shipment._pack_data()

    def _find_goods(self, code):
        """:return: (product, pieces that this code stands for)"""
        code = (code or "").strip()
        Product = self.env["product.product"]
        if not code:
            return Product, 0
        product = Product.search([("barcode", "=", code)], limit=1)
        if product:
            return product, 1
        packaging = self.env["product.uom"].search([("barcode", "=", code)], limit=1)
        if packaging:
            product = packaging.product_id
            return product, packaging.uom_id._compute_quantity(1, product.uom_id)
        product = self._get_pack_moves().product_id.filtered(
            lambda p: (p.default_code or "").casefold() == code.casefold()
        )[:1]
        return product or Product.search([("default_code", "=ilike", code)], limit=1), 1

    def pack_close(self):
        """Everything is in the box. :return: dict of the parcel
        :raise UserError: something is missing, or it is stopped"""
        self.ensure_one()
        shipment = self._check_packer()
        data = shipment._pack_data()
        if data.get("error"):
            raise UserError(data["error"])
        if data["missing"] > 0:
            raise UserError(
                self.env._("%(count)g pieces are not scanned yet.", count=data["missing"])
            )
        shipment.action_pack()
        return shipment._pack_data()
