from odoo import fields, models

from ..exceptions import EcomConnectorError, EcomDataError


class EcomChannel(models.Model):
    """Telling a shop its stock: in batches, or many listings in one file, each with its ledger row."""

    _inherit = "ecom.channel"

    def _sync_stock(self, sync, totals):
        """Publish what changed. None is told at once, in batches, none first."""
        if self.stock_blocked or not self.stock_publish or not self.can_push_stock:
            return
        handler = self._get_handler()
        totals["stock_sent"] += self._follow_feeds(handler)
        started = fields.Datetime.now()
        listings = self._get_stock_listings(sync)
        changes = self._get_stock_changes(listings)
        reason = self._get_stock_alarm(changes)
        if reason:
            self._block_stock(reason)
            return
        sync.cursor_at = started
        size = handler._get_capabilities().stock_batch
        ordered = sorted(changes.items(), key=lambda item: (bool(item[1][1]), item[0].id))
        if not self.connector_shadow:
            ordered = self._leave_to_feed(handler, ordered)
        if len(ordered) > size and not self.connector_shadow:
            # What this run does not get to is told in the next one, whether it moves again or not.
            self._tell_again(ordered)
        for start in range(0, len(ordered), size):
            totals["stock_sent"] += self._push_stock_batch(handler, ordered[start : start + size])
            self._commit_batch()

    def _push_stock_batch(self, handler, batch):
        """:return: how many the shop took"""
        pushes = self._write_ledger(batch)
        if self.connector_shadow:
            return 0
        self._commit_batch()
        items = self._get_stock_items(batch)
        answers, error = self._tell_stock(handler, items)
        taken = self._store_answers(batch, pushes, answers, error)
        if error:
            # What was told is kept; the rest is told in the next run.
            self._commit_batch()
            raise error
        return taken

    def _tell_again(self, batch):
        """The next run tells these, whether they move again or not."""
        self.env["ecom.listing"].browse([entry[0].id for entry in batch]).stock_stale = True

    def _get_stock_items(self, batch):
        """:return: list of what the connector is told, see ``ecom.connector._push_stock``"""
        return [
            {"key": listing.key, "quantity": number, **one}
            for listing, (_available, number, _formula) in batch
            for one in listing._get_published()
        ]

    def _write_ledger(self, batch, feed=None):
        """:return: a row per listing of what it is about to be told. Until the shop has said yes, it
        may show one or the other: the listing is told again then."""
        Push = self.env["ecom.stock.push"].sudo()
        now = fields.Datetime.now()
        # Of an earlier one that got no answer nobody knows; this one replaces it.
        Push.search(
            [("listing_id", "in", [entry[0].id for entry in batch]), ("state", "=", "sent")]
        ).state = "superseded"
        pushes = Push.create(
            [
                {
                    "listing_id": listing.id,
                    "channel_id": self.id,
                    "state": "shadow" if self.connector_shadow else "sent",
                    "available": available,
                    "quantity": number,
                    "before": listing.published_quantity,
                    "formula": formula[:512],
                    "sent_at": now,
                    "feed_id": feed.id if feed else False,
                }
                for listing, (available, number, formula) in batch
            ]
        )
        if not self.connector_shadow:
            self._tell_again(batch)
        return pushes

    def _tell_stock(self, handler, items):
        """:return: ({key: None or why it was refused}, the error that stopped the rest or None)"""
        answers, size = {}, handler._get_capabilities().stock_batch
        for start in range(0, len(items), size):
            try:
                told = self._tell_part(handler, items[start : start + size])
            except EcomConnectorError as error:
                told = error.told or {}
                left = {item["key"] for item in items[start:]} - set(told)
                left |= {item["key"] for item in items[start + size :]}
                answers = {**told, **answers}
                return {key: said for key, said in answers.items() if key not in left}, error
            for key, refused in told.items():
                answers[key] = answers.get(key) or refused
        return answers, None

    def _tell_part(self, handler, items):
        """One listing that the shop refuses must not keep it from hearing of the others: where it
        refuses several at once, each half is told by itself. What it did not say itself (a setting
        that is missing here) is about no listing."""
        try:
            return handler._push_stock(self, items)
        except EcomDataError as error:
            if error.answer is None:
                raise
            if len(items) == 1:
                return {items[0]["key"]: error.message}
        told = {}
        for part in (items[: len(items) // 2], items[len(items) // 2 :]):
            try:
                for key, refused in self._tell_part(handler, part).items():
                    told[key] = told.get(key) or refused
            except EcomConnectorError as error:
                error.told = {**told, **(error.told or {})}
                raise
        return told

    def _store_answers(self, batch, pushes, answers, error=None):
        """Write into the ledger what the shop said. :return: how many it took"""
        done = fields.Datetime.now()
        taken = 0
        for (listing, (_available, number, _formula)), push in zip(batch, pushes, strict=True):
            if error and listing.key not in answers:
                continue
            refused = answers.get(listing.key, self.env._("The shop did not answer for it."))
            if refused:
                push.write({"state": "refused", "message": str(refused)[:512]})
                listing.write({"stock_stale": False, "published_at": done, "stock_message": str(refused)[:512],
                               "published_quantity": number})  # fmt: skip
                continue
            taken += 1
            push.write({"state": "acknowledged", "acknowledged_at": done})
            listing.write(
                {"published_quantity": number, "published_at": done, "stock_stale": False, "stock_message": False}
            )
        return taken
