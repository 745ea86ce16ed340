from . import ecom_refund
