from . import (
    test_access,
    test_change,
    test_customer,
    test_mapping,
    test_pipeline,
    test_refund,
    test_shipment,
    test_speed,
    test_totals,
    test_tracking,
    test_tracking_page,
    test_delivery_option,
)
