from dataclasses import dataclass, field

from odoo import api, models
from odoo.exceptions import UserError

from .. import platforms
from ..exceptions import EcomConnectorError, EcomDataError
from ..platforms import base


@dataclass
class Page:
    """Part of an answer. `newest`: the latest change among what was read, ISO text."""

    documents: list
    next: object = None
    newest: str | None = None


@dataclass
class Hook:
    """What a webhook says: what it is about, or (where a platform sends whole documents) all of it.
    `poll`: something happened to an order, and only a poll can say to which."""

    delivery_id: str | None = None
    topic: str = ""
    order_ids: list = field(default_factory=list)
    documents: list = field(default_factory=list)
    poll: bool = False


class EcomConnector(models.AbstractModel):
    """What a channel asks of its platform. Each platform inherits this as ``ecom.connector.<code>``
    and implements what its capabilities declare.

    All methods get the channel as their first argument; documents are the platform's own, as its
    mapping reads them. Failures are raised as the exceptions of ``exceptions.py``, nothing else.
    """

    _name = "ecom.connector"
    _description = "Connector"

    _platform = None

    @api.model
    def _get_capabilities(self):
        return platforms.get_capabilities(self._platform)

    @api.model
    def _get_mapping(self):
        return platforms.get_mapping(self._platform)

    @api.model
    def _get_context(self, channel):
        """:return: what documents of this channel do not say themselves, for the mapping"""
        return {
            "tz": channel.tz or "UTC",
            "currency": channel.currency_id.name,
            "currencies": {},
            "states": {},
            **(channel.connector_options or {}),
        }

    @api.model
    def _map(self, channel, document):
        """:return: list of base.Mapped"""
        return base.map_payload(self._get_mapping(), document, self._get_context(channel))

    # === READING === #

    def _test_connection(self, channel):
        """:return: what a person wants to know of the shop at the other end: its name
        :raise: the exceptions of a call"""
        raise self._not_able("test")

    def _fetch_orders(self, channel, since, until=None, cursor=None):
        """Orders changed in a time, oldest change first.

        :param since, until: naive UTC datetimes; `until` may be None
        :param cursor: `next` of the page before
        :return: Page of documents
        """
        raise self._not_able("orders")

    def _fetch_past(self, channel, since, until=None, cursor=None):
        """:meth:`_fetch_orders` for a back-fill, where a platform has a better way for many. The
        cursor is kept between calls and outlives a kill: JSON, and never None before the end."""
        return self._fetch_orders(channel, since, until, cursor)

    def _fetch_order(self, channel, external_id):
        """:return: the present document of an order, or None where the platform has none"""
        raise self._not_able("order")

    def _fetch_refunds(self, channel, since, cursor=None):
        """:meth:`_fetch_orders` for refunds, where a platform keeps them apart from its orders"""
        raise self._not_able("refunds")

    def _fetch_returns(self, channel, since, cursor=None):
        """Requests to return that changed since a time, where orders do not hold them.

        :return: Page of documents; :meth:`_map` finds the requests in them
        """
        return Page([], None, None)

    def _fetch_listings(self, channel, cursor=None):
        """:return: Page of listing documents (``base.listing``)"""
        raise self._not_able("listings")

    # === TELLING === #

    def _push_shipment(self, channel, task, values):
        """Tell that goods left. `values`: see ``ecom.task._prepare_shipment_values``.

        A task that was tried before may have been carried out: implementations then look first.

        :return: dict with `ref` (the platform's id of it) and `answer` (text)
        """
        raise self._not_able("shipment")

    def _push_cancel(self, channel, task, values):
        """:param values: dict with `order_id`, `reason`"""
        raise self._not_able("cancel")

    def _push_refund(self, channel, task, values):
        """:param values: dict with `order_id`, `amount` and `currency` (decimal text), `reason`,
        `restock` and `lines` (line_id, quantity, amount)"""
        raise self._not_able("refund")

    def _push_return(self, channel, task, values):
        """Answer a request of a buyer.

        Look first: an earlier try may have got through, or the platform decided meanwhile. The same
        decision there is a success; another one is an EcomDataError.

        :param values: dict with `order_id`, `case_id`, `kind` (return, refund_only, exchange, resend,
            cancel), `answer` (approved, rejected, or cancelled: what was approved is off after all),
            `reason` and `deadline` (texts, may be None)
        """
        raise self._not_able("return")

    def _push_stock(self, channel, items):
        """Publish quantities.

        :param items: list of dicts with `key`, `listing_id`, `quantity`, `extra` (of the listing)
        :return: {key: None where it was taken, else why not}
        """
        raise self._not_able("stock")

    def _push_each(self, items, tell):
        """:meth:`_push_stock` of platforms that take one quantity at a time. What stops the work
        (their limit of calls, the network) takes along what was told until then, so that the next
        run goes on from there.

        :param tell: called with each item; returns None, or why it was not taken
        """
        told = {}
        for number, item in enumerate(items):
            try:
                told[item["key"]] = told.get(item["key"]) or tell(item)
            except EcomDataError as error:
                if error.answer is None:
                    raise  # not the platform's word on this item, but a setting that is missing here
                told[item["key"]] = error.message
            except EcomConnectorError as error:
                # A key that stands twice is told when both are.
                left = {each["key"] for each in items[number:]}
                error.told = {key: said for key, said in told.items() if key not in left}
                raise
        return told

    # === WEBHOOKS === #

    def _verify_webhook(self, channel, headers, raw, secrets):
        """:param headers: case-insensitive
        :param bytes raw: the body as it came
        :return: whether it is from the platform. Without a secret nothing is."""
        return False

    def _read_webhook(self, channel, headers, raw):
        """:return: Hook
        :raise ValueError: the body cannot be read"""
        raise self._not_able("webhooks")

    def _is_ping(self, headers, raw):
        """Whether this is a platform's first knock, which carries no signature and says nothing."""
        return False

    def _register_webhooks(self, channel, url, secret):
        """:return: text for the channel's log"""
        raise self._not_able("webhooks")

    def _unregister_webhooks(self, channel, url):
        raise self._not_able("webhooks")

    def _not_able(self, what):
        return UserError(
            self.env._(
                "The connector %(name)s cannot do this (%(what)s).",
                name=self._get_capabilities().label if self._platform else self._name,
                what=what,
            )
        )
