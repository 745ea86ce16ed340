from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="WooCommerce",
    tier="contract",
    poll=True,
    webhooks=True,
    register_webhooks=True,
    push_shipment=True,
    several_parcels=True,
    push_cancel=True,
    push_refund=True,
    push_stock=True,
    listings=True,
    compare=True,
    credentials={
        "key": "Consumer key (ck_…)",
        "secret": "Consumer secret (cs_…)",
        "webhook": "Secret of the webhooks",
    },
    optional_credentials=("webhook",),
    url_help="Address of the WordPress site, e.g. https://shop.example.com",
    # The shop has no limit of its own; its server is not to be overrun.
    rates={"default": (10, 200)},
    page_size=50,
    stock_batch=100,
    notes="WooCommerce has no parcels of its own: tracking numbers go to the order as a note to the "
    "customer and in the field that tracking plug-ins read. An order is marked as completed when "
    "its last piece has left. Refunds go through the order's payment method where that can give "
    "money back (it says so in the shop); elsewhere they are noted, and a person sends the money.",
)
