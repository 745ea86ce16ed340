from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="Simulated shop / in-house shop",
    tier="live",
    poll=True,
    webhooks=True,
    register_webhooks=True,
    partial_shipment=True,
    several_parcels=True,
    push_shipment=True,
    push_cancel=True,
    push_refund=True,
    push_stock=True,
    listings=True,
    compare=True,
    credentials={"token": "API token of the shop", "webhook": "Secret that signs webhooks"},
    optional_credentials=("webhook",),
    url_help="http://127.0.0.1:8899, or where your own shop speaks this protocol",
    rates={"default": (50, 500)},
    page_size=50,
    stock_batch=200,
    notes="Speaks the protocol of docs/in-house-shop.md; any shop of your own can do so too.",
)
