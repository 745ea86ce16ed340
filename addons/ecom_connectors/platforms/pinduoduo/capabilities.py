from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="Pinduoduo",
    poll=True,
    push_shipment=True,
    credentials={"key": "client_id", "secret": "client_secret", "token": "access_token of the shop"},
    fixed_url="https://gw-api.pinduoduo.com",
    rates={"default": (5, 150)},
    page_size=50,
    notes="Built by the published contract, not tried on Pinduoduo yet. An order is sent in one parcel there. Stock, "
    "cancellations and refunds are not told: stock wants goods numbers that orders do not hold, and money goes back "
    "through the platform's own after-sales. The access token is renewed by hand (Connection, Token).",
)
