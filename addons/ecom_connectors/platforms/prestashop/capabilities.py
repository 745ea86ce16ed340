from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="PrestaShop",
    tier="contract",
    poll=True,
    push_shipment=True,
    push_cancel=True,
    push_refund=False,
    push_stock=True,
    listings=True,
    compare=True,
    credentials={"key": "Webservice key"},
    url_help="Address of the shop, e.g. https://shop.example.com",
    rates={"default": (5, 40)},
    page_size=50,
    stock_batch=20,
    notes="PrestaShop sends no webhooks: orders are read by poll. Which of the shop's order states "
    "mean paid, shipped and cancelled is read from the shop.",
)
