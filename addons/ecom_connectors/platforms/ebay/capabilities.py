from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="eBay",
    poll=True,
    partial_shipment=True,
    several_parcels=True,
    push_shipment=True,
    push_stock=True,
    compare=True,
    credentials={"key": "App id (client id)", "secret": "Cert id (client secret)", "token": "Refresh token of the seller"},
    url_help="https://api.ebay.com",
    rates={"default": (5, 50)},
    page_size=100,
    stock_batch=25,
    notes="Built by the published contract, not tried on eBay yet. Stock is published for offers that the Inventory "
    "API manages, by SKU. Refunds and cancellations are not told: eBay wants both signed with a key of its own. "
    "Connector settings: content_language (e.g. 'de-DE'), carriers, e.g. {'DHL Paket': 'DHL'}.",
)
