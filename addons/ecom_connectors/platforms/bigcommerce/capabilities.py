from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="BigCommerce",
    poll=True,
    partial_shipment=True,
    several_parcels=True,
    push_shipment=True,
    push_cancel=True,
    push_stock=True,
    listings=True,
    compare=True,
    credentials={"token": "API account's access token (X-Auth-Token)"},
    url_help="https://api.bigcommerce.com/stores/STORE_HASH",
    rates={"default": (4, 150)},
    page_size=20,
    stock_batch=50,
    notes="Built by the published contract, not tried on a shop yet. Refunds are read; they are not told, as "
    "BigCommerce computes their tax itself in a quote that a person confirms. Its webhooks bear no signature, so "
    "that orders are polled. Connector settings: carriers, e.g. {'UPS Standard': 'ups'}.",
)
