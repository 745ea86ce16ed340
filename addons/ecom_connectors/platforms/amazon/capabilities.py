from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="Amazon",
    tier="contract",
    poll=True,
    partial_shipment=True,
    several_parcels=True,
    push_shipment=True,
    push_stock=True,
    refunds_apart=True,
    listings=True,
    compare=True,
    credentials={
        "account": "Seller id (merchant token)",
        "key": "LWA client id",
        "secret": "LWA client secret",
        "token": "LWA refresh token",
    },
    url_help="https://sellingpartnerapi-eu.amazon.com (or -na, -fe)",
    # Calls per second and burst, as the contracts state them.
    rates={
        "getOrders": (0.0167, 20),
        "getOrder": (0.5, 30),
        "getOrderItems": (0.5, 30),
        "searchOrders": (0.0056, 20),
        "confirmShipment": (2, 10),
        "listings": (5, 10),
        "tokens": (1, 10),
        "finances": (0.5, 30),
        "createFeedDocument": (0.5, 15),
        "createFeed": (0.0083, 15),
        "getFeed": (2, 15),
        "getFeeds": (0.0222, 10),
        "getFeedDocument": (0.0222, 10),
        "default": (1, 10),
    },
    page_size=100,
    stock_batch=20,
    stock_feed=100,
    notes="Orders that Amazon ships itself are kept for the books and reserve no stock here. Read the "
    "catalogue before you publish stock: it tells which listings Amazon ships itself, and these are not told "
    "any. From 100 changed listings on they go as one file, which Amazon works through within minutes. "
    "Connector settings: marketplaces (list of marketplace ids), orders_api ('2026-01-01' or 'v0'). "
    "Amazon has no call by which a seller refunds or cancels an order (both were feeds for XML, which "
    "Amazon has retired); do that in Seller Central. It comes back here by itself: cancellations with the orders, refunds from "
    "the finances, which need the role Finance and Accounting.",
)
