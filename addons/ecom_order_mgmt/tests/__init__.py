from . import (
    test_access,
    test_change,
    test_customer,
    test_mapping,
    test_pipeline,
    test_refund,
    test_speed,
    test_totals,
    test_demand,
    test_replenishment,
    test_replenishment_tour,
    test_stock_health,
)
