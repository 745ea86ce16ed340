from odoo import models
from odoo.exceptions import UserError


class EcomShipment(models.Model):
    """Labels with which a buyer sends goods of this shipment back.

    Carriers belong to another addon; what stands here is what everybody may ask for, and what it
    answers while no such addon is there. A label is bought once per shipment and reference, after
    the commit: whoever ordered it hears of the outcome in :meth:`_return_label_changed`.
    """

    _inherit = "ecom.shipment"

    def _get_return_label_problem(self):
        """:return: why no return label can be had for this shipment, in words, or False. Hook."""
        self.ensure_one()
        return self.env._("No program that buys labels from carriers is installed here.")

    def _order_return_label(self, reference, weight=0.0, warehouse=None, goods=None):
        """Order a return label. Asking again changes nothing while the label is good.

        :param str reference: what it is for, e.g. the number of a return case
        :param float weight: of what comes back, in the unit of weight; 0: as much as was sent
        :param warehouse: ``stock.warehouse`` that it goes to; default: where it came from
        :param dict goods: {product: quantity} of what comes back, declared to customs where the
            parcel crosses a border; default: all that was sent
        :return: dict as of :meth:`_get_return_label`
        :raise UserError: none can be had; see :meth:`_get_return_label_problem`
        """
        self.ensure_one()
        problem = self._get_return_label_problem()
        if problem:
            raise UserError(problem)
        return self._buy_return_label(reference, weight, warehouse, goods)

    def _buy_return_label(self, reference, weight, warehouse, goods):
        """Hook of :meth:`_order_return_label`, where there is no problem."""
        raise NotImplementedError

    def _get_return_label(self, reference):
        """:return: None where none was ordered, or dict:

        - `state`: ``ordered``, ``bought``, ``refused``, ``unknown`` (a person looks whether the
          carrier sold it) or ``void``
        - `message`: what the carrier says, or False
        - `number`, `carrier_id`, `carrier`, `tracking_url`
        - `amount`, `currency_id`: what it cost, once it is bought
        - `attachment_ids`: its documents, the label first
        """
        self.ensure_one()

    def _void_return_label(self, reference):
        """The buyer does not need it after all: given back to the carrier where that is possible."""
        self.ensure_one()

    def _return_label_changed(self, reference, label):
        """Hook: the label was bought, refused or given back. Called by the worker that buys, in a
        transaction of its own, and repeated after a crash: it must bear being called twice.

        :param dict label: as of :meth:`_get_return_label`
        """
