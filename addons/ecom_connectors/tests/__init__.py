from . import test_values
from . import test_tabular
from . import test_grouping
from . import test_documents
from . import test_import
from . import test_import_access
from . import test_online_retail
from . import test_import_tour
