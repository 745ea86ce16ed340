from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="Odoo shop",
    tier="live",
    poll=True,
    partial_shipment=True,
    push_shipment=True,
    push_cancel=True,
    push_refund=True,
    push_stock=True,
    listings=True,
    compare=True,
    credentials={"account": "Database", "token": "API key of a user of the shop"},
    optional_credentials=("account",),
    url_help="Address of the other Odoo 19, e.g. https://shop.example.com",
    rates={"default": (10, 100)},
    page_size=40,
    stock_batch=50,
    notes="Reads the orders of another Odoo's website over JSON-2. Refunds go through the payment "
    "provider of that shop, where it can give money back; the credit note in that shop's own books is "
    "made there.",
)
