import time
from datetime import datetime, timezone

from odoo import models

from ...exceptions import EcomDataError
from ...models.ecom_connector import Page
from .. import top_gateway, windows
from ..base import as_dict, as_list, when, zone
from . import mapping

# Changes of a day at most are read at once.
_SPAN = 24 * 3600
_EXPIRED = {26, 27, 53}
_TOO_FAST = {7}
_FIELDS = (
    "tid,status,payment,post_fee,total_fee,discount_fee,adjust_fee,created,pay_time,modified,end_time,buyer_nick,"
    "buyer_message,seller_memo,seller_flag,receiver_name,receiver_state,receiver_city,receiver_district,"
    "receiver_address,receiver_zip,receiver_mobile,receiver_phone,shipping_type,has_buyer_message,orders"
)


class EcomConnectorTaobao(models.AbstractModel):
    """Taobao and Tmall over the TOP gateway: one address, the operation is a parameter."""

    _name = "ecom.connector.taobao"
    _inherit = "ecom.connector"
    _description = "Connector: Taobao"

    _platform = "taobao"

    def _ask(self, channel, operation, **values):
        """:return: the object inside the answer
        :raise: what an error inside it means; it comes with status 200"""
        secrets = self._get_secrets(channel)
        params = {
            "method": operation, "app_key": secrets["key"], "session": secrets["token"], "format": "json", "v": "2.0",
            "sign_method": "md5", "timestamp": self._local(int(time.time())),
            **{key: str(value) for key, value in values.items() if value is not None},
        }  # fmt: skip
        return top_gateway.ask(
            self, channel, "/router/rest", secrets["secret"], params,
            code_key="code", text_keys=("msg", "sub_code", "sub_msg"), expired=_EXPIRED, too_fast=_TOO_FAST,
        )  # fmt: skip

    def _local(self, seconds):
        """:return: Beijing's time, as the gateway writes it"""
        return datetime.fromtimestamp(seconds, timezone.utc).astimezone(zone(mapping.TZ)).strftime("%Y-%m-%d %H:%M:%S")

    def _test_connection(self, channel):
        user = as_dict(self._ask(channel, "taobao.user.seller.get", fields="nick").get("user"))
        return user.get("nick") or "Taobao"

    # === READING === #

    def _fetch_orders(self, channel, since, until=None, cursor=None):
        start, page = windows.first(since, cursor)
        end = windows.epoch(until) if until else int(time.time())
        found = self._ask(
            channel, "taobao.trades.sold.increment.get", fields="tid,modified", start_modified=self._local(start),
            end_modified=self._local(min(start + _SPAN, end)), page_no=page, page_size=self._get_capabilities().page_size,
            use_has_next="true",
        )  # fmt: skip
        rows = as_list(as_dict(found.get("trades")).get("trade"))
        trades = [trade for row in rows if (trade := self._fetch_order(channel, row.get("tid")))]
        following, read = windows.follow(start, page, bool(found.get("has_next")), _SPAN, end)
        changes = [when(trade.get("modified"), mapping.TZ) for trade in trades]
        return Page(trades, following, windows.newest(changes, read) if not following or following["page"] == 1 else None)

    def _fetch_order(self, channel, external_id):
        found = self._ask(channel, "taobao.trade.fullinfo.get", tid=external_id, fields=_FIELDS)
        return as_dict(found.get("trade")) or None

    # === TELLING === #

    def _push_shipment(self, channel, task, values):
        trade = self._fetch_order(channel, values["order_id"])
        if trade is None:
            raise EcomDataError(self.env._("The shop does not know this order."))
        if trade.get("status") in mapping._COMPLETED:
            return {"ref": str(trade["tid"]), "answer": self.env._("The shop knew of it already.")}
        company = ((channel.connector_options or {}).get("carriers") or {}).get(values.get("carrier") or "")
        if not company or not values.get("tracking"):
            raise EcomDataError(
                self.env._(
                    "Taobao wants a tracking number and its own code of the carrier: set carriers in the "
                    "connector's settings, e.g. {\"SF Express\": \"SF\"}."
                )
            )
        self._ask(channel, "taobao.logistics.offline.send", tid=values["order_id"], out_sid=values["tracking"], company_code=company)
        return {"ref": values["tracking"], "answer": "taobao.logistics.offline.send"}
