from datetime import timedelta

from odoo import fields, models

from ..exceptions import EcomConnectorError, EcomDataError

# As many listings as one file may hold.
FEED_MAX = 10000
# A platform that has not worked through a file by then will not do so any more.
PATIENCE = timedelta(days=1)
LOOK_AGAIN = timedelta(minutes=2)


class EcomChannel(models.Model):
    """Stock for platforms that take many listings as one file and answer later."""

    _inherit = "ecom.channel"

    def _get_open_feeds(self):
        return (
            self.env["ecom.stock.feed"]
            .sudo()
            .search([("channel_id", "=", self.id), ("state", "in", ("waiting", "sent"))], order="id")
        )

    def _leave_to_feed(self, handler, changes):
        """Hand over many changes as one file.

        While the platform works through a file, what it holds is not told a second time; only what
        fell further is, one by one, and told again when the file is done: nobody knows in which
        order the platform took the two.

        :param changes: list of (listing, (available, quantity, formula)), none first
        :return: those that are told one by one now
        """
        least = handler._get_capabilities().stock_feed
        if not least:
            return changes
        feeds = self._get_open_feeds()
        if not feeds:
            if len(changes) < least or self._feeds_fail():
                return changes
            self._send_feed(handler, changes[:FEED_MAX])
            self._tell_again(changes[FEED_MAX:])
            return []
        pushes = feeds.push_ids.filtered(lambda push: push.state == "sent")
        told = {push.listing_id: push.quantity for push in pushes}
        todo = [(one, values) for one, values in changes if one not in told or values[1] < told[one]]
        # What fell goes first; the rest keeps its order.
        todo.sort(key=lambda e: bool(e[0].published_at) and e[1][1] >= e[0].published_quantity)
        now, late = todo[: least - 1], todo[least - 1 :]
        self._tell_again(late)
        return now

    def _feeds_fail(self):
        """Whether the platform refused the last file, not long ago: then each listing is told alone."""
        last = self.env["ecom.stock.feed"].sudo().search([("channel_id", "=", self.id)], limit=1)
        return last.state == "failed" and last.create_date > fields.Datetime.now() - PATIENCE

    def _send_feed(self, handler, batch):
        feed = self.env["ecom.stock.feed"].sudo().create(
            {"channel_id": self.id, "items": self._get_stock_items(batch)}
        )  # fmt: skip
        self._write_ledger(batch, feed)
        self._commit_batch()
        self._hand_over(handler, feed)

    def _hand_over(self, handler, feed):
        """:raise: the exceptions of a call; the next run takes it up where it stopped"""
        try:
            handler._submit_stock(self, feed)
        except EcomDataError as error:
            self._close_feed(feed, "failed", error.message)
            self._commit_batch()
            raise
        feed._keep(state="sent", message=False)
        self._look_again()

    def _look_again(self):
        cron = self.env.ref("ecom_connectors.ir_cron_stock", raise_if_not_found=False)
        if cron:
            cron.sudo()._trigger(fields.Datetime.now() + LOOK_AGAIN)

    def _follow_feeds(self, handler):
        """Ask what became of files that the platform has. :return: how many listings it took"""
        taken = 0
        for feed in self._get_open_feeds():
            if feed.state == "waiting":
                self._hand_over(handler, feed)
                continue
            answers = self._read_feed(handler, feed)
            if answers is not None:
                taken += self._store_feed(feed, answers)
                self._commit_batch()
            elif feed.create_date < fields.Datetime.now() - PATIENCE:
                self._close_feed(feed, "failed", self.env._("The platform did not answer within a day."))
                self._commit_batch()
            else:
                self._look_again()
        return taken

    def _read_feed(self, handler, feed):
        """:return: {key: None or why it was refused}; None while the platform works on it"""
        try:
            return handler._read_stock_answer(self, feed)
        except EcomDataError as error:
            self._close_feed(feed, "failed", error.message)
            self._commit_batch()
            raise
        except EcomConnectorError:
            self._look_again()
            raise

    def _store_feed(self, feed, answers):
        pushes = feed.push_ids.sorted("id")
        current = pushes.filtered(lambda push: push.state == "sent")
        batch = [(push.listing_id, (push.available, push.quantity, push.formula)) for push in current]
        taken = self._store_answers(batch, current, answers)
        # Told of something else meanwhile: which of the two came last, only telling it again settles.
        (pushes - current).listing_id.stock_stale = True
        feed.write({"state": "done", "done_at": fields.Datetime.now(), "message": False, "items": False})
        return taken

    def _close_feed(self, feed, state, message):
        """Nobody knows what the platform made of it: all of it is told again."""
        feed.push_ids.filtered(lambda push: push.state == "sent").write(
            {"state": "superseded", "message": message[:512]}
        )
        feed.push_ids.listing_id.stock_stale = True
        feed.write({"state": state, "done_at": fields.Datetime.now(), "message": message, "items": False})


class EcomConnector(models.AbstractModel):
    _inherit = "ecom.connector"

    def _submit_stock(self, channel, feed):
        """Hand `feed` (ecom.stock.feed, `items` as :meth:`_push_stock` gets them) to the platform.

        It may have been begun before: its references tell how far it came (``feed._keep``).
        """
        raise self._not_able("stock")

    def _read_stock_answer(self, channel, feed):
        """:return: {key: None where it was taken, else why not}; None while the platform works on it
        :raise EcomDataError: it gave the whole file up"""
        raise self._not_able("stock")
