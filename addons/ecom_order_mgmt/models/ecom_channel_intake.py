from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ..concurrency import create_once
from ..tools import canonical, text
from ..tools.canonical import InvalidDocument

MAX_DOCUMENTS = 5000


class EcomChannel(models.Model):
    _inherit = "ecom.channel"

    # === INTAKE === #

    def import_orders(self, documents):
        """Store documents of this channel and start their processing.

        One bad document never stops the others: what cannot be read is stored too, parked with
        its cause. The same document sent again changes nothing, however often.

        :param list documents: the platform's own payloads, in the shape that the channel's
            connector reads (canonical documents for connector `api`)
        :return: one dict per document, in the same order, with `external_id`, `outcome`
            ('created', 'updated', 'unchanged', 'stale' or 'parked'), `order_id` (of ecom.order),
            `cause` and `message`
        :raise UserError: not called on one channel, or not with a list
        """
        self.ensure_one()
        self._check_may_import()
        if not isinstance(documents, list):
            raise UserError(self.env._("import_orders needs a list of documents."))
        if len(documents) > MAX_DOCUMENTS:
            raise UserError(
                self.env._("At most %(max)s documents can be sent at once.", max=MAX_DOCUMENTS)
            )
        # Orders, refunds and mapping requests are written by the intake only, on behalf of
        # whoever may import.
        return self.sudo()._ingest(documents)

    def _check_may_import(self):
        """:raise AccessError: the user is no reviewer, or must not see these channels"""
        if not self.env.su and not self.env.user.has_group("ecom_order_mgmt.group_ecom_reviewer"):
            raise AccessError(self.env._("Only reviewers may import and process orders."))
        self.check_access("read")

    def _map_document(self, document):
        """Hook of the connectors. :return: canonical document
        :raise InvalidDocument: `document` cannot be read"""
        self.ensure_one()
        return document

    def _ingest(self, documents, source="api"):
        """:meth:`import_orders` for internal callers. `source`: as on ecom.order"""
        self.ensure_one()
        self = self.with_company(self.company_id)
        entries = [self._prepare_entry(document) for document in documents]
        orders = [entry for entry in entries if entry["type"] == "order"]
        refunds = [entry for entry in entries if entry["type"] == "refund"]
        if orders:
            self._ingest_orders(orders, source)
        if refunds:
            self.env["ecom.refund"]._ingest(self, refunds)
        returns = [entry for entry in entries if entry["type"] == "return"]
        if returns:
            self._ingest_returns(returns)
        if any(entry["outcome"] in ("created", "updated") for entry in orders):
            self._trigger_processing()
        return [
            {key: entry[key] for key in ("external_id", "outcome", "order_id", "cause", "message")}
            for entry in entries
        ]

    def _prepare_entry(self, raw):
        """:return: what intake knows of one document; `document` is None where it is unreadable"""
        entry = {
            "raw": raw,
            "document": None,
            "type": "order",
            "external_id": None,
            "outcome": None,
            "order_id": False,
            "cause": False,
            "message": False,
        }
        try:
            document = canonical.normalise(self._map_document(raw))
            entry.update(
                document=document, type=document["type"], external_id=document["external_id"]
            )
        except InvalidDocument as error:
            entry.update(
                external_id=error.external_id,
                type=error.document_type,
                cause="invalid_document",
                message=str(error),
            )
        return entry

    def _ingest_returns(self, entries):
        """Hook: take in what buyers ask of the channel after the sale; fills outcome of the entries.

        The channel tells it again with every change: nothing is lost where nobody takes it.
        """
        for entry in entries:
            entry.update(
                outcome="parked",
                cause=entry["cause"] or "no_aftersales",
                message=entry["message"]
                or self.env._("Requests to return need the addon E-commerce After-Sales."),
            )

    def _ingest_orders(self, entries, source):
        """Store order documents; fills outcome and order_id of the entries."""
        for entry in entries:
            if entry["external_id"] is None:
                # Without an id of its own it is known by its content, so that sending it twice
                # does not store it twice.
                entry["key"] = "?" + text.digest(repr(entry["raw"]))[:40]
            else:
                entry["key"] = entry["external_id"]
        known = self._lock_known(entries)
        currencies = self._get_currencies(entries)
        # Several documents of one order may stand in one call: they are taken in their order,
        # and only what is left at the end is written.
        creates, updates = {}, {}
        for entry in entries:
            order = known.get(entry["key"])
            current = creates.get(entry["key"]) or updates.get(entry["key"])
            entry["outcome"] = self._weigh(entry, order, current)
            if entry["outcome"] in ("unchanged", "stale"):
                continue
            vals = self._prepare_order_vals(entry, order, current, source)
            vals["currency_id"] = currencies.get(vals.get("currency_code"), False)
            (updates if order else creates)[entry["key"]] = vals
        created = self._create_orders(list(creates.values()))
        known |= {order.external_id: order for order in created}
        changed = self.env["ecom.order"]
        for key, vals in updates.items():
            if known[key]._apply_document_vals(vals):
                changed |= known[key]
        self._resolve_now((created | changed).filtered(lambda order: order.state == "received"))
        for entry in entries:
            order = known[entry["key"]]
            entry["order_id"] = order.id
            if entry["document"] is not None and entry["outcome"] != "stale":
                entry["cause"], entry["message"] = order.cause, order.cause_message
                if order.state == "parked":
                    entry["outcome"] = "unchanged" if entry["outcome"] == "unchanged" else "parked"

    def _get_currencies(self, entries):
        """:return: {code: id}, also of inactive ones: the order shows what it is in"""
        codes = {entry["document"]["currency"] for entry in entries if entry["document"]}
        currencies = self.env["res.currency"].with_context(active_test=False)
        return {c.name: c.id for c in currencies.search([("name", "in", list(codes))])}

    def _lock_known(self, entries):
        """:return: {key: order} of the orders that are stored already; those that a document will
        change are locked, in the order of their ids so that two calls cannot block each other"""
        orders = self.env["ecom.order"].search_fetch(
            [
                ("channel_id", "=", self.id),
                ("external_id", "in", list({entry["key"] for entry in entries})),
            ],
            ["external_id", "digest", "external_updated_at", "state", "document"],
        )
        known = {order.external_id: order for order in orders}
        to_change = {
            known[entry["key"]].id
            for entry in entries
            if entry["key"] in known
            and self._weigh(entry, known[entry["key"]], None) not in ("unchanged", "stale")
        }
        if to_change:
            # Waits for whoever works on the order. If that changed it, PostgreSQL reports a
            # serialization failure and the whole call runs again on the new state.
            self.env.cr.execute(
                "SELECT id FROM ecom_order WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
                [sorted(to_change)],
            )
        return known

    def _weigh(self, entry, order, current):
        """:return: outcome of a document against what is stored (`order`) or about to be
        (`current`: values of an earlier document of the same call)"""
        document = entry["document"]
        if document is None:
            same = current and current.get("cause") == "invalid_document"
            if order and not current:
                same = order.state == "parked" and not order.document
            return "unchanged" if same and entry["external_id"] is None else "parked"
        before = current or (order and {
            "digest": order.digest,
            "external_updated_at": order.external_updated_at,
            "document": order.document,
        })  # fmt: skip
        if not before:
            return "created"
        if not before.get("document"):
            return "updated" if order else "created"
        version, known = canonical.version(document), before["external_updated_at"]
        if version and known and version < known.replace(microsecond=0):
            return "stale"
        merged = canonical.merge(before["document"], document)
        if canonical.digest(merged) == before["digest"]:
            later = version and known and version.replace(microsecond=0) > known
            if order and not current and later:
                order.external_updated_at = version
            return "unchanged"
        return "updated" if order else "created"

    def _prepare_order_vals(self, entry, order, current, source):
        document = entry["document"]
        if document is None:
            return {
                "channel_id": self.id,
                "external_id": entry["key"],
                "number": self._guess_number(entry, current),
                **{k: v for k, v in (current or {}).items() if k not in ("cause", "state")},
                "raw_document": self._storable(entry["raw"]),
                "state": "parked",
                "cause": "invalid_document",
                "cause_message": entry["message"],
                "source": source,
                "received_at": fields.Datetime.now(),
            }
        known = (current or {}).get("document") or (order and order.document) or {}
        document = canonical.merge(known, document)
        return {
            "channel_id": self.id,
            "external_id": entry["key"],
            "state": "received",
            "cause": False,
            "cause_message": False,
            "source": source,
            "received_at": fields.Datetime.now(),
            "document": document,
            "raw_document": (
                self._storable(entry["raw"]) if self.connector not in ("api", "file") else False
            ),
            "digest": canonical.digest(document),
            **self.env["ecom.order"]._prepare_document_facts(document),
        }

    def _guess_number(self, entry, current):
        """:return: by what a person may find an order whose document cannot be read"""
        raw = entry["raw"] if isinstance(entry["raw"], dict) else {}
        number = raw.get("number")
        if isinstance(number, str) and number.strip():
            return text.clean(number).strip()[:128]
        return (current or {}).get("number") or entry["key"]

    def _storable(self, raw):
        try:
            return text.clean(raw)
        except ValueError:
            return repr(raw)[:20000]

    def _create_orders(self, vals_list):
        orders = create_once(self.env["ecom.order"].with_context(tracking_disable=True), vals_list)
        return orders.with_context(tracking_disable=False)

    def _resolve_now(self, orders):
        """Look up at once what the documents name, so that the caller hears what is missing."""
        orders._park_unresolved()
