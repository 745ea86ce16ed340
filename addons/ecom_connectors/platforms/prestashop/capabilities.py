from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="PrestaShop",
    tier="contract",
    poll=True,
    push_shipment=True,
    push_cancel=True,
    push_refund=True,
    push_stock=True,
    listings=True,
    compare=True,
    credentials={"key": "Webservice key"},
    url_help="Address of the shop, e.g. https://shop.example.com",
    rates={"default": (5, 40)},
    page_size=50,
    stock_batch=20,
    notes="PrestaShop sends no webhooks: orders are read by poll. Which of the shop's order states "
    "mean paid, shipped and cancelled is read from the shop. The key needs to read addresses, carriers, "
    "combinations, countries, currencies, customers, order_carriers, order_slip, order_states, orders, "
    "products, shops, states and stock_availables, to change order_carriers and stock_availables, and to "
    "add order_histories and order_slip. A refund makes a credit slip there; the webservice moves no money. "
    "Connector settings: order_states (e.g. {'shipped': 4, 'cancelled': 6}), send_mails (the shop writes to the buyer).",
)
