from . import test_refund_handling
from . import test_return_money
from . import test_return_goods
from . import test_ticket
from . import test_portal
from . import test_agent_page
from . import test_return_matrix
from . import test_return_report
