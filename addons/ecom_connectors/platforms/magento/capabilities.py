from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="Magento",
    poll=True,
    partial_shipment=True,
    several_parcels=True,
    push_shipment=True,
    push_cancel=True,
    push_stock=True,
    stock_by_location=True,
    listings=True,
    compare=True,
    credentials={"token": "Access token of an integration"},
    url_help="Address of the Magento 2 shop, e.g. https://shop.example.com",
    rates={"default": (5, 60)},
    page_size=50,
    stock_batch=100,
    notes="Magento 2.4 over REST, built by the published contract and not tried on a shop yet; the shop must allow "
    "access tokens as bearer tokens. Documents of Magento 1 (XML-RPC) are read by import_orders. Refunds are not "
    "told: a credit memo there refunds whole lines by its own rules. Connector settings: source_code (stock source), "
    "carriers, e.g. {'UPS Standard': 'ups'}.",
)
