from odoo import fields, models


class EcomImportStop(models.Model):
    """Somebody wants an import to stop, and a worker has its row in hand.

    The worker locks the import from one chunk to the next with hardly a gap between; a request
    that waits for that lock would lose the race again and again. A row of its own waits for
    nobody, and the worker finds it before its next chunk.
    """

    _name = "ecom.import.stop"
    _description = "Request to Stop an Import"

    import_id = fields.Many2one("ecom.import", required=True, ondelete="cascade", index=True)
