from . import ecom_return_report
from . import ecom_refund_compare
from . import ecom_rating_report
