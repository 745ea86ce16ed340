from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="Vendure",
    tier="live",
    poll=True,
    webhooks=True,
    partial_shipment=True,
    several_parcels=True,
    push_shipment=True,
    push_cancel=True,
    push_refund=True,
    push_stock=True,
    stock_by_location=True,
    listings=True,
    compare=True,
    credentials={"token": "API key (id:secret)", "webhook": "Secret of the webhook plug-in"},
    optional_credentials=("webhook",),
    url_help="Address of the Vendure server, e.g. https://api.shop.example.com",
    rates={"default": (10, 100)},
    page_size=50,
    stock_batch=50,
    notes="API keys need tokenMethod 'api-key' in the shop's configuration. Vendure sends no "
    "webhooks of its own: a plug-in in the shop posts state changes, signed with "
    "X-Vendure-Signature (base64 HMAC-SHA256 of the body), to the webhook address.",
)
