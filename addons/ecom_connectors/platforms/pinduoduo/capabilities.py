from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="Pinduoduo",
    notes="Answers of pdd.order.information.get and pdd.order.number.list.increment.get are "
    "read by import_orders; the connector does not call Pinduoduo.",
)
