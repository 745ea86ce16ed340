from . import ecom_connect_line
from . import ecom_connect
