from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="Mercado Libre",
    notes="Orders are read by import_orders; put the answer of /shipments/ID in them as "
    "shipment_detail, for address and cost. The connector does not call Mercado Libre.",
)
