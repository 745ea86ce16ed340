"""Limits and names that several models use."""

from .tools.columns import FIELDS

FIELD_SELECTION = [(path, field.label) for path, field in FIELDS.items()]

# How many problems of a check are kept to be looked at; all of them are counted.
SHOWN_PROBLEMS = 200
# How many rejected rows are kept for the download.
MAX_REJECTS = 20000
# Orders that one transaction takes in. A kill costs at most this many.
CHUNK = 100
CHECK_CHUNK = 1000
PREVIEW_ORDERS = 5
# A file with at most this many rows is imported while the user waits.
PARAM_INLINE_ROWS = "ecom_connectors.inline_rows"
INLINE_ROWS = 5000
# Megabytes of a file as it is sent, packed or not.
PARAM_MAX_SIZE = "ecom_connectors.max_file_mb"
MAX_SIZE = 256

# Key under which a document of a file carries what is wrong with its rows; _map_document makes of
# it the reason why the order is parked.
PROBLEMS_KEY = "file_problems"
