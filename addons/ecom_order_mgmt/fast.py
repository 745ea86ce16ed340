"""What one fast confirmation collects: work that Odoo does order by order is done once for all.

The overrides that use it stand in ``models/*_fast.py``. They act only while a :class:`FastRun` is
in the context under ``KEY``; each falls back to Odoo's own code where it cannot vouch for the same
result.
"""

from odoo.tools import OrderedSet

KEY = "ecom_fast"
# In the context while many records are made at once, see models/base_fast.py.
BATCH = "ecom_batch"
# In the context of a confirmation that builds deliveries first and takes the stock last, see
# models/sale_order_late.py.
LATE = "ecom_stock_late"


class FastRun:
    """Collected by the overrides while ``sale.order.action_confirm`` runs, done at its end."""

    def __init__(self, late=False):
        self.collecting = True
        # Whether the stock is taken only after everything is built.
        self.late = late
        # References made for this run: no delivery can exist for them yet.
        self.fresh = set()
        # Keys of deliveries that this run made: a second move of that key is Odoo's to place.
        self.placed = set()
        # Deliveries that this run made, by id: nothing is in them but its moves.
        self.pickings = set()
        self.routes = {}
        self.rules = {}
        self.kits = {}
        self.to_assign = OrderedSet()
        self.to_confirm = OrderedSet()
        # Moves that reordering rules have to be told of, until that is done.
        self.orderpoints = OrderedSet()
        self.collects_orderpoints = True

    def find_kits(self, env, pairs):
        """:param pairs: list of (product, company)
        :return: set of those ids among them whose product is a kit"""
        if "mrp.bom" not in env:
            return set()
        wanted = {(product.id, company.id): (product, company) for product, company in pairs}
        for company in {company for _product, company in wanted.values()}:
            unknown = env["product.product"].union(
                *(p for key, (p, c) in wanted.items() if c == company and key not in self.kits)
            )
            # As in Odoo: whoever sells a kit need not see its bill of materials.
            bom = env["mrp.bom"].sudo()
            boms = unknown and bom._bom_find(unknown, company_id=company.id, bom_type="phantom")
            self.kits.update({(p.id, company.id): bool(boms.get(p)) for p in unknown})
        return {key for key in wanted if self.kits[key]}


def of(record):
    """:return: the FastRun that collects now, or None"""
    run = record.env.context.get(KEY)
    return run if run and run.collecting else None


def only_known(record, method, modules):
    """Whether nobody else changed a method that a fast override goes around.

    :param modules: names of the modules whose versions of `method` are accounted for
    """
    cls = type(record)
    cache = cls.__dict__.get("_ecom_known_methods")
    if cache is None:
        cache = cls._ecom_known_methods = {}
    if method not in cache:
        cache[method] = {
            base._module or ""
            for base in cls.mro()
            if method in base.__dict__ and getattr(base, "_module", None)
        }
    return cache[method] <= modules
