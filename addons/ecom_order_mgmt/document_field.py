from odoo import fields


class Document(fields.Json):
    """A document as it was received: replaced as a whole, never changed in place.

    Odoo copies a JSON value each time it is read. A document is read some fifty times on its way
    through the pipeline.
    """

    def convert_to_record(self, value, record):
        return False if value is None else value
