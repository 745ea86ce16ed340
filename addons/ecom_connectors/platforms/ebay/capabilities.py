from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="eBay",
    notes="Answers of the Fulfillment API are read by import_orders; the connector does not "
    "call eBay.",
)
