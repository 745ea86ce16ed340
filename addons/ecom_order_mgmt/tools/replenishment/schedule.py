"""When a supplier takes orders and delivers."""

from dataclasses import dataclass
from datetime import timedelta

#: Nobody is closed for longer; a calendar that never opens is a mistake.
FURTHEST = 400


@dataclass(slots=True, frozen=True)
class Calendar:
    """:ivar weekdays: days of the week on which orders are taken, 0 = Monday; empty: any
    :ivar holidays: list of ``(first, last)`` days on which the supplier is closed
    """

    weekdays: tuple = ()
    holidays: tuple = ()

    def is_closed(self, day):
        return any(first <= day <= last for first, last in self.holidays)

    def takes_orders(self, day):
        return not self.is_closed(day) and (not self.weekdays or day.weekday() in self.weekdays)

    def next_order_day(self, day):
        """Return the first day from ``day`` on which an order can be placed.

        :raise ValueError: if there is none within a year
        """
        for offset in range(FURTHEST):
            candidate = day + timedelta(days=offset)
            if self.takes_orders(candidate):
                return candidate
        raise ValueError("the supplier's calendar has no day on which it takes orders")

    def arrival(self, ordered, lead_days):
        """Return the day of arrival. Days on which the supplier is closed do not count."""
        day, left = ordered, max(0, round(lead_days))
        while left:
            day += timedelta(days=1)
            if not self.is_closed(day):
                left -= 1
            if (day - ordered).days > FURTHEST * 2:
                raise ValueError("the supplier's calendar is closed for too long")
        return day

    def days_to_protect(self, today, lead_days, review_days):
        """Return ``(days until an order of today arrives, days until the next chance after it)``.

        What is ordered now must last until what is ordered at the next chance arrives.
        """
        first = self.next_order_day(today)
        second = self.next_order_day(first + timedelta(days=max(1, round(review_days))))
        lead = (self.arrival(first, lead_days) - today).days
        return lead, (self.arrival(second, lead_days) - today).days - lead
