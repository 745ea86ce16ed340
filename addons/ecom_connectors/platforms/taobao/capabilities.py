from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="Taobao / Tmall",
    poll=True,
    push_shipment=True,
    credentials={"key": "App Key", "secret": "App Secret", "token": "Session key of the shop"},
    fixed_url="https://eco.taobao.com",
    rates={"default": (5, 150)},
    page_size=50,
    notes="Built by the published contract, not tried on Taobao yet; names and addresses come masked to apps "
    "that Taobao has not cleared for them. A trade is sent in one parcel there. Stock, cancellations and refunds are "
    "not told: money goes back through the platform's own after-sales. The session key is renewed by hand.",
)
