from . import (
    test_access,
    test_change,
    test_customer,
    test_fast_confirm,
    test_fulfilment,
    test_fulfilment_tour,
    test_mapping,
    test_oversell,
    test_pipeline,
    test_refund,
    test_shipment,
    test_sourcing,
    test_sourcing_reach,
    test_sourcing_supply,
    test_speed,
    test_totals,
    test_turns,
    test_demand,
    test_replenishment,
    test_replenishment_access,
    test_tracking,
    test_tracking_page,
    test_tracking_speed,
    test_replenishment_tour,
    test_stock_health,
    test_replenishment_simulation,
    test_replenishment_month,
    test_replenishment_nightly,
    test_demand_import,
    test_delivery_option,
    test_promotion,
    test_delivery_window,
    test_checkout_option,
    test_checkout_day,
    test_buyer_notice,
    test_late,
    test_give_up,
    test_keep,
    test_sourcing_make,
)
from . import test_review_rules
from . import test_review_checks
from . import test_review_actions
from . import test_review_people
from . import test_review_engine
from . import test_review_tour
from . import test_rule_stages
from . import test_interception
from . import test_sourcing_random
