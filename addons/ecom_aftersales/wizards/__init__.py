from . import ecom_return_new
from . import ecom_return_decide
