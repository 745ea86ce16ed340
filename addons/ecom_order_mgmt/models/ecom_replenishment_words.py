from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_date
from odoo.tools.misc import formatLang

from ..tools.replenishment.promotion import lift

CHART_WEEKS = 26


class EcomReplenishment(models.Model):
    """The working of a suggestion, in words and as the data of a chart."""

    _inherit = "ecom.replenishment"

    def _words(self):
        """:return: (the working as a list in HTML, the one sentence that matters most)"""
        self.ensure_one()
        sentences = []
        for code, figures in self.reasons or []:
            told = getattr(self, f"_tell_{code}")(figures)
            sentences += [told] if told else []
        lines = Markup("").join(Markup("<li>%s</li>") % sentence for sentence in sentences)
        return Markup("<ul class='mb-0'>%s</ul>") % lines, self._summarise()

    def _summarise(self):
        found = dict(self.reasons or [])
        if self.urgency == "3":
            return self.env._("Nothing is left to sell.")
        if "stockout" in found:
            return self.env._(
                "Out of stock on %(day)s if nothing is done.",
                day=self._day(found["stockout"]["day"]),
            )
        return self.env._(
            "%(position)s there and on the way, less than the reorder point of %(point)s.",
            position=self._qty(self.position),
            point=self._qty(self.reorder_point),
        )

    def _qty(self, value):
        """A quantity as people write it: no digits that say nothing."""
        digits = 0 if abs(value) >= 100 or float(value).is_integer() else 1
        return formatLang(self.env, value, digits=digits)

    def _day(self, value):
        return format_date(self.env, fields.Date.to_date(value))

    # One method per reason of tools/replenishment/decide.py; the figures are its.

    def _tell_forecast(self, f):
        text = self.env._(
            "Expected demand: %(week)s per week, from %(weeks)s weeks of history (%(method)s).",
            week=self._qty(f["week"]),
            weeks=f["weeks"],
            method=f["method"],
        )
        if f.get("rmsse"):
            text += " " + self.env._(
                "In the back-test its error was %(error)s of that of 'like last week'.",
                error=formatLang(self.env, f["rmsse"], digits=2),
            )
        if f.get("bias") and abs(f["bias"]) >= 0.1:
            text += " " + (
                self.env._("It tended to be %(share)s %% too high.", share=round(100 * f["bias"]))
                if f["bias"] > 0
                else self.env._(
                    "It tended to be %(share)s %% too low.", share=round(-100 * f["bias"])
                )
            )
        return text

    def _tell_promotion(self, f):
        if f["qty"] < 0:
            return self.env._(
                "%(names)s: %(qty)s less will be asked for.",
                names=f["names"],
                qty=self._qty(-f["qty"]),
            )
        return self.env._(
            "%(names)s: %(qty)s more will be asked for.", names=f["names"], qty=self._qty(f["qty"])
        )

    def _tell_lead_time(self, f):
        days = formatLang(self.env, f["days"], digits=1)
        if f["count"]:
            text = self.env._(
                "Lead time: %(days)s days, learned from %(count)s receipts (spread %(spread)s days).",
                days=days,
                count=f["count"],
                spread=formatLang(self.env, f["spread"], digits=1),
            )
            if f["listed"] is not None:
                text += " " + self.env._("Promised: %(days)s days.", days=self._qty(f["listed"]))
            return text
        return self.env._("Lead time: %(days)s days; no receipts to learn from yet.", days=days)

    def _tell_closed(self, f):
        return self.env._("The supplier takes no orders before %(day)s.", day=self._day(f["day"]))

    def _tell_season(self, f):
        return self.env._(
            "Season: the forecast is multiplied by %(factor)s.",
            factor=formatLang(self.env, f["factor"], digits=2),
        )

    def _tell_protect(self, f):
        return self.env._(
            "Until the order after this one arrives (%(lead)s + %(review)s days), %(demand)s will "
            "be asked for.",
            lead=f["lead"],
            review=f["review"],
            demand=self._qty(f["demand"]),
        )

    def _tell_safety(self, f):
        if f["mode"] == "service":
            return self.env._(
                "Safety stock: %(qty)s, so that stock lasts in %(service)s of 100 cycles.",
                qty=self._qty(f["qty"]),
                service=formatLang(self.env, 100 * f["service"], digits=1),
            )
        return self.env._("Safety stock: %(qty)s, as the policy says.", qty=self._qty(f["qty"]))

    def _tell_calibrated(self, f):
        share = round(100 * abs(f["factor"] - 1))
        if f["factor"] > 1:
            return self.env._(
                "That is %(share)s %% more than the forecast's own errors ask for: of late, stock "
                "lasted less often than it should.",
                share=share,
            )
        return self.env._(
            "That is %(share)s %% less than the forecast's own errors ask for: of late, stock "
            "lasted more often than it had to.",
            share=share,
        )

    def _tell_minimum(self, f):
        return self.env._("At least %(qty)s are always kept.", qty=self._qty(f["qty"]))

    def _tell_level(self, f):
        return self.env._(
            "Order at %(point)s, up to %(up_to)s.",
            point=self._qty(f["reorder_point"]),
            up_to=self._qty(f["order_up_to"]),
        )

    def _tell_position(self, f):
        return self.env._(
            "There are %(on_hand)s free (customers wait for %(reserved)s), %(incoming)s on their way "
            "and %(requested)s asked for: %(position)s.",
            on_hand=self._qty(f["on_hand"]),
            reserved=self._qty(f["reserved"]),
            incoming=self._qty(f["incoming"]),
            requested=self._qty(f["requested"]),
            position=self._qty(f["position"]),
        )

    def _tell_returns(self, f):
        return self.env._(
            "%(qty)s of them are returns that are expected back in time.", qty=self._qty(f["qty"])
        )

    def _tell_enough(self, f):
        return self.env._(
            "That is not below the reorder point of %(point)s: nothing to buy.",
            point=self._qty(f["reorder_point"]),
        )

    def _tell_need(self, f):
        return self.env._("Needed: %(qty)s.", qty=self._qty(f["qty"]))

    def _tell_habit(self, f):
        return self.env._(
            "The last %(count)s suggestions of this product were changed to %(share)s %%; this one "
            "is made that way.",
            count=f["count"],
            share=round(100 * f["factor"]),
        )

    def _tell_moq(self, f):
        parts = []
        if f["minimum"]:
            parts.append(self.env._("minimum order %(qty)s", qty=self._qty(f["minimum"])))
        if f["multiple"] > 1:
            parts.append(self.env._("multiples of %(qty)s", qty=self._qty(f["multiple"])))
        if f["carton"]:
            parts.append(self.env._("cartons of %(qty)s", qty=self._qty(f["carton"])))
        if not parts:
            return False
        return self.env._(
            "Rounded up to %(qty)s: %(parts)s.", qty=self._qty(f["qty"]), parts=", ".join(parts)
        )

    def _tell_break(self, f):
        return self.env._(
            "Raised to %(qty)s for the better price: saves %(saving)s after the cost of holding.",
            qty=self._qty(f["qty"]),
            saving=formatLang(self.env, f["saving"], currency_obj=self.currency_id),
        )

    def _tell_shelf(self, f):
        return self.env._(
            "Not more than %(qty)s: the rest would pass its shelf life of %(days)s days.",
            qty=self._qty(f["qty"]),
            days=f["days"],
        )

    def _tell_maximum(self, f):
        return self.env._(
            "Limited to %(qty)s: at most %(limit)s per order.",
            qty=self._qty(f["qty"]),
            limit=self._qty(f["limit"]),
        )

    def _tell_end_of_life(self, f):
        return self.env._(
            "Sold until %(day)s only: not more than %(qty)s will be needed.",
            day=self._day(f["day"]),
            qty=self._qty(f["qty"]),
        )

    def _tell_ended(self, f):
        return self.env._("Not sold any more since %(day)s.", day=self._day(f["day"]))

    def _tell_stockout(self, f):
        text = self.env._(
            "If nothing is done, nothing is left on %(day)s.", day=self._day(f["day"])
        )
        if f["before"]:
            text += " " + self.env._("Even an order of today arrives later.")
        return text

    def _tell_transfer(self, f):
        return self.env._(
            "%(warehouse)s has more than it needs: %(qty)s come from there instead of a supplier.",
            warehouse=f["warehouse"],
            qty=self._qty(f["qty"]),
        )

    def _tell_helped(self, f):
        return self.env._(
            "%(qty)s of the %(asked)s asked for are a transfer that is suggested beside this.",
            qty=self._qty(f["qty"]),
            asked=self._qty(f["qty"]),
        )

    # === CHART === #

    def _chart_data(self):
        """:return: {id: data of the chart}; quantities per week, days as ISO text:

        `history` [[first day, quantity or null]], `forecast` [[first day, expected, low, high]],
        `stock` [[day, quantity]] if nothing is done, `open` [[day, quantity on its way]],
        `reorder_point`, `order_up_to`, `arrival`, `qty`, `unit`, `method`
        """
        charts = {}
        # Whoever may see a suggestion may see what it is made of.
        records = self.sudo()
        today = fields.Date.today()
        for company, group in records.grouped("company_id").items():
            stock = self._stock_facts(company, group.product_id.ids) if company else {}
            promotions = self._promotions(company, today) if company else {}
            for record in group:
                key = (record.product_id.id, record.warehouse_id.id)
                arrivals = stock[key]["arrivals"] if key in stock else {}
                charts[record.id] = record._chart_of(arrivals, today, promotions)
        return charts

    def _chart_of(self, arrivals, today, promotions):
        forecast = self.forecast_id
        start = forecast.made_on or today
        past = (forecast.history or [])[-CHART_WEEKS:]
        usual = forecast.points or []
        bands = forecast.bands or {}
        planned = self._promotions_of(self.product_id, self.warehouse_id, promotions, start)
        points, low, high = (
            lift(values, [], planned)[0]
            for values in (usual, bands.get("0.1") or usual, bands.get("0.9") or usual)
        )
        weeks = [start + timedelta(days=7 * n) for n in range(len(points))]
        coming = sorted((max(day, today), qty) for day, qty in arrivals.items())
        level, stock = self.on_hand, []
        for number, point in enumerate(points if self.reorder_point else ()):
            day = today + timedelta(days=7 * number)
            stock.append([day.isoformat(), round(max(0.0, level), 2)])
            end = day + timedelta(days=7)
            level += sum(qty for due, qty in coming if day <= due < end) - point
        return {
            "history": [
                [(start - timedelta(days=7 * (len(past) - n))).isoformat(), value]
                for n, value in enumerate(past)
            ],
            "forecast": [
                [day.isoformat(), round(points[n], 2), round(low[n], 2), round(high[n], 2)]
                for n, day in enumerate(weeks)
            ],
            "stock": stock,
            "open": [[day.isoformat(), qty] for day, qty in coming],
            "reorder_point": round(self.reorder_point, 2),
            "order_up_to": round(self.order_up_to, 2),
            "arrival": self.arrival_date and self.arrival_date.isoformat(),
            "qty": self.qty,
            "unit": self.uom_id.display_name,
            "method": forecast.method_words or "",
        }

    @api.model
    def _reason_codes(self):
        """:return: every code that there are words for"""
        return {
            name.removeprefix("_tell_") for name in dir(type(self)) if name.startswith("_tell_")
        }
