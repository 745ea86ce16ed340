"""Carriers through karrio (optional library): rate, label, void, tracking, pickup, manifest.

karrio knows the carriers; this module speaks its words, so that nothing else has to. It never
raises for what a carrier answers: an answer that nobody can read is a message.
"""

import re
import warnings
from datetime import datetime
from functools import cache

from . import dialects, transport
from .result import Answer, CarrierError, Label, Message, Rate, money

# Of the settings of a plug-in, those that are not credentials.
INTERNAL = {"id", "metadata", "config", "test_mode", "carrier_id", "account_country_code"}

STATUSES = {
    "pending": "info_received",
    "picked_up": "in_transit",
    "in_transit": "in_transit",
    "on_hold": "exception",
    "delivery_delayed": "exception",
    "out_for_delivery": "out_for_delivery",
    "ready_for_pickup": "available_for_pickup",
    "delivery_failed": "attempt_failed",
    "delivered": "delivered",
    "return_to_sender": "returned",
    "returned": "returned",
    "cancelled": "exception",
}


@cache
def load():
    """:return: karrio's modules (sdk, models, helpers)
    :raise CarrierError: the library is not installed"""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from loguru import logger  # noqa: PLC0415 - optional

            # It prints to the console by itself; what matters comes back as messages.
            logger.disable("karrio")
            from karrio import sdk  # noqa: PLC0415 - optional
            from karrio.core import models  # noqa: PLC0415
            from karrio.core.utils import helpers  # noqa: PLC0415
    except ImportError as error:
        raise CarrierError("missing_library", str(error)) from error
    helpers.urlopen = transport.urlopen
    return sdk, models, helpers


@cache
def plugins():
    """:return: {name of an installed plug-in: label}; empty without karrio"""
    try:
        sdk = load()[0]
    except CarrierError:
        return {}
    return {name: plugin.label for name, plugin in sdk.gateway.providers.items()}


def fields(plugin):
    """:return: [(name of a credential, whether it must be filled in)] of a plug-in"""
    import attr  # noqa: PLC0415 - comes with karrio

    provider = _provider(plugin)
    return [
        (field.name, field.default is attr.NOTHING)
        for field in attr.fields(provider.Settings)
        if field.name not in INTERNAL and field.type in (str, "str", None)
    ]


def services(plugin):
    """:return: names of the services that a plug-in knows"""
    known = getattr(_provider(plugin), "services", None)
    return [service.name for service in known] if known else []


def _provider(plugin):
    providers = load()[0].gateway.providers
    if plugin not in providers:
        raise CarrierError("missing_plugin", plugin)
    return providers[plugin]


class Client:
    """One account at one carrier.

    :param plugin: name of karrio's plug-in, e.g. ``ups``
    :param settings: dict of its credentials
    :param server: address to call instead of the carrier's own (a proxy, a simulator)
    :param send: see :func:`.transport.watched`
    """

    def __init__(self, plugin, settings, *, test_mode=False, server=None, send=None, config=None):
        sdk, self._models, _helpers = load()
        _provider(plugin)
        self.plugin = plugin
        self._bodies = ()
        self._sdk = sdk
        self._send = send
        try:
            self.gateway = sdk.gateway[plugin].create(
                {**settings, "carrier_id": plugin, "test_mode": test_mode, "config": config or {}}
            )
        except Exception as error:
            raise CarrierError("settings", _reason(error)) from error
        if server:
            kind = type(self.gateway.settings)
            self.gateway.settings.__class__ = type(
                f"{kind.__name__}At", (kind,), {"server_url": property(lambda _self: server)}
            )

    @property
    def can(self):
        """:return: set of what the carrier's plug-in can do"""
        return set(self.gateway.proxy_methods)

    # === RATES === #

    def rates(self, request):
        answer, messages, outcome = self._call(
            lambda: self._sdk.Rating.fetch(self._models.RateRequest(**request))
        )
        rates = tuple(
            Rate(
                rate.carrier_name,
                rate.service,
                amount,
                rate.currency or "",
                rate.transit_days,
                _day(rate.estimated_delivery),
                rate.id,
            )
            for rate in answer or ()
            if (amount := money(rate.total_charge)) is not None
        )
        if not rates:
            return self._read_otherwise("rates", messages, _no(outcome))
        return Answer(rates, messages, "ok")

    # === LABELS === #

    def ship(self, request):
        """:return: Answer with at most one Label; see `outcome` where there is none"""
        details, messages, outcome = self._call(
            lambda: self._sdk.Shipment.create(self._models.ShipmentRequest(**request))
        )
        if not details or not details.tracking_number:
            if outcome == "ok":
                # An answer without a number that nobody could read is no "no".
                outcome = "refused" if messages else "unknown"
            return self._read_otherwise("labels", messages, outcome)
        docs, rate = details.docs, details.selected_rate
        meta = dict(details.meta or {})
        numbers = [str(details.tracking_number)]
        for number in meta.get("tracking_numbers") or ():
            if str(number) not in numbers:
                numbers.append(str(number))
        extra = tuple(
            (document.category or "document", (document.format or "PDF").upper(), document.base64)
            for document in (docs.extra_documents if docs else None) or ()
            if document.base64
        )
        if docs and docs.invoice:
            extra += (("invoice", "PDF", docs.invoice),)
        label = Label(
            str(details.shipment_identifier or details.tracking_number),
            tuple(numbers),
            (details.label_type or "PDF").upper(),
            (docs and docs.label) or "",
            money(rate.total_charge) if rate else None,
            rate.currency if rate else None,
            rate.service if rate else None,
            meta,
            extra,
        )
        return Answer((label,), messages, "ok")

    def void(self, identifier, service=None, options=None):
        details, messages, outcome = self._call(
            lambda: self._sdk.Shipment.cancel(
                self._models.ShipmentCancelRequest(
                    shipment_identifier=identifier, service=service, options=options or {}
                )
            )
        )
        done = bool(details and details.success)
        return Answer((done,) if done else (), messages, "ok" if done else _no(outcome))

    def find(self, reference):
        """Was a label with our reference bought?

        :return: Answer: the Label; or ``ok`` without items: the carrier says that there is none;
            or ``unknown``: this carrier cannot tell"""
        finder = FINDERS.get(self.plugin)
        if not finder:
            return Answer((), (Message("", "the carrier cannot be asked by reference"),), "unknown")
        with transport.watched(self._send) as calls:
            try:
                return finder(self.gateway, reference)
            except Exception as error:  # noqa: BLE001 - as in _call: it is passed on as text
                outcome = "not_sent" if calls.outcome() == "not_sent" else "unknown"
                return Answer((), (Message("", _reason(error)),), outcome)

    # === TRACKING === #

    def track(self, numbers):
        """:return: Answer whose items are events and facts for ``ecom.shipment``'s ingestion"""
        details, messages, outcome = self._call(
            lambda: self._sdk.Tracking.fetch(
                self._models.TrackingRequest(tracking_numbers=list(numbers))
            )
        )
        items = []
        for detail in details or ():
            items += self._read_tracking(detail)
        if not items:
            return self._read_otherwise("events", messages, "ok" if details else _no(outcome))
        return Answer(tuple(items), messages, "ok")

    def _read_tracking(self, detail):
        base = {"carrier": self.plugin, "tracking_ref": str(detail.tracking_number or "")}
        if not base["tracking_ref"]:
            return
        for event in detail.events or ():
            at = event_time(event)
            if at:
                yield {
                    **base,
                    "at": at,
                    "code": str(event.code or ""),
                    "text": str(event.description or ""),
                    "status": STATUSES.get(event.status or ""),
                    "latitude": event.latitude,
                    "longitude": event.longitude,
                    **place(event.location),
                }
        facts = {"eta": _day(detail.estimated_delivery)}
        if detail.info and detail.info.shipment_service:
            facts["service"] = str(detail.info.shipment_service)
        facts = {name: value for name, value in facts.items() if value}
        if facts:
            yield {**base, **facts}

    # === PICKUP AND MANIFEST === #

    def pickup(self, request):
        details, messages, outcome = self._call(
            lambda: self._sdk.Pickup.schedule(self._models.PickupRequest(**request))
        )
        number = details and details.confirmation_number
        items = ({"number": str(number), "date": details.pickup_date},) if number else ()
        return Answer(items, messages, "ok" if items else _no(outcome))

    def cancel_pickup(self, request):
        details, messages, outcome = self._call(
            lambda: self._sdk.Pickup.cancel(self._models.PickupCancelRequest(**request))
        )
        done = bool(details and details.success)
        return Answer((done,) if done else (), messages, "ok" if done else _no(outcome))

    def manifest(self, request):
        details, messages, outcome = self._call(
            lambda: self._sdk.Manifest.create(self._models.ManifestRequest(**request))
        )
        document = details and details.doc and details.doc.manifest
        items = ({"data": document, "meta": dict(details.meta or {})},) if document else ()
        return Answer(items, messages, "ok" if items else _no(outcome))

    # === THE CALL === #

    def _read_otherwise(self, kind, messages, outcome):
        """karrio made nothing of the answer: a broker may speak as the carrier did formerly.

        :return: Answer: what stands there, what the carrier says there, or the reason why nobody
            can read it"""
        readings = [dialects.read(body) for body in self._bodies if body.strip()]
        items = [item for found in readings if found.kind == kind for item in found.answer.items]
        if items:
            return Answer(tuple(items), (), "ok")
        known = [found for found in readings if found.dialect]
        said = tuple(message for found in known for message in found.answer.messages)
        if said:
            return Answer((), said, "refused" if outcome == "ok" else outcome)
        if not messages:
            messages = tuple(message for found in readings for message in found.answer.messages)
        return Answer((), messages, outcome)

    def _call(self, begin):
        """:return: (what karrio made of the answer or None, our messages, outcome)"""
        with transport.watched(self._send) as calls:
            self._bodies = calls.bodies
            try:
                details, complaints = begin().from_(self.gateway).parse()
            except Exception as error:  # noqa: BLE001 - karrio's parsers raise whatever they like
                # "Nothing escapes" is this module's promise: the reason is passed on as text.
                outcome = calls.outcome()
                return (
                    None,
                    (Message("", _reason(error)),),
                    "unknown" if outcome == "ok" else outcome,
                )
        messages = tuple(Message(str(item.code or ""), _text(item)) for item in complaints or ())
        return details, messages, calls.outcome()


def _find_ups(gateway, reference):
    """UPS gives a label again by the reference that was printed on it (Label Recovery)."""
    import json  # noqa: PLC0415

    helpers = load()[2]
    settings = gateway.settings
    body = {
        "LabelRecoveryRequest": {
            "LabelSpecification": {"LabelImageFormat": {"Code": "PDF"}},
            "ReferenceValues": {
                "ReferenceNumber": {"Value": reference},
                "ShipperNumber": settings.account_number,
            },
        }
    }
    text = helpers.request(
        url=f"{settings.server_url}/api/labels/v1/recovery",
        method="POST",
        headers={
            "authorization": f"Bearer {gateway.proxy.get_token()}",
            "content-Type": "application/json",
        },
        data=json.dumps(body),
        on_error=lambda error: error.read().decode(errors="replace"),
    )
    answer = json.loads(text)
    found = (answer.get("LabelRecoveryResponse") or {}).get("LabelResults")
    if not found:
        errors = (answer.get("response") or {}).get("errors") or []
        messages = tuple(
            Message(str(item.get("code") or ""), str(item.get("message") or "")) for item in errors
        )
        # Only a plain "there is none" counts; any other refusal proves nothing.
        none = any(message.code == NO_SUCH_REFERENCE for message in messages)
        return Answer((), messages, "ok" if none else "unknown")
    results = found if isinstance(found, list) else [found]
    numbers = tuple(str(result["TrackingNumber"]) for result in results)
    image = results[0].get("LabelImage") or {}
    identifier = answer["LabelRecoveryResponse"].get("ShipmentIdentificationNumber") or numbers[0]
    label = Label(
        str(identifier),
        numbers,
        ((image.get("LabelImageFormat") or {}).get("Code") or "PDF").upper(),
        image.get("GraphicImage") or "",
    )
    return Answer((label,), (), "ok")


# What our own simulator, and brokers that speak UPS's interface, answer when they know of none.
# UPS itself gives no code that would prove it: there a person looks.
NO_SUCH_REFERENCE = "NO_SUCH_REFERENCE"
FINDERS = {"ups": _find_ups}


def _no(outcome):
    return "refused" if outcome == "ok" else outcome


def _text(item):
    text = item.message if isinstance(item.message, str) else str(item.message or "")
    return re.sub(r"\s+", " ", text)[:500]


def _reason(error):
    return f"{type(error).__name__}: {error}"[:300]


def _day(value):
    """:return: ISO date of whatever stands at the beginning of the value, or None"""
    match = re.match(r"\d{4}-\d{2}-\d{2}", str(value or ""))
    return match[0] if match else None


def event_time(event):
    """:return: ISO time of karrio's event. Its "timestamp" claims UTC for a carrier's local time,
    so a zone is only believed where it is not the one that karrio adds."""
    stamp = str(event.timestamp or "")
    if re.search(r"[+-]\d\d:?\d\d$", stamp):
        return stamp
    day = _day(event.date)
    if not day:
        return stamp.removesuffix("Z").removesuffix(".000") or None
    clock = re.match(r"(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([AaPp][Mm])?", str(event.time or ""))
    if not clock:
        if stamp.startswith(day):
            return stamp.removesuffix("Z").removesuffix(".000")
        return day
    hour = int(clock[1])
    if clock[4]:
        hour = hour % 12 + (12 if clock[4].lower() == "pm" else 0)
    try:
        return datetime.fromisoformat(f"{day}T{hour:02d}:{clock[2]}:{clock[3] or '00'}").isoformat()
    except ValueError:
        return day


_COUNTRY = re.compile(r"^[A-Z]{2}$")


def place(location):
    """:return: city, state, country of a carrier's line like "BERLIN, BE, 10115, DE" """
    parts = [part.strip() for part in re.split(r"[,;]", str(location or "")) if part.strip()]
    country = state = ""
    parts = [part for part in parts if not re.fullmatch(r"[\d\s-]{3,}", part)]
    if len(parts) > 1 and _COUNTRY.match(parts[-1]):
        country = parts.pop()
    if len(parts) > 1 and re.fullmatch(r"[A-Z]{2,3}", parts[-1]):
        state = parts.pop()
    if len(parts) == 1 and not country and _COUNTRY.match(parts[0]):
        return {"city": "", "state": "", "country": parts[0]}
    return {"city": parts[0] if parts else "", "state": state, "country": country}
