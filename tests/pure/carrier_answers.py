"""Recorded answers of carriers, played to our clients of them."""

import io
import itertools
import json
import time
import urllib.error
from email.message import Message as Headers
from pathlib import Path

HOME = {
    "asendia": "FR", "australiapost": "AU", "bpost": "BE", "canadapost": "CA", "chronopost": "FR",
    "colissimo": "FR", "dhl_parcel_de": "DE", "dhl_poland": "PL", "dpd": "BE", "gls": "DE",
    "hermes": "DE", "laposte": "FR", "parcelone": "DE", "postat": "AT", "purolator": "CA",
    "seko": "AU", "sendle": "AU", "spring": "NL", "teleship": "GB", "dpd_meta": "DE",
}  # fmt: skip
PLACES = {
    "US": ("10001", "New York", "NY"), "CA": ("K1K4T3", "Ottawa", "ON"),
    "DE": ("53113", "Bonn", None), "FR": ("75001", "Paris", None), "BE": ("1000", "Brussels", None),
    "AU": ("2000", "Sydney", "NSW"), "PL": ("00-001", "Warsaw", None),
    "AT": ("1010", "Vienna", None), "NL": ("1012", "Amsterdam", None),
    "GB": ("SW1A1AA", "London", None),
}  # fmt: skip
TOKEN = {
    "access_token": "t", "token": "t", "token_type": "Bearer", "expires_in": 3600,
    "issued_at": str(int(time.time() * 1000)), "jwt": "t", "accessToken": "t", "expiresIn": 3600,
    "idToken": "t", "id_token": "t", "refresh_token": "t", "status": "approved",
}  # fmt: skip
DPD_LOGIN = b"""<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>
<ns2:getAuthResponse xmlns:ns2="http://dpd.com/common/service/types/LoginService/2.1"><return>
<delisId>1</delisId><customerUid>1</customerUid><authToken>t</authToken><depot>0530</depot>
<authTokenExpires>2030-01-01T10:00:00.00</authTokenExpires></return></ns2:getAuthResponse>
</soap:Body></soap:Envelope>"""
SETTINGS = dict.fromkeys(
    """account_id account_number api_key client_id client_secret consigner_id consumer_key
    consumer_secret contract_number access_key customer_number delis_id mandator_id org_unit_guid
    org_unit_id passphrase password secret_key sendle_id site_id track_api_key track_secret_key
    username dpd_login dpd_password dpd_client_id dpd_client_secret dpd_bucode customer_id
    user_token contract_id""".split(),  # noqa: SIM905 - a list of thirty quotes is no better
    "1234567890",
)


def address(country):
    code, city, state = PLACES[country]
    return {
        "person_name": "Ada Buyer", "company_name": "Shop", "address_line1": "Long Street 1",
        "street_number": "1", "postal_code": code, "city": city, "state_code": state,
        "country_code": country, "email": "a@example.com", "phone_number": "+4930123456",
    }  # fmt: skip


def request_of(plugin, kind, services):
    home = HOME.get(plugin, "US")
    abroad = "CA" if plugin in ("usps_international",) else home
    parcel = {
        "weight": 1, "weight_unit": "KG", "length": 20, "width": 20, "height": 10,
        "dimension_unit": "CM", "packaging_type": "your_packaging", "reference_number": "1",
        "description": "Goods", "items": [{"title": "Mug", "quantity": 1, "weight": 1,
        "weight_unit": "KG", "value_amount": 10, "value_currency": "EUR", "sku": "M"}],
    }  # fmt: skip
    base = {"shipper": address(home), "recipient": address(abroad), "parcels": [parcel],
            "payment": {"paid_by": "sender"}, "reference": "R",
            "options": {"shipping_date": "2026-11-25T10:00"}}  # fmt: skip
    if kind == "rates":
        return {**base, "services": []}
    if kind in ("ship", "return"):
        service = services[0] if services else "standard"
        return {**base, "service": service, "label_type": "PDF", "is_return": kind == "return"}
    if kind == "pickup":
        return {"pickup_date": "2026-11-25", "ready_time": "10:00", "closing_time": "17:00",
                "address": address(home), "parcels": [parcel], "options": {}}  # fmt: skip
    if kind == "cancel_pickup":
        return {"confirmation_number": "1", "address": address(home), "pickup_date": "2026-11-25"}
    if kind == "manifest":
        return {"shipment_identifiers": ["1"], "address": address(home), "reference": "R",
                "options": {}}  # fmt: skip
    raise AssertionError(kind)


def kind_of(path):
    """What was asked when this answer was recorded, by the name of its file."""
    name = path.stem.lower()
    if "pickup" in name:
        if "update" in name or "modify" in name or "validation" in name or "status" in name:
            return None
        return "cancel_pickup" if "cancel" in name else "pickup"
    for word, kind in (
        ("cancel", "void"), ("void", "void"), ("refund", "void"), ("track", "track"),
        ("rat", "rates"), ("return", "return"), ("manifest", "manifest"), ("scan_form", "manifest"),
        ("shipment", "ship"), ("shipping", "ship"), ("label", "ship"), ("order", "ship"),
    ):  # fmt: skip
        if word in name:
            return kind
    return "track" if "error" in name else None


class Played:
    """Stands in for a carrier's server: every call gets the same answer."""

    def __init__(self, body, status=200):
        self.body = body
        self.status = status
        self.served = 0

    def __call__(self, request, timeout):
        url = request.full_url.lower()
        if "loginservice" in url:
            return self._answer(DPD_LOGIN, 200)
        if any(word in url for word in ("oauth", "token", "authenticate", "/login", "getauth")):
            return self._answer(json.dumps(TOKEN).encode(), 200)
        self.served += 1
        if self.status >= 400:
            raise urllib.error.HTTPError(
                request.full_url, self.status, "", Headers(), io.BytesIO(self.body)
            )
        return self._answer(self.body, self.status)

    @staticmethod
    def _answer(body, status):
        answer = io.BytesIO(body)
        answer.status = status
        answer.headers = Headers()
        answer.headers["X-DPD-TOKEN"] = "t"
        answer.info = lambda: answer.headers
        answer.url = ""
        return answer


def recorded(folder):
    """:return: [(plug-in, path)] of the answers below the folder, requests left out"""
    for path in sorted(Path(folder).rglob("*")):
        name = path.stem.lower()
        if path.suffix in (".json", ".xml") and ("request" not in name or "response" in name):
            yield path.relative_to(folder).parts[0], path


def play(module, plugin, path, status):
    """:return: (kind, Answer, how often the answer was asked for)"""
    kind = kind_of(path)
    if kind is None:
        return None, None, 0
    body = path.read_bytes()
    if body.lstrip().startswith(b'{\n  "responses"'):
        # Karrio keeps some answers wrapped, to make its types of them.
        body = json.dumps(json.loads(body)["responses"]).encode()
    played = Played(body, status)
    names = {name for name, _required in module.fields(plugin)}
    settings = {name: value for name, value in SETTINGS.items() if name in names}
    if "account_country_code" in settings:
        settings["account_country_code"] = HOME.get(plugin, "US")
    client = module.Client(plugin, settings, test_mode=True, send=played)
    if kind == "track":
        answer = client.track(["1Z999", "1Z998"])
    elif kind == "void":
        answer = client.void("1", service=next(iter(module.services(plugin)), None))
    else:
        names = module.services(plugin)
        method = {"return": "ship"}.get(kind, kind)
        for service in itertools.islice(names or [None], 8):
            answer = getattr(client, method)(request_of(plugin, kind, [service] if service else []))
            if played.served:
                break
    return kind, answer, played.served
