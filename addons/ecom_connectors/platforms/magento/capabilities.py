from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="Magento",
    notes="Documents of Magento 1 (XML-RPC) and Magento 2 (REST) are read by import_orders; the"
    " connector does not call the shop.",
)
