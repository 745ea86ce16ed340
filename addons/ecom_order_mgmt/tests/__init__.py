from . import (
    test_access,
    test_change,
    test_customer,
    test_mapping,
    test_pipeline,
    test_refund,
    test_speed,
    test_totals,
)
from . import test_review_rules
from . import test_review_checks
from . import test_review_actions
from . import test_review_people
from . import test_review_engine
from . import test_review_tour
