from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="Saleor",
    tier="contract",
    poll=True,
    webhooks=True,
    register_webhooks=True,
    partial_shipment=True,
    several_parcels=True,
    push_shipment=True,
    push_cancel=True,
    push_refund=True,
    push_stock=True,
    stock_by_location=True,
    listings=True,
    compare=True,
    credentials={
        "token": "Token of an app",
        "webhook": "Secret of the webhooks",
    },
    optional_credentials=("webhook",),
    url_help="Address of the API, e.g. https://shop.example.com/graphql/",
    rates={"default": (10, 100)},
    page_size=50,
    stock_batch=50,
    notes="The app needs MANAGE_ORDERS, MANAGE_PRODUCTS, HANDLE_PAYMENTS (for refunds) and, for webhooks, "
    "MANAGE_APPS. Where no payment app takes refunds, they are granted there and the money is sent by hand.",
)
