from odoo import api, models
from odoo.tools import float_compare

from .. import fast
from ..fast import BATCH, KEY, LATE, FastRun

_PARTNERS = ("partner_id", "partner_shipping_id")


class SaleOrder(models.Model):
    """Many orders confirmed at once, with the results of Odoo's own confirmation."""

    _inherit = "sale.order"

    @api.model_create_multi
    def create(self, vals_list):
        """The numbers of many channel orders are drawn by one query."""
        by_company = {}
        for vals in vals_list:
            if vals.get("ecom_order_id") and not vals.get("name") and vals.get("company_id"):
                by_company.setdefault(vals["company_id"], []).append(vals)
        for company_id, group in by_company.items():
            # Odoo's own choice of a sequence; whoever makes an order may number it.
            sequence = (
                self.env["ir.sequence"]
                .sudo()
                .search(
                    [("code", "=", "sale.order"), ("company_id", "in", [company_id, False])],
                    order="company_id",
                    limit=1,
                )
            )
            # A prefix with a date in it takes the date of each order: that is Odoo's to do.
            if sequence and not sequence.use_date_range and "%" not in (sequence.prefix or ""):
                for vals, name in zip(group, sequence._ecom_next(len(group)), strict=True):
                    vals["name"] = name
            company = self.with_company(company_id)
            company._ecom_fill_defaults(group)
            company._ecom_fill_fiscal_positions(group)
        return super().create(vals_list)

    def _ecom_fill_defaults(self, vals_list):
        """Defaults that cost a search for each order, and are the same for all of a company."""
        names = [name for name in ("quotation_document_ids",) if name in self._fields]
        defaults = self.default_get(names) if names else {}
        for vals in vals_list:
            vals.update({name: value for name, value in defaults.items() if name not in vals})

    def _ecom_fill_fiscal_positions(self, vals_list):
        """Odoo looks for the automatic ones order by order: here once for all of a company.

        Only for buyers for whom none was chosen, and who have no VAT number: for the others Odoo
        has more to say.
        """
        Position = self.env["account.fiscal.position"]
        if not (
            fast.only_known(self, "_compute_fiscal_position_id", {"sale"})
            and fast.only_known(Position, "_get_fiscal_position", {"account"})
        ):
            return
        company = self.env.company
        automatic = Position.search(
            [*Position._check_company_domain(company), ("auto_apply", "=", True)]
        )
        ids = {vals.get(name) for vals in vals_list for name in _PARTNERS} - {None, False}
        known = {partner.id: partner for partner in self.env["res.partner"].browse(ids)}
        for vals in vals_list:
            partner, delivery = (known.get(vals.get(name)) for name in _PARTNERS)
            if "fiscal_position_id" in vals or not partner or not delivery:
                continue
            if (
                partner.vat
                or delivery.property_account_position_id
                or partner.property_account_position_id
            ):
                continue
            matching = automatic if partner.country_id else Position
            vals["fiscal_position_id"] = matching._get_first_matching_fpos(delivery).id

    def _ecom_confirm_fast(self):
        """`action_confirm` for many orders; everything that is stored is the same.

        Odoo makes and reserves deliveries one order, one line at a time. Here their references,
        deliveries, notes and reservations are collected and made for all orders together.
        """
        run = FastRun(late=bool(self.env.context.get(LATE)))
        if run.late:
            self._ecom_check_late()
            going_on = self
        else:
            # Before anything is made for them: held orders leave nothing behind.
            going_on = self - self._ecom_hold_uncovered()
        if not going_on:
            return True
        going_on._ecom_create_references(run)
        orders = going_on.with_context(**{KEY: run, "ecom_covered": True, BATCH: True})
        orders._ecom_read_ahead()
        result = orders.action_confirm()
        env = orders.env
        run.collecting = False
        # Deliveries are made by the superuser, as Odoo's stock rules do.
        if run.late:
            orders._ecom_take_late()
        moves = env["stock.move"].sudo().browse(run.to_assign).exists()
        moves._ecom_assign_fast()
        run.collects_orderpoints = False
        env["stock.move"].sudo().browse(run.orderpoints).exists()._update_orderpoints()
        env["stock.picking"].browse(run.to_confirm).exists().action_confirm()
        # Odoo writes the lines when it adds up the orders: with all that there is to write.
        orders.sudo().order_line.mapped("untaxed_amount_to_invoice")
        return result

    def _ecom_read_ahead(self):
        """Read for all orders at once what Odoo will ask of each."""
        # Odoo does not look at rights either where it computes with these.
        orders = self.sudo()
        (orders.partner_id | orders.partner_shipping_id).mapped("lang")
        orders.order_line.mapped("invoice_lines")

    def _ecom_create_references(self, run):
        """Make the references that Odoo would make one by one when it launches the lines."""
        precision = self.env["decimal.precision"].precision_get("Product Unit")
        first_lines = self.env["sale.order.line"]
        for order in self:
            if order.stock_reference_ids or order.locked or order.state not in ("draft", "sent"):
                continue
            if order.ecom_order_id.fulfilled_by == "platform":
                continue
            first_lines |= order.order_line.filtered(
                lambda line: line.product_id.type == "consu"
                and float_compare(line.product_uom_qty, 0, precision_digits=precision)
            )[:1]
        # As Odoo does when it launches a line: whoever sells may have it delivered.
        references = self.env["stock.reference"].create(
            [line._prepare_reference_vals() for line in first_lines]
        )
        run.fresh.update(references.ids)
