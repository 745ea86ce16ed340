from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="Any shop (REST)",
    tier="data",
    poll=True,
    webhooks=True,
    push_shipment=True,
    push_stock=True,
    partial_shipment=True,
    credentials={
        "token": "Token, or password",
        "key": "User name, where the shop asks for one",
        "webhook": "Secret that signs webhooks",
    },
    optional_credentials=("token", "key", "webhook"),
    url_help="https://shop.example.com",
    rates={"default": (2, 20)},
    page_size=50,
    stock_batch=50,
    notes="What the addresses and the documents look like is set on the page Any Shop.",
)
