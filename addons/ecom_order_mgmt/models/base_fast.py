from odoo import models

from ..fast import BATCH

_USUAL = (models.BaseModel._check_company_domain, models.check_company_domain_parent_of)


class Base(models.AbstractModel):
    """What Odoo checks record by record, while many are made at once."""

    _inherit = "base"

    def _check_company(self, fnames=None):
        """Records that agree in their company and in a value agree in the verdict: one of them is
        checked. An error names that one."""
        if BATCH not in self.env.context or len(self) < 10 or "company_id" not in self._fields:
            return super()._check_company(fnames)
        if fnames is None or {"company_id", "company_ids"} & set(fnames):
            fnames = self._fields
        fields = [
            field
            for field in map(self._fields.get, fnames)
            if field.relational and field.check_company
        ]
        if any(field.name in ("company_id", "company_ids") for field in fields):
            return super()._check_company()
        # As in Odoo: whoever writes need not see what is compared.
        records = self.sudo()
        companies = [record.company_id.id for record in records]
        for field in fields:
            # By Odoo's usual tests only the value's company matters, not which value it is.
            comodel = type(self.env[field.comodel_name])
            usual = "company_id" in comodel._fields and comodel._check_company_domain in _USUAL
            chosen = {}
            for record, company in zip(records, companies, strict=True):
                values = record[field.name]
                if values:
                    value = values.company_id if usual and len(values) == 1 else values
                    chosen.setdefault((company, value._ids), record.id)
            super(Base, self.browse(chosen.values()))._check_company([field.name])
        return None
