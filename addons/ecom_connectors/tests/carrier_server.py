"""A carrier's server that sells labels, for tests: it speaks as much of UPS's interface as it
takes to buy, recover, void and track, keeps book of what it sold, and fails on demand."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Handler(BaseHTTPRequestHandler):
    """:cvar carrier: whose server this is"""

    carrier = None

    def log_message(self, *_args):
        pass

    def reply(self, body, status=200):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "oauth" in self.path:
            now = str(int(time.time() * 1000))
            return self.reply({"access_token": "t", "expires_in": "3600", "issued_at": now})
        if "rating" in self.path:
            charge = {"CurrencyCode": "EUR", "MonetaryValue": self.carrier.price}
            rate = {"Service": {"Code": "11"}, "TotalCharges": charge,
                    "TransportationCharges": charge, "BaseServiceCharge": charge,
                    "ServiceOptionsCharges": {**charge, "MonetaryValue": "0"},
                    "ItemizedCharges": []}  # fmt: skip
            return self.reply({"RateResponse": {"RatedShipment": [rate]}})
        if "pickupcreation" in self.path:
            return self.pickup()
        if "recovery" in self.path:
            value = json.loads(raw)["LabelRecoveryRequest"]["ReferenceValues"]
            return self.reply(*self.carrier.answer_recovery(value["ReferenceNumber"]["Value"]))
        return self.sale(json.loads(raw))

    def pickup(self):
        fail, self.carrier.fail = self.carrier.fail, None
        if fail == "refuse":
            error = {"code": "9510113", "message": "Pickup date is in the past"}
            return self.reply({"response": {"errors": [error]}}, 400)
        self.carrier.pickups += 1
        if fail == "drop":
            self.close_connection = True
            return None
        number = f"PRN{self.carrier.pickups:06d}"
        return self.reply({"PickupCreationResponse": {"PRN": number}})

    def sale(self, request):
        fail, self.carrier.fail = self.carrier.fail, None
        if fail == "refuse":
            error = {"code": "120100", "message": "Missing postal code"}
            return self.reply({"response": {"errors": [error]}}, 400)
        if fail == "before":
            self.carrier.asked.set()
            time.sleep(60)
            return None
        number = self.carrier.sell(request)
        if fail == "after":
            self.carrier.asked.set()
            time.sleep(60)
            return None
        if fail == "error":
            return self.reply({"response": {"errors": []}}, 500)
        if fail == "drop":
            self.close_connection = True
            return None
        return self.reply(self.carrier.answer_sale(number))

    def do_DELETE(self):
        self.carrier.voided.append(self.path.split("?")[0].rsplit("/", 1)[-1])
        if "pickup" in self.path:
            done = {"ResponseStatus": {"Code": "1", "Description": "Success"}}
            return self.reply({"PickupCancelResponse": {"Response": done}})
        status = {"ResponseStatus": {"Code": "1", "Description": "Success"}}
        return self.reply({"VoidShipmentResponse": {"Response": status}})

    def do_GET(self):
        number = self.path.split("?")[0].rsplit("/", 1)[-1]
        events = self.carrier.events.get(number)
        if not events:
            error = {"code": "TV1002", "message": "No tracking information available"}
            return self.reply({"response": {"errors": [error]}}, 404)
        return self.reply(
            {"trackResponse": {"shipment": [{"package": [
                {"trackingNumber": number, "deliveryDate": [], "activity": events}
            ]}]}}
        )  # fmt: skip


class Carrier:
    """:param fail: what goes wrong with the next sale: ``before`` (hangs, sells nothing),
    ``after`` (sells, then hangs), ``error`` (sells, answers 500), ``refuse``, ``drop`` (sells,
    closes the connection), or None"""

    def __init__(self):
        self.sold = {}  # reference -> number
        self.requests = {}  # reference -> what was asked for
        self.voided = []
        self.sales = 0
        self.pickups = 0
        self.price = "7.35"  # of the rates
        self.events = {}
        self.fail = None
        self.asked = threading.Event()
        self.knows_references = True
        self._lock = threading.Lock()
        self.server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (_Handler,), {"carrier": self})
        )
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def sell(self, request):
        shipment = request["ShipmentRequest"]["Shipment"]
        references = shipment.get("ReferenceNumber") or []
        references = references if isinstance(references, list) else [references]
        for package in shipment.get("Package") or ():
            found = package.get("ReferenceNumber") or []
            references += found if isinstance(found, list) else [found]
        reference = references[0]["Value"]
        with self._lock:
            self.sales += 1
            number = f"1Z{self.sales:06d}{reference}"
            self.sold.setdefault(reference, []).append(number)
            self.requests[reference] = shipment
        return number

    def answer_sale(self, number):
        charge = {"CurrencyCode": "EUR", "MonetaryValue": "7.35"}
        return {
            "ShipmentResponse": {
                "Response": {"ResponseStatus": {"Code": "1", "Description": "Success"}},
                "ShipmentResults": {
                    "ShipmentCharges": {"TransportationCharges": charge, "TotalCharges": charge},
                    "ShipmentIdentificationNumber": number,
                    "PackageResults": [
                        {
                            "TrackingNumber": number,
                            "ShippingLabel": {
                                "ImageFormat": {"Code": "ZPL"},
                                "GraphicImage": "XlhBXkZEb25lXkZTXlha",
                            },
                        }
                    ],
                },
            }
        }

    def answer_recovery(self, reference):
        if not self.knows_references:
            return {"response": {"errors": [{"code": "1", "message": "not available"}]}}, 400
        if reference not in self.sold:
            error = {"code": "NO_SUCH_REFERENCE", "message": "no label with this reference"}
            return {"response": {"errors": [error]}}, 400
        number = self.sold[reference][0]
        return {
            "LabelRecoveryResponse": {
                "ShipmentIdentificationNumber": number,
                "LabelResults": {
                    "TrackingNumber": number,
                    "LabelImage": {
                        "LabelImageFormat": {"Code": "ZPL"},
                        "GraphicImage": "XlhBXkZEb25lXkZTXlha",
                    },
                },
            }
        }, 200
