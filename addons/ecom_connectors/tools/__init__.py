"""Pure Python: reading files and turning their rows into canonical documents. No `env` here."""

from . import problems
from . import values
from . import xlsx
from . import tabular
from . import json_stream
from . import grouping
from . import columns
from . import headers
from . import choices
from . import documents
