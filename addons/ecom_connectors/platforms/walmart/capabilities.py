from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="Walmart",
    notes="Orders of the marketplace APIs (US, CA, MX) are read by import_orders; the connector"
    " does not call Walmart.",
)
