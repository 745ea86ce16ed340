from collections import Counter, defaultdict
from datetime import date

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..concurrency import create_once
from ..tools import tracking
from .ecom_shipment_parcel import _meaning

TEXT_LENGTH = 500


class EcomShipment(models.Model):
    """The one door for what carriers say: asked, told, over the API or by hand."""

    _inherit = "ecom.shipment"

    @api.model
    def import_tracking(self, events):
        """Take in tracking events of any carrier. Public: over the API.

        :param events: list of dicts: `carrier` (short name), `tracking_ref`, and

            - `at` (ISO 8601; a local time where `zone` names its zone), `code`, `text`, `status`
              (in our words, if the sender knows them), `city`, `state`, `country` (two letters),
              `latitude`, `longitude`; or none of these, and only
            - facts of the parcel: `eta` (date), `pickup_code`, `pickup_place`, `service`

        :return: dict: `new`, `known` (heard before), `unmatched` (of those, numbers that are not
            ours yet), `facts`, `rejected` (list of {"index", "message"})
        """
        if not self.env.su and not self.env.user.has_group("ecom_order_mgmt.group_ecom_reviewer"):
            raise AccessError(self.env._("Only reviewers may report tracking events."))
        # Events are written through this door only; who may use it was checked above.
        return self.sudo()._ingest_events(events, source="api")

    @api.model
    def _ingest_events(self, events, source="poll"):
        """Like :meth:`import_tracking`, for our own processes. A fixed number of queries."""
        # Events are their own history; the chatter would only repeat them.
        self = self.with_context(tracking_disable=True)
        result = {"new": 0, "known": 0, "unmatched": 0, "facts": 0, "rejected": []}
        rows, facts = {}, []
        for index, item in enumerate(events):
            try:
                row, fact = self._read_event(item, source)
            except (TypeError, ValueError, AttributeError) as error:
                result["rejected"].append({"index": index, "message": str(error)})
                continue
            if row:
                identity = (row["carrier_code"], row["tracking_ref"], row["key"])
                result["known"] += identity in rows
                rows.setdefault(identity, row)
            if fact:
                facts.append(fact)
        refs = {ref for _carrier, ref, _key in rows} | {fact["tracking_ref"] for fact in facts}
        Parcel, Event = self.env["ecom.shipment.parcel"], self.env["ecom.shipment.event"]
        by_ref = Parcel.search([("tracking_ref", "in", list(refs))]).grouped("tracking_ref")
        here = Event.search_fetch(
            [("tracking_ref", "in", list(refs)), ("key", "in", [key for *_id, key in rows])],
            ["carrier_code", "tracking_ref", "key"],
        )
        for event in here:
            if rows.pop((event.carrier_code, event.tracking_ref, event.key), None):
                result["known"] += 1
        touched = set()
        for row in rows.values():
            parcel = _match(
                by_ref.get(row["tracking_ref"], Parcel), row["carrier_code"], row["occurred_at"]
            )
            row |= {
                "parcel_id": parcel.id,
                "shipment_id": parcel.shipment_id.id,
                "company_id": parcel.company_id.id,
            }
            touched.update(parcel.ids)
            result["unmatched"] += not parcel
        self._give_meaning(rows.values())
        # The parcel's own refusals of events (unique key) mean: another process took them in.
        create_once(Event, list(rows.values()))
        result["new"] = len(rows)
        dated = self._take_facts(facts, by_ref)
        result["facts"] = len(facts)
        touched = Parcel.browse(touched)
        touched._read_for_news()
        changed = touched._update_from_events()
        touched._after_news(changed, dated - touched)
        return result

    def _read_event(self, item, source):
        """:return: (values of an event or None, facts of the parcel or None)
        :raise ValueError: what is wrong with it, in words"""
        carrier = tracking.squeeze(item.get("carrier")).lower()
        ref = tracking.clean_ref(item.get("tracking_ref"))
        if not ref:
            raise ValueError(self.env._("no tracking number"))
        row = None
        if item.get("at") is not None:
            at, offset = tracking.read_time(item["at"], item.get("zone"))
            code = tracking.squeeze(item.get("code"))[:64]
            text = tracking.squeeze(item.get("text"))[:TEXT_LENGTH]
            place = {
                "city": tracking.squeeze(item.get("city"))[:100],
                "state_code": tracking.squeeze(item.get("state"))[:50],
                "country_code": tracking.squeeze(item.get("country"))[:2].upper(),
            }
            status = item.get("status")
            if status and status not in tracking.STATUSES:
                raise ValueError(self.env._("%s is no status", status))
            row = {
                "carrier_code": carrier or "?",
                "tracking_ref": ref,
                "key": tracking.event_key(at, code, text, place["city"]),
                "occurred_at": at,
                "utc_offset": offset or 0,
                "zone_known": offset is not None,
                "code": code or False,
                "text": text or False,
                "library_status": status or False,
                "latitude": float(item.get("latitude") or 0),
                "longitude": float(item.get("longitude") or 0),
                "source": source,
                **place,
            }
        fact = {
            name: tracking.squeeze(item[name])[:100]
            for name in ("pickup_code", "pickup_place", "service")
            if item.get(name)
        }
        if item.get("eta"):
            day = item["eta"]
            fact["carrier_eta"] = day if type(day) is date else date.fromisoformat(str(day)[:10])
        if not row and not fact:
            raise ValueError(self.env._("no time and nothing to know"))
        return row, fact and {"carrier_code": carrier, "tracking_ref": ref, **fact}

    def _give_meaning(self, rows):
        Code = self.env["ecom.tracking.code"]
        statuses = Code._get_statuses({row["carrier_code"] for row in rows})
        unknown = defaultdict(Counter)
        texts = {}
        for row in rows:
            row["status"] = _meaning(
                statuses, row["carrier_code"], row["code"], row["library_status"]
            )
            if not row["status"] and row["library_status"] != "pending":
                # Without a code, the carrier's words are what a person can map.
                key = (row["carrier_code"], row["code"] or (row["text"] or "?")[:64])
                row["code"] = row["code"] or key[1]
                unknown[key[0]][key[1].lower()] += 1
                texts[key[0], key[1].lower()] = (key[1], row["text"] or "")
        Code._note_unknown(
            {
                (carrier, texts[carrier, code][0]): (count, texts[carrier, code][1])
                for carrier, counts in unknown.items()
                for code, count in counts.items()
            }
        )

    def _take_facts(self, facts, by_ref):
        """:return: parcels of which something else than events became known"""
        Parcel = self.env["ecom.shipment.parcel"]
        known = Parcel
        for fact in facts:
            parcels = by_ref.get(fact.pop("tracking_ref"), Parcel)
            parcel = _match(parcels, fact.pop("carrier_code"), fields.Datetime.now())
            vals = {name: value for name, value in fact.items() if parcel[name] != value}
            if parcel and vals:
                parcel.write(vals)
                known |= parcel
        return known


def _match(parcels, carrier_code, at):
    """:return: the parcel of this carrier that had the number at that time; may be empty"""
    starts = [
        (parcel.numbers_from, parcel)
        for parcel in parcels
        if not parcel.carrier_code or carrier_code in ("", "?", parcel.carrier_code)
    ]
    return tracking.pick_parcel(starts, at) or parcels.browse()
