import uuid

from freezegun import freeze_time

from odoo.tests import HttpCase, tagged

from ..controllers.tracking import LIMIT
from .test_tracking import NOW, TrackingCase


@tagged("post_install", "-at_install")
class TestTrackingPage(TrackingCase, HttpCase):
    def setUp(self):
        super().setUp()
        LIMIT.reset()
        with freeze_time(NOW):
            self.parcel = self._shipped()
            self._ingest(
                self._event(1, "SCAN", city="Leipzig"),
                self._event(9, "ODD", text="<script>alert(1)</script> call +49 30 1234567"),
                self._event(20, "OUT", city="Berlin", text="For Ada Buyer, Long Street 1"),
            )
        self.shipment = self.parcel.shipment_id
        self.path = self.shipment._get_tracking_path()
        self.env.flush_all()

    def test_page(self):
        answer = self.url_open(self.path)
        self.assertEqual(answer.status_code, 200)
        text = answer.text
        self.assertIn("T1", text)
        self.assertIn("Out for Delivery", text)
        self.assertIn("Product MUG", text)
        self.assertIn("<svg", text)
        self.assertIn(self.company.name, text)
        self.assertIn('lang="en-US"', text)
        # Nothing personal beyond the city; what carriers write stays text.
        for secret in ("Ada", "Long Street", "10115", "example.com", "1234567"):
            self.assertNotIn(secret, text)
        self.assertNotIn("<script", text)
        self.assertIn("&lt;script&gt;", text)
        self.assertIn("noindex", answer.headers["X-Robots-Tag"])
        self.assertIn('content="noindex', text)
        self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")
        self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
        self.assertNotIn("session_id", answer.headers.get("Set-Cookie", ""))
        self.assertNotRegex(text, r'(src|href)="https?://(?!fast\.example)')

    def test_looked_at_again(self):
        first = self.url_open(self.path)
        self.assertIn("no-cache", first.headers["Cache-Control"])
        self.assertIn("private", first.headers["Cache-Control"])
        seen = {"If-None-Match": first.headers["ETag"]}
        again = self.url_open(self.path, headers=seen)
        self.assertEqual((again.status_code, again.content), (304, b""))
        self.assertIn("noindex", again.headers["X-Robots-Tag"])
        with freeze_time(NOW):
            self._ingest(self._event(30, "OK", city="Berlin"))
        self.env.flush_all()
        answer = self.url_open(self.path, headers=seen)
        self.assertEqual(answer.status_code, 200)
        self.assertIn("Delivered on", answer.text)
        # Another language is another page.
        self.env["res.lang"]._activate_lang("de_DE")
        seen = {"If-None-Match": answer.headers["ETag"]}
        self.assertEqual(self.url_open(f"{self.path}?lang=de_DE", headers=seen).status_code, 200)

    def test_budget(self):
        """However much is on it, the page is a fixed number of small statements."""
        token = self.shipment.access_token

        def look():
            self.env.invalidate_all()
            page = self.env["ecom.shipment"]._find_for_page(token)._for_page()
            values = page._get_page_values()
            page.env["ir.qweb"].with_context(minimal_qcontext=True)._render(
                "ecom_order_mgmt.tracking_page", values
            )

        look()
        # As measured: what is asked of the database for one look, with nothing in memory.
        with self.assertQueryCount(13):
            look()
        for number in range(20):
            self._ingest(self._event(20 + number, "SCAN", city="Leipzig"))
        with freeze_time(NOW):
            self.shipment.tracking_ref = "T1, T2, T3"
        look()
        # And one more for several boxes: what was packed into which.
        with self.assertQueryCount(14):
            look()

    def test_whole_records_are_not_read(self):
        page = self.env["ecom.shipment"]._find_for_page(self.shipment.access_token)._for_page()
        self.env.flush_all()
        self.env.invalidate_all()
        page = self.env["ecom.shipment"]._find_for_page(self.shipment.access_token)._for_page()
        page._get_page_values()
        picking = page.picking_ids
        self.assertNotIn(picking.id, picking._fields["note"]._get_cache(picking.env))

    def test_what_is_in_which_parcel(self):
        self._create_product("CUP", quantity=10, weight=0.2)
        lines = [self._line(quantity="2"), self._line("CUP", "3", line_id="2")]
        with freeze_time(NOW):
            shipment = self._import_one(external_id="T-5", lines=lines, total="50").shipment_ids
            packages = self.env["stock.package"].create([{"name": "B1"}, {"name": "PACK-2"}])
            for line in shipment.picking_ids.move_line_ids:
                line.result_package_id = packages[line.product_id.default_code == "CUP"]
            shipment.carrier_id = self.carrier
            shipment.tracking_ref = "B1, B2"
        first, second = shipment._get_tracking_info()["parcels"]
        self.assertEqual([(g["name"], g["quantity"]) for g in first["lines"]], [("Product MUG", 2)])
        self.assertIsNone(second["lines"], "nobody said what is in it")
        # As the purchase of the label notes it.
        shipment.parcel_ids[1].package_id = packages[1]
        second = shipment._get_tracking_info()["parcels"][1]
        self.assertEqual([(g["name"], g["quantity"]) for g in second["lines"]], [("Product CUP", 3)])
        self.env.flush_all()
        text = self.url_open(shipment._get_tracking_path()).text
        self.assertIn("3 × Product CUP", text)
        self.assertEqual(text.count("Product CUP"), 2, "in its box, and in the whole")

    def test_postal_code_of_the_buyer_is_hidden(self):
        with freeze_time(NOW):
            self._ingest(self._event(22, "ODD2", text="At the depot of 10115 Berlin, for Ada"))
        self.env.flush_all()
        text = self.url_open(self.path).text
        self.assertIn("At the depot of …", text)
        self.assertNotIn("10115", text)

    def test_language_of_the_buyer(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.shipment.picking_ids.sale_id.partner_id.lang = "de_DE"
        self.env.flush_all()
        self.assertIn('lang="de-DE"', self.url_open(self.path).text)
        self.assertIn('lang="en-US"', self.url_open(f"{self.path}?lang=en_US").text)
        self.assertIn('lang="de-DE"', self.url_open(f"{self.path}?lang=xx_YY").text)

    def test_tokens_cannot_be_guessed(self):
        wrong = [
            str(uuid.uuid4()),
            self.shipment.access_token[:-1],
            self.shipment.access_token.upper(),
            "1",
            str(self.shipment.id),
            "%25",
            "None",
            "",
        ]
        for token in wrong:
            with self.subTest(token=token):
                LIMIT.reset()
                answer = self.url_open(f"/track/{token}")
                self.assertEqual(answer.status_code, 404)
                self.assertNotIn("T1", answer.text)

    def test_rate_limit(self):
        # A right token is looked at often; wrong ones soon end.
        for _index in range(20):
            self.assertEqual(self.url_open(self.path).status_code, 200)
        codes = [self.url_open(f"/track/{uuid.uuid4()}").status_code for _index in range(12)]
        self.assertIn(429, codes)
        answer = self.url_open(self.path)
        self.assertEqual(answer.status_code, 429)
        self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)

    def test_merged_parcel_is_seen_where_it_travels(self):
        with freeze_time(NOW):
            other = self._import_one(external_id="T-9").shipment_ids
        path = other._get_tracking_path()
        other.write({"merged_into_id": self.shipment.id, "active": False})
        self.env.flush_all()
        self.assertIn("T1", self.url_open(path).text)

    def test_not_shipped_yet(self):
        with freeze_time(NOW):
            shipment = self._import_one(external_id="T-8").shipment_ids
        path = shipment._get_tracking_path()
        self.env.flush_all()
        self.assertIn("We are preparing your parcel", self.url_open(path).text)

    def test_portal_order_page(self):
        sale_order = self.shipment.picking_ids.sale_id
        url = sale_order.get_portal_url()
        self.env.flush_all()
        text = self.url_open(url).text
        self.assertIn(self.path, text)
        self.assertIn("Out for Delivery", text)
        # Another customer's link shows another order, and neither shows this one's parcels.
        with freeze_time(NOW):
            other = self._shipped("T-7", "T7").shipment_id.picking_ids.sale_id
        url = other.get_portal_url()
        self.env.flush_all()
        other_text = self.url_open(url).text
        self.assertIn("T7", other_text)
        self.assertNotIn(self.path, other_text)
        stolen = self.url_open(f"/my/orders/{sale_order.id}?access_token={other.access_token}")
        self.assertNotIn(self.path, stolen.text)
