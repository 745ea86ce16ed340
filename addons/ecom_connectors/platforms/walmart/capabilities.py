from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="Walmart",
    poll=True,
    partial_shipment=True,
    several_parcels=True,
    push_shipment=True,
    push_stock=True,
    compare=True,
    credentials={"key": "Client id", "secret": "Client secret"},
    url_help="https://marketplace.walmartapis.com",
    rates={"orders": (10, 200), "inventory": (3, 60), "default": (1, 20)},
    page_size=100,
    stock_batch=50,
    notes="US marketplace, built by the published contract and not tried on Walmart yet; documents of CA and MX are "
    "read by import_orders. New orders are acknowledged when they are read. Refunds and cancellations are not told: "
    "Walmart wants its own reasons and charges for each line. Connector settings: carriers, e.g. {'UPS Ground': 'UPS'}.",
)
