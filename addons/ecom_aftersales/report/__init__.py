from . import ecom_return_report
from . import ecom_refund_compare
