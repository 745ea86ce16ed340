from datetime import datetime, timedelta

from odoo import fields, models
from odoo.tools import format_date, format_time

from ..tools import places, public_text, route_map, tracking

# Steps that the page shows as a bar; where the parcel is on it.
STEPS = ("info_received", "in_transit", "out_for_delivery", "delivered")
STEP_OF = {
    "pending": -1,
    "info_received": 0,
    "in_transit": 1,
    "exception": 1,
    "expired": 1,
    "returned": 1,
    "out_for_delivery": 2,
    "attempt_failed": 2,
    "available_for_pickup": 2,
    "delivered": 3,
}


class EcomShipment(models.Model):
    """What a buyer may know of a shipment. Nothing personal beyond the city leaves from here."""

    _inherit = "ecom.shipment"

    def _get_tracking_info(self):
        """:return: dict, JSON-able: what the buyer's page says, and its address, for the API"""
        return {
            **self._get_public_info(),
            "url": f"{self.get_base_url()}{self._get_tracking_path()}",
        }

    def _get_public_info(self):
        """:return: dict, JSON-able: what whoever knows the link may know. Texts are in the language
        of the environment; times are ISO 8601 in UTC."""
        self.ensure_one()
        labels, secrets = self._get_status_labels(), self._get_secrets()
        parcels = self.parcel_ids.filtered(lambda parcel: not parcel.voided)
        status = self.tracking_status or "pending"
        return {
            "name": self.name,
            "status": status,
            "status_label": labels[status],
            "stage": self.state,
            "shipped_at": _iso(self.shipped_at),
            "delivered_at": _iso(self.delivered_at),
            "eta": _iso(self.eta),
            "parcels": [parcel._get_public_info(labels, secrets) for parcel in parcels],
            "lines": self._get_public_lines(),
            "option": self._get_option_info(),
        }

    def action_open_tracking_page(self):
        """What the buyer sees."""
        self.ensure_one()
        self.check_access("read")
        return {"type": "ir.actions.act_url", "url": self._get_tracking_path(), "target": "new"}

    def _get_option_info(self):
        """:return: the delivery option in the buyer's words, empty where there is none. Hook."""
        return {}

    def _get_status_labels(self):
        return dict(
            self.env["ecom.shipment.parcel"]._fields["status"]._description_selection(self.env)
        )

    def _get_public_lines(self):
        """:return: what is in the shipment: list of name and quantity"""
        self.ensure_one()
        lines = {}
        for move in self._get_last_pickings().move_ids:
            if move.state != "cancel":
                quantity = move.quantity if move.state == "done" else move.product_uom_qty
                name = move.product_id._get_ecom_public_name()
                lines[name] = lines.get(name, 0) + quantity
        return [
            {"name": name, "quantity": quantity} for name, quantity in lines.items() if quantity
        ]

    def _get_secrets(self):
        """:return: what of the recipient and the buyer must not be read on a page without sign-in"""
        self.ensure_one()
        secrets = set()
        for partner in self.partner_id | self.picking_ids.sale_id.partner_id:
            secrets |= public_text.secrets_of(
                partner.name,
                partner.street,
                partner.street2,
                partner.zip,
                partner.phone,
                partner.email,
            )
        return secrets

    def _get_page_values(self):
        """:return: values of the page's template, texts and dates in the environment's language"""
        self.ensure_one()
        info = self._get_public_info()
        parcels = [parcel for parcel in self.parcel_ids if not parcel.voided]
        for entry, parcel in zip(info["parcels"], parcels, strict=True):
            entry["days"] = parcel._get_public_days(entry["events"])
            entry["map"] = parcel._draw_map()
            entry["step"] = STEP_OF[entry["status"]]
            entry["eta_text"] = parcel._get_eta_text()
        labels = self._get_status_labels()
        return {
            "shipment": info,
            "company": self.company_id,
            "headline": self._get_headline(info),
            "may_choose": self._may_choose_delivery(),
            "token": self.access_token,
            "steps": [labels[step] for step in STEPS],
            "page_lang": self._get_page_lang_tag(),
            "orders": ", ".join(o.number or o.external_id for o in self.order_ids),
        }

    def _get_page_lang_tag(self):
        return (self.env.lang or "en_US").replace("_", "-")

    def _may_choose_delivery(self):
        """:return: whether the page leads to other delivery options. Hook."""
        return False

    def _get_headline(self, info):
        """:return: the one sentence that a buyer looks for"""
        if info["stage"] == "cancelled":
            return self.env._("This shipment was cancelled.")
        if info["status"] == "delivered" or info["stage"] == "delivered":
            at = self.delivered_at
            return (
                self.env._(
                    "Delivered on %s", format_date(self.env, at.date(), date_format="EEEE, d MMMM")
                )
                if at
                else self.env._("Delivered")
            )
        if info["stage"] not in ("shipped", "delivered") and info["status"] == "pending":
            return self.env._("We are preparing your parcel.")
        if info["status"] in ("returned", "exception", "expired", "attempt_failed"):
            return {
                "returned": self.env._("The parcel comes back to us. We will contact you."),
                "exception": self.env._("There is a problem on the way. We are looking into it."),
                "expired": self.env._("The carrier has sent no news for long. We are on it."),
                "attempt_failed": self.env._("The carrier could not hand over the parcel."),
            }[info["status"]]
        texts = [entry.get("eta_text") for entry in info["parcels"] if entry.get("eta_text")]
        return texts[-1] if texts else info["status_label"]


class EcomShipmentParcel(models.Model):
    _inherit = "ecom.shipment.parcel"

    def _get_public_info(self, labels, secrets):
        self.ensure_one()
        return {
            "number": self.tracking_ref,
            "carrier": self.carrier_id.name or self.carrier_code or None,
            "carrier_url": self.tracking_url or None,
            "status": self.status,
            "status_label": labels[self.status],
            "status_at": _iso(self.status_at),
            "eta_from": self.eta_from.isoformat() if self.eta_from else None,
            "eta": self.eta.isoformat() if self.eta else None,
            "eta_source": self.eta_source,
            "attempts": self.attempts,
            "pickup_code": self.pickup_code or None,
            "pickup_place": self.pickup_place or None,
            "lines": self._get_public_lines(),
            "events": [
                event._get_public_info(labels, secrets)
                for event in self.event_ids.sorted(lambda e: (e.occurred_at, e.id))
            ],
        }

    def _get_public_lines(self):
        """:return: what is in this box: list of name and quantity; None where a shipment has
        several boxes and nobody said which holds what"""
        self.ensure_one()
        boxes = self.shipment_id.parcel_ids.filtered(lambda parcel: not parcel.voided)
        if len(boxes) == 1:
            return self.shipment_id._get_public_lines()
        lines = self._get_packed_lines()
        goods = {}
        for line in lines:
            name = line.product_id._get_ecom_public_name()
            goods[name] = goods.get(name, 0) + line.quantity
        return [{"name": name, "quantity": quantity} for name, quantity in goods.items()] or None

    def _get_packed_lines(self):
        """:return: what was put in the package of this box: the one that the label was bought for,
        or one that is named like the number"""
        self.ensure_one()
        lines = self.shipment_id._get_last_pickings().move_line_ids
        package = self.package_id
        return lines.filtered(
            lambda line: line.result_package_id
            and (
                line.result_package_id == package
                if package
                else line.result_package_id.name == self.tracking_ref
            )
        )

    def _get_public_days(self, events):
        """:return: the timeline, newest first: [(day as text, [events with their local time])]"""
        days, last = [], None
        for event in reversed(events):
            local = datetime.fromisoformat(event["at"].rstrip("Z"))
            local += timedelta(minutes=event["utc_offset"])
            if local.date() != last:
                last = local.date()
                days.append((format_date(self.env, last, date_format="EEEE, d MMMM"), []))
            time = format_time(self.env, local.time(), time_format="short")
            place = ", ".join(filter(None, (event["city"], event["country"])))
            days[-1][1].append({**event, "time": time, "place": place})
        return days

    def _draw_map(self):
        """:return: see :func:`route_map.draw`; from the warehouse's city to the buyer's, through
        the places of the events"""
        self.ensure_one()
        origin = self.shipment_id.warehouse_id.partner_id
        code = self.env["res.country"]._get_ecom_code(origin.country_id.id)
        stops = [_stop(origin.city, code)] if origin.city else []
        events = self.event_ids.sorted("occurred_at")
        # "Somewhere in DE" adds nothing to a way through its cities.
        known = {event.country_code for event in events if event.city}
        for event in events.filtered(lambda e: e.city or e.country_code not in known):
            if event.latitude or event.longitude:
                label = event.city or event.country_code or ""
                # A tenth of a degree: the last scan may be at the buyer's door.
                stops.append(
                    route_map.Stop(label, round(event.latitude, 1), round(event.longitude, 1))
                )
            elif event.city or event.country_code:
                stops.append(_stop(event.city, event.country_code))
        return route_map.draw(stops)

    def _get_eta_text(self):
        self.ensure_one()
        if not self.eta or self.status in tracking.FINAL:
            return None
        high = format_date(self.env, self.eta, date_format="EEEE, d MMMM")
        if self._get_deadline() < fields.Datetime.now():
            return self.env._("It was expected on %s and is late. We are looking into it.", high)
        if self.eta_from and self.eta_from < self.eta:
            low = format_date(self.env, self.eta_from, date_format="EEEE, d MMMM")
            return self.env._("Arrives between %(first)s and %(last)s", first=low, last=high)
        return self.env._("Arrives on %s", high)


class EcomShipmentEvent(models.Model):
    _inherit = "ecom.shipment.event"

    def _get_public_info(self, labels, secrets):
        text = public_text.public_text(self.text, secrets)
        return {
            "at": _iso(self.occurred_at),
            "utc_offset": self.utc_offset,
            "status": self.status or None,
            "label": labels.get(self.status) or text,
            "text": text or None,
            "city": self.city or None,
            "country": self.country_code or None,
        }


def _stop(city, country):
    point, exact = places.locate(city, country)
    # A city that is not on our map must not be drawn in the middle of its country.
    return (
        route_map.Stop(city or country, *point)
        if point and (exact or not city)
        else (route_map.Stop(city or country))
    )


def _iso(value):
    return f"{fields.Datetime.to_datetime(value).isoformat()}Z" if value else None
