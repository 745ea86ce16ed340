from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="Shopify",
    tier="contract",
    poll=True,
    webhooks=True,
    register_webhooks=True,
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
    credentials={
        "token": "Admin API access token (shpat_…)",
        "webhook": "Client secret of the app, which signs webhooks",
    },
    optional_credentials=("webhook",),
    url_help="https://your-shop.myshopify.com",
    # Cost points, as the smallest plan has them; each answer tells what is really left.
    rates={"default": (100, 2000)},
    page_size=25,
    stock_batch=100,
    notes="Uses the GraphQL Admin API. The app needs the scopes read_all_orders, write_orders, "
    "write_merchant_managed_fulfillment_orders, write_inventory, read_products and read_locations; read_returns and "
    "write_returns where requests to return are read and answered.",
)
