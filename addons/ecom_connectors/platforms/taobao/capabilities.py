from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="Taobao / Tmall",
    notes="Answers of taobao.trade.fullinfo.get are read by import_orders; the connector does "
    "not call Taobao.",
)
