from . import ecom_order_reason
