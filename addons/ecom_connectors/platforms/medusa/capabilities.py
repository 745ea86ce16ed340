from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="Medusa",
    tier="live",
    poll=True,
    webhooks=True,
    partial_shipment=True,
    several_parcels=True,
    push_shipment=True,
    push_cancel=True,
    push_refund=True,
    returns=True,
    push_return=True,
    push_stock=True,
    stock_by_location=True,
    listings=True,
    compare=True,
    credentials={"token": "Secret API key (sk_…)", "webhook": "Secret of the webhook subscriber"},
    optional_credentials=("webhook",),
    url_help="Address of the Medusa server, e.g. https://api.shop.example.com",
    rates={"default": (10, 100)},
    page_size=50,
    stock_batch=100,
    notes="Medusa sends no webhooks of its own: a subscriber in the shop posts order events, signed "
    "with X-Medusa-Signature (base64 HMAC-SHA256 of the body), to the webhook address. "
    "A return that was requested stands there without an answer; one that is declined here is cancelled there.",
)
