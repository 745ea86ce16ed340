import base64
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged

from .common import AftersalesCase


@tagged("post_install", "-at_install")
class TestReturnLabel(AftersalesCase, HttpCase):
    """A buyer prints the label of the carrier; what it costs is the shop's, less the policy's fee."""

    def setUp(self):
        super().setUp()
        self.policy.write({"give_label": True, "auto_approve": True, "method": "ship"})
        self.ordered, self.voided = [], []
        test = self
        Shipment = self.env.registry["ecom.shipment"]

        def buy(shipment, reference, weight, warehouse, goods):
            test.ordered.append((shipment, reference, goods))
            return test._label("ordered")

        for name, method in (
            ("_get_return_label_problem", lambda shipment: False),
            ("_buy_return_label", buy),
            ("_void_return_label", lambda shipment, reference: test.voided.append(reference)),
        ):
            self.startPatcher(patch.object(Shipment, name, method))

    def _label(self, state, **vals):
        return {
            "state": state,
            "message": False,
            "number": False,
            "carrier_id": False,
            "carrier": False,
            "tracking_url": False,
            "amount": 0,
            "currency_id": self.company.currency_id.id,
            "attachment_ids": [],
            **vals,
        }

    def _bought(self):
        paper = self.env["ir.attachment"].create(
            {"name": "label.pdf", "datas": base64.b64encode(b"%PDF-1.4 label")}
        )
        return self._label("bought", number="1Z42", amount=7.35, attachment_ids=paper.ids)

    def test_ordered_once_and_printed(self):
        sale_order = self._sell(ship=True, lines=[self._line(quantity="2")])
        case = self._request(sale_order, [{"sku": "MUG", "quantity": 1}])
        shipment = sale_order.picking_ids.filtered(lambda p: not p.return_id).ecom_shipment_id
        self.assertEqual(self.ordered, [(shipment, case.name, {self.product: 1})])
        self.assertEqual(case.label_state, "ordered")
        page = self.url_open(case.get_portal_url()).text
        self.assertIn("return_label_waits", page)
        for _twice in range(2):
            shipment._return_label_changed(case.name, self._bought())
        self.assertRecordValues(
            case,
            [{"label_state": "bought", "return_tracking_ref": "1Z42", "label_cost": 7.35}],
        )
        self.assertEqual(len(case.label_ids), 1)
        page = self.url_open(case.get_portal_url()).text
        self.assertIn('id="return_label"', page)
        answer = self.url_open(f"/my/returns/{case.id}/label?access_token={case.access_token}")
        self.assertEqual(answer.content, b"%PDF-1.4 label")
        stranger = self.url_open(f"/my/returns/{case.id}/label?access_token=wrong")
        self.assertNotIn(b"%PDF", stranger.content)
        # The parcel is found by the label's number when it comes in.
        self.assertIn(str(case.id), str(self.env["ecom.return"].find_parcel("1Z42")))

    def test_refused_leaves_the_case_going(self):
        sale_order = self._sell(ship=True)
        case = self._request(sale_order)
        shipment = case.label_shipment_id
        shipment._return_label_changed(case.name, self._label("refused", message="No such street"))
        self.assertEqual((case.label_state, case.goods_state), ("refused", "awaiting"))
        self.assertIn("No such street", case.label_message)
        self.assertTrue(case.activity_ids)

    def test_none_can_be_had(self):
        Shipment = self.env.registry["ecom.shipment"]
        with patch.object(Shipment, "_get_return_label_problem", lambda shipment: "No carrier."):
            case = self._request(self._sell(ship=True))
            self.assertEqual((case.label_state, case.goods_state), ("none", "awaiting"))
            self.assertEqual(case.label_message, "No carrier.")
            with self.assertRaisesRegex(UserError, "No carrier"):
                case.action_order_label()
        agent = new_test_user(self.env, "label_agent", groups="ecom_aftersales.group_ecom_agent")
        case.with_user(agent).action_order_label()
        self.assertEqual(case.label_state, "ordered")
        viewer = new_test_user(self.env, "label_view", groups="ecom_order_mgmt.group_ecom_viewer")
        with self.assertRaises(AccessError):
            case.with_user(viewer).action_order_label()

    def test_given_back_when_the_buyer_keeps_it(self):
        case = self._request(self._sell(ship=True))
        case.action_withdraw()
        self.assertEqual(self.voided, [case.name])

    def test_buyer_who_drops_it_off_needs_none(self):
        case = self._request(self._sell(ship=True), method="drop_off")
        self.assertEqual((case.label_state, self.ordered), ("none", []))
