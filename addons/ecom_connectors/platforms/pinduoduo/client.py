import time

from odoo import models

from ...exceptions import EcomDataError
from ...models.ecom_connector import Page
from .. import top_gateway, windows
from ..base import as_dict, as_list, when
from . import mapping

# Changes of half an hour at most are read at once.
_SPAN = 30 * 60
_EXPIRED = {10019, 10021, 10016}
_TOO_FAST = {52101, 52102, 52103, 70031, 70032, 70033}


class EcomConnectorPinduoduo(models.AbstractModel):
    """Pinduoduo's open platform: one address, the operation is a parameter."""

    _name = "ecom.connector.pinduoduo"
    _inherit = "ecom.connector"
    _description = "Connector: Pinduoduo"

    _platform = "pinduoduo"

    def _ask(self, channel, operation, **values):
        """:return: the object inside the answer
        :raise: what an error inside it means; it comes with status 200"""
        secrets = self._get_secrets(channel)
        params = {
            "type": operation, "client_id": secrets["key"], "access_token": secrets["token"],
            "timestamp": str(int(time.time())), "data_type": "JSON", "version": "V1",
            **{key: str(value) for key, value in values.items() if value is not None},
        }  # fmt: skip
        return top_gateway.ask(
            self, channel, "/api/router", secrets["secret"], params,
            code_key="error_code", text_keys=("error_msg", "sub_msg"), expired=_EXPIRED, too_fast=_TOO_FAST,
        )  # fmt: skip

    def _test_connection(self, channel):
        return self._ask(channel, "pdd.mall.info.get").get("mall_name") or "Pinduoduo"

    # === READING === #

    def _fetch_orders(self, channel, since, until=None, cursor=None):
        start, page = windows.first(since, cursor)
        end = windows.epoch(until) if until else int(time.time())
        size = self._get_capabilities().page_size
        found = self._ask(
            channel, "pdd.order.number.list.increment.get", is_lucky_flag=0, order_status=5, refund_status=5,
            start_updated_at=start, end_updated_at=min(start + _SPAN, end), page=page, page_size=size,
        )  # fmt: skip
        rows = as_list(found.get("order_sn_list"))
        orders = [order for row in rows if (order := self._fetch_order(channel, row.get("order_sn")))]
        following, read = windows.follow(start, page, len(rows) == size, _SPAN, end)
        changes = [when(order.get("updated_at"), mapping.TZ) for order in orders]
        return Page(orders, following, windows.newest(changes, read) if not following or following["page"] == 1 else None)

    def _fetch_order(self, channel, external_id):
        found = self._ask(channel, "pdd.order.information.get", order_sn=external_id)
        return as_dict(found.get("order_info")) or None

    # === TELLING === #

    def _push_shipment(self, channel, task, values):
        order = self._fetch_order(channel, values["order_id"])
        if order is None:
            raise EcomDataError(self.env._("The shop does not know this order."))
        if order.get("tracking_number"):
            return {"ref": str(order["tracking_number"]), "answer": self.env._("The shop knew of it already.")}
        company = ((channel.connector_options or {}).get("carriers") or {}).get(values.get("carrier") or "")
        if not company or not values.get("tracking"):
            raise EcomDataError(
                self.env._(
                    "Pinduoduo wants a tracking number and its own number of the carrier: set carriers in the "
                    "connector's settings, e.g. {\"SF Express\": 44}."
                )
            )
        self._ask(channel, "pdd.logistics.online.send", order_sn=values["order_id"], logistics_id=company,
                  tracking_number=values["tracking"])  # fmt: skip
        return {"ref": values["tracking"], "answer": "pdd.logistics.online.send"}
