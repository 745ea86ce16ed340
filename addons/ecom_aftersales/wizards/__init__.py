from . import ecom_return_new
from . import ecom_return_decide
from . import ecom_return_new_ticket
from . import ecom_ticket_split
from . import stock_return_picking
from . import ecom_order_address
