from . import ecom_order_reason
from . import ecom_order_bulk
from . import ecom_order_bulk_line
from . import ecom_blacklist_add
from . import ecom_rule_backtest
from . import ecom_rule_backtest_line
from . import ecom_rule_pack
