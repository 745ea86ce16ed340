from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="BigCommerce",
    notes="Orders with their products inside (products as a list) are read by import_orders; "
    "the connector does not call the shop.",
)
