from odoo import fields, models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    # Copied: what is not received yet of a return is a return as well (backorder).
    ecom_return_id = fields.Many2one("ecom.return", "After-Sales Case", index="btree_not_null")

    def message_post_with_source(self, source_ref, **kwargs):
        """What a return was made from, Odoo posts; nobody follows a transfer that was just made."""
        if (
            "ecom_return_location_id" not in self.env.context
            or source_ref != "mail.message_origin_link"
        ):
            return super().message_post_with_source(source_ref, **kwargs)
        values = kwargs.get("render_values")
        return self._message_log_with_view(source_ref, render_values=values)

    def _action_done(self):
        result = super()._action_done()
        # Whoever validates the transfer, the case knows; it needs rights of its own for that.
        self.ecom_return_id.sudo()._goods_arrived()
        return result


class EcomShipment(models.Model):
    _inherit = "ecom.shipment"

    def _is_watched(self):
        """:return: does a carrier tell where the parcels are, so that their arrival will be known?

        One that fell silent long ago is taken for arrived when it left: a buyer's time to return must
        not stay open for ever.
        """
        parcels = self.parcel_ids.filtered(lambda parcel: not parcel.voided)
        heard = max(parcels.event_ids.mapped("occurred_at"), default=False)
        return bool(heard) and heard > fields.Datetime.subtract(fields.Datetime.now(), days=30)


class StockMove(models.Model):
    _inherit = "stock.move"

    ecom_return_line_id = fields.Many2one(
        "ecom.return.line", index="btree_not_null", ondelete="restrict"
    )

    def _prepare_merge_moves_distinct_fields(self):
        return [*super()._prepare_merge_moves_distinct_fields(), "ecom_return_line_id"]


class StockWarehouse(models.Model):
    _inherit = "stock.warehouse"

    ecom_inspection_location_id = fields.Many2one(
        "stock.location",
        "Returns to Look At",
        copy=False,
        help="Goods that came back wait here; they are not for sale until they are graded.",
    )
    ecom_refurbish_location_id = fields.Many2one(
        "stock.location", "Returns to Refurbish", copy=False
    )
    ecom_claim_location_id = fields.Many2one("stock.location", "Vendor Claims", copy=False)

    def _ecom_get_return_location(self, purpose):
        """:param purpose: "inspection", "refurbish" or "claim"
        :return: the location, made when it is first needed

        It lies outside the warehouse's own tree: what lies within counts as stock for sale.
        """
        self.ensure_one()
        name = f"ecom_{purpose}_location_id"
        # Whoever receives goods need not be allowed to set up warehouses.
        warehouse = self.sudo()
        if not warehouse[name]:
            labels = {
                "inspection": self.env._("To Look At"),
                "refurbish": self.env._("To Refurbish"),
                "claim": self.env._("Vendor Claims"),
            }
            warehouse[name] = (
                self.env["stock.location"]
                .sudo()
                .create(
                    {
                        "name": labels[purpose],
                        "usage": "internal",
                        "location_id": warehouse._ecom_get_return_root().id,
                        "company_id": warehouse.company_id.id,
                    }
                )
            )
        return warehouse[name]

    def _ecom_get_return_root(self):
        for purpose in ("inspection", "refurbish", "claim"):
            location = self[f"ecom_{purpose}_location_id"]
            if location:
                return location.location_id
        return self.env["stock.location"].create(
            {
                "name": self.env._("%(warehouse)s Returns", warehouse=self.code),
                "usage": "view",
                "company_id": self.company_id.id,
            }
        )
