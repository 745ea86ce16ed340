from . import (
    test_access,
    test_change,
    test_customer,
    test_fast_confirm,
    test_mapping,
    test_oversell,
    test_pipeline,
    test_refund,
    test_shipment,
    test_sourcing,
    test_speed,
    test_totals,
)
