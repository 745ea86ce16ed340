from odoo import fields, models

from ..tools.replenishment.schedule import Calendar

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class ResPartner(models.Model):
    """A supplier's calendar: when it takes orders, when it is closed, and whether it takes
    goods back."""

    _inherit = "res.partner"

    ecom_order_mon = fields.Boolean("Orders on Monday")
    ecom_order_tue = fields.Boolean("Orders on Tuesday")
    ecom_order_wed = fields.Boolean("Orders on Wednesday")
    ecom_order_thu = fields.Boolean("Orders on Thursday")
    ecom_order_fri = fields.Boolean("Orders on Friday")
    ecom_order_sat = fields.Boolean("Orders on Saturday")
    ecom_order_sun = fields.Boolean("Orders on Sunday")
    ecom_takes_back = fields.Boolean(
        "Takes Goods Back", help="Slow and dead stock is then proposed for return."
    )
    ecom_holiday_ids = fields.One2many("ecom.supplier.holiday", "partner_id", "Closed")

    def _ecom_calendar(self):
        """:return: tools' Calendar of one supplier; no day ticked: any day"""
        self.ensure_one()
        # Who plans purchases need not be allowed to see all of a partner.
        partner = self.sudo()
        days = tuple(n for n, name in enumerate(WEEKDAYS) if partner[f"ecom_order_{name}"])
        holidays = tuple((line.date_from, line.date_to) for line in partner.ecom_holiday_ids)
        return Calendar(days, holidays)


class EcomSupplierHoliday(models.Model):
    """Days on which a supplier neither takes orders nor delivers."""

    _name = "ecom.supplier.holiday"
    _description = "Supplier Holiday"
    _order = "date_from, id"

    partner_id = fields.Many2one("res.partner", required=True, index=True, ondelete="cascade")
    name = fields.Char("Occasion")
    date_from = fields.Date("From", required=True)
    date_to = fields.Date("To", required=True)

    _dates = models.Constraint(
        "CHECK (date_to >= date_from AND date_to <= date_from + 200)",
        "A holiday ends after it begins, and within 200 days.",
    )
