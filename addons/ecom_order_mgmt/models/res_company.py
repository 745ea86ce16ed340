from datetime import datetime, time, timedelta

from odoo import api, fields, models, tools

from ..tools import tracking


class ResCompany(models.Model):
    _inherit = "res.company"

    def _get_ecom_holidays(self):
        """:return: frozenset of dates on which nothing moves: the company's public holidays"""
        self.ensure_one()
        # Whoever sees a parcel may know on which days nobody works.
        company = self.sudo()
        return company._find_ecom_holidays(
            company.id,
            company.resource_calendar_id.id,
            company.partner_id.tz or "UTC",
            fields.Date.today() - timedelta(days=60),
        )

    @api.model
    @tools.ormcache("company_id", "calendar_id", "zone", "since")
    def _find_ecom_holidays(self, company_id, calendar_id, zone, since):
        holidays = self.env["resource.calendar.leaves"].search(
            [
                ("resource_id", "=", False),
                ("company_id", "=", company_id),
                ("calendar_id", "in", [calendar_id, False]),
                ("date_to", ">=", datetime.combine(since, time.min)),
            ]
        )
        days = set()
        for leave in holidays:
            day = tracking.to_local(leave.date_from, zone).date()
            last = tracking.to_local(leave.date_to, zone).date()
            while day <= last:
                days.add(day)
                day += timedelta(days=1)
        return frozenset(days)
