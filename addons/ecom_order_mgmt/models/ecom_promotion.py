from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

# Usual demand is that of so many days before a promotion.
USUAL_DAYS = 56


class EcomPromotion(models.Model):
    """A planned promotion: some products will sell better for some days.

    Replenishment orders for it in time; afterwards its days are no measure of usual demand.
    """

    _name = "ecom.promotion"
    _description = "Planned Promotion"
    _order = "date_from desc, id desc"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    date_from = fields.Date("From", required=True, index=True)
    date_to = fields.Date("To", required=True, help="The last day.")
    uplift = fields.Float(
        "Expected Rise (%)",
        required=True,
        default=50.0,
        digits=(16, 1),
        help="50 = half as much again as on usual days, 100 = twice as much.",
    )
    product_ids = fields.Many2many("product.product", string="Products", check_company=True)
    categ_ids = fields.Many2many(
        "product.category", string="Product Categories", help="With the categories below them."
    )
    warehouse_ids = fields.Many2many(
        "stock.warehouse",
        string="Warehouses",
        check_company=True,
        help="Where its orders leave from. Empty: all warehouses.",
    )
    state = fields.Selection(
        [("planned", "Planned"), ("running", "Running"), ("over", "Over")],
        compute="_compute_state",
    )
    measured_uplift = fields.Float(
        "Measured Rise (%)",
        compute="_compute_measured_uplift",
        digits=(16, 1),
        help="Demand per day of the promotion until yesterday, against that of the eight weeks "
        "before it.",
    )
    is_measured = fields.Boolean(compute="_compute_measured_uplift")

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        if any(promotion.date_to < promotion.date_from for promotion in self):
            raise ValidationError(self.env._("A promotion ends on its first day at the earliest."))

    @api.constrains("uplift")
    def _check_uplift(self):
        if any(not -100 <= promotion.uplift <= 10_000 for promotion in self):
            raise ValidationError(
                self.env._("The expected rise is between -100 and 10,000 percent.")
            )

    @api.constrains("product_ids", "categ_ids")
    def _check_products(self):
        if any(not promotion.product_ids and not promotion.categ_ids for promotion in self):
            raise ValidationError(self.env._("Choose the products or categories it is about."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_begun(self):
        if any(promotion.date_from <= fields.Date.today() for promotion in self):
            raise UserError(
                self.env._(
                    "A promotion that has begun explains the demand of its days: archive it."
                )
            )

    @api.depends("date_from", "date_to")
    def _compute_state(self):
        today = fields.Date.today()
        for promotion in self:
            if not promotion.date_from or promotion.date_from > today:
                promotion.state = "planned"
            else:
                promotion.state = "running" if promotion.date_to >= today else "over"

    @api.depends("date_from", "date_to", "product_ids", "categ_ids", "warehouse_ids")
    def _compute_measured_uplift(self):
        today = fields.Date.today()
        for promotion in self:
            promotion.measured_uplift, promotion.is_measured = 0.0, False
            if not promotion.date_from or promotion.date_from >= today:
                continue
            last = min(promotion.date_to, fields.Date.subtract(today, days=1))
            before = fields.Date.subtract(promotion.date_from, days=USUAL_DAYS)
            days = (last - promotion.date_from).days + 1
            usual = promotion._sum_demand(before, fields.Date.subtract(promotion.date_from, days=1))
            if usual > 0:
                rate = promotion._sum_demand(promotion.date_from, last) / days
                promotion.measured_uplift = 100.0 * (rate * USUAL_DAYS / usual - 1)
                promotion.is_measured = True

    def _sum_demand(self, first, last):
        domain = Domain("day", ">=", first) & Domain("day", "<=", last)
        domain &= Domain("product_id", "in", self._get_products().ids)
        if self.warehouse_ids:
            domain &= Domain("warehouse_id", "in", self.warehouse_ids.ids)
        # Whoever may see a promotion may see what it brought.
        ((total,),) = self.env["ecom.demand"].sudo()._read_group(domain, [], ["qty:sum"])
        return total or 0.0

    def _get_products(self):
        """:return: the products of this promotion"""
        self.ensure_one()
        return self.env["product.product"].search(
            Domain("is_storable", "=", True)
            & (
                Domain("id", "in", self.product_ids.ids)
                | Domain("categ_id", "child_of", self.categ_ids.ids)
            )
        )

    @api.model
    def _days_of(self, company, since=None):
        """:return: list of (product id, warehouse id or None, first day, last day, uplift in
        percent, name), the archived ones not

        :param since: promotions that ended before this day are left out
        """
        domain = Domain("company_id", "=", company.id)
        if since:
            domain &= Domain("date_to", ">=", since)
        rows = []
        for promotion in self.search(domain, order="date_from, id"):
            places = promotion.warehouse_ids.ids or [None]
            rows += [
                (
                    product_id,
                    place,
                    promotion.date_from,
                    promotion.date_to,
                    promotion.uplift,
                    promotion.name,
                )
                for product_id in promotion._get_products().ids
                for place in places
            ]
        return rows
