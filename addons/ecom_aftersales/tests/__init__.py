from . import test_refund_handling
from . import test_return_money
from . import test_return_goods
from . import test_ticket
