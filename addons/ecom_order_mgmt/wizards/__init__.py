from . import ecom_order_reason
from . import ecom_fulfilment_wizards
