from odoo.tests import tagged

from .common import EcomCase


@tagged("post_install", "-at_install")
class TestSpeed(EcomCase):
    """SQL statements are counted, never seconds: a query in a loop shows at once."""

    BATCH = 50

    def _documents(self, prefix):
        return [
            self._document(
                f"{prefix}-{i}",
                lines=[self._line(line_id="1"), self._line("LAMP", line_id="2", quantity="2")],
            )
            for i in range(self.BATCH)
        ]

    def _count(self, work):
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        work()
        self.env.flush_all()
        return (self.env.cr.sql_log_count - before) / self.BATCH

    def test_intake(self):
        """Stored and looked up: under half a statement per document."""
        self._import(*self._documents("warm"))
        documents = self._documents("cold")
        self.assertLess(self._count(lambda: self._import(*documents)), 0.5)
        self.assertLess(self._count(lambda: self._import(*documents)), 0.1, "unchanged ones")

    def test_accept(self):
        """A draft sale order, with a new customer each."""
        self.channel.approval = "manual"
        self._import(*self._documents("warm"))
        self.channel.process_orders()
        self._import(*self._documents("cold"))
        self.assertLess(self._count(self.channel.process_orders), 3)

    def test_whole_pipeline(self):
        """Up to the reserved delivery and its shipment."""
        self._import(*self._documents("warm"))
        self.channel.process_orders()
        self._import(*self._documents("cold"))
        self.assertLess(self._count(self.channel.process_orders), 6)

    def test_channel_cards(self):
        channels = self.channel | self._create_channel(name="2") | self._create_channel(name="3")
        channels.mapped("orders_today")
        self.env.invalidate_all()
        with self.assertQueryCount(13):
            channels.read(["orders_today", "parked_count", "last_import_at", "held_count"])
