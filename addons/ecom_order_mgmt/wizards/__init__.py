from . import ecom_order_reason
from . import ecom_replenishment_answer
from . import ecom_demand_import
