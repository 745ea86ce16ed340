"""The print agent against a small server that answers as Odoo does."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from tools import print_agent

JOB = {
    "id": 7, "key": "EL7", "shipment": "SHIP/1", "carrier": "UPS", "numbers": ["1Z1"],
    "warehouse": "WH",
    "documents": [
        {"name": "EL7.zpl", "kind": "label", "format": "zpl",
         "data": base64.b64encode(b"^XA^XZ").decode()},
        {"name": "invoice.pdf", "kind": "document", "format": "pdf",
         "data": base64.b64encode(b"%PDF").decode()},
    ],
}  # fmt: skip


@pytest.fixture
def odoo():
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_args):
            pass

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((self.path, self.headers["Authorization"], body))
            data = json.dumps([JOB] if self.path.endswith("fetch_print_jobs") else True).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield SimpleNamespace(url=f"http://127.0.0.1:{server.server_address[1]}", asked=asked)
    server.shutdown()
    server.server_close()


def options_of(url, **values):
    return SimpleNamespace(
        **{"url": url, "warehouse": "WH", "label_printer": "zebra", "paper_printer": "office",
           **values}
    )  # fmt: skip


def test_printed_and_reported(odoo):
    printed = []

    def run(line, **values):
        printed.append((line, values["input"]))
        return SimpleNamespace(returncode=0, stderr=b"")

    assert print_agent.serve_once(options_of(odoo.url), "KEY", run) == 1
    assert printed == [
        (["lp", "-s", "-t", "EL7.zpl", "-d", "zebra", "-o", "raw", "--", "-"], b"^XA^XZ"),
        (["lp", "-s", "-t", "invoice.pdf", "-d", "office", "--", "-"], b"%PDF"),
    ]
    first, second = odoo.asked
    assert first == ("/json/2/ecom.label/fetch_print_jobs", "Bearer KEY", {"warehouse": "WH"})
    assert second == ("/json/2/ecom.label/report_printed", "Bearer KEY", {"ids": [7]})


def test_printer_fails(odoo):
    def run(_line, **_values):
        return SimpleNamespace(returncode=1, stderr=b"out of paper\n")

    assert print_agent.serve_once(options_of(odoo.url), "KEY", run) == 0
    assert odoo.asked[-1][2] == {"ids": [7], "error": "out of paper"}


def test_no_program_to_print_with(odoo):
    def run(*_args, **_values):
        raise FileNotFoundError("lp")

    assert print_agent.serve_once(options_of(odoo.url), "KEY", run) == 0
    assert odoo.asked[-1][2]["error"] == "lp"


def test_odoo_is_down(monkeypatch, capsys):
    monkeypatch.setenv("ECOM_KEY", "KEY")
    assert print_agent.main(["--url", "http://127.0.0.1:9", "--once"]) == 1
    assert "cannot ask Odoo" in capsys.readouterr().err
    monkeypatch.delenv("ECOM_KEY")
    with pytest.raises(SystemExit):
        print_agent.main(["--url", "http://127.0.0.1:9", "--once"])
