import contextlib
import socket
from types import SimpleNamespace
from unittest.mock import patch

from odoo.service import server
from odoo.tests import TransactionCase


class TestWebhookWaiting(TransactionCase):
    def test_a_burst_waits_for_a_worker(self):
        """More connections than Odoo's own limit, and nobody takes them yet: all are heard."""
        with contextlib.ExitStack() as open_sockets:
            listening = open_sockets.enter_context(socket.socket())
            listening.bind(("127.0.0.1", 0))
            listening.listen(16)
            with patch.object(server, "server", SimpleNamespace(socket=listening)):
                self.env["ecom.webhook"]._register_hook()
            for _ in range(60):
                open_sockets.enter_context(socket.create_connection(listening.getsockname(), timeout=0.5))

    def test_no_workers(self):
        """A server of threads, and none at all (a shell), have no such socket."""
        for other in (None, SimpleNamespace(socket=None), SimpleNamespace()):
            with patch.object(server, "server", other):
                self.env["ecom.webhook"]._register_hook()
        self.assertIn("ecom.webhook", self.env.registry)
