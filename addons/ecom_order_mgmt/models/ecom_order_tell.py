from odoo import api, models


class EcomOrder(models.Model):
    """What other addons may have the channel told, and how they hear what became of it.

    Nothing here calls anybody: a connector carries it out. Without one every answer is no.
    """

    _inherit = "ecom.order"

    def _can_tell_refund(self):
        """:return: can the channel be told to give money of this order back, now?"""
        self.ensure_one()
        return False

    @api.private
    def tell_refund(self, key, amount, reason=None, lines=(), restock=False):
        """Have the channel give money back, once per `key`.

        :param str key: what makes this refund the one it is
        :param amount: Decimal or decimal text, in the order's currency
        :param lines: list of dicts `line_id` (the channel's), `quantity`, `amount`
        :return: the record of the message, empty where the channel cannot be told
        """
        self.ensure_one()
        return self.browse()

    def _withdraw_refund(self, key, looked=False):
        """Take back what :meth:`tell_refund` was asked for.

        :param looked: a person looked at the channel: it was not done
        :return: True where the channel was not told and will not be; False where it may have been
        """
        self.ensure_one()
        return True

    def _on_refund_told(self, key, outcome, reference=None, message=None):
        """Hook: what became of a refund that the channel was told of. For whoever asked for it.

        :param outcome: "done"; "refused" (surely not done); "unsure" (nobody knows); "again" (a person
            has it tried once more; raise to forbid it); "given_up" (by a person, not to be tried)
        :param reference: the channel's id of the refund
        """

    @api.private
    def tell_return(self, case_id, answer, **details):
        """Have the channel hear what was decided about a case of its own, once per answer.

        :param str case_id: the channel's id of the case
        :param answer: "approved", "rejected", or "cancelled" (what was approved is off after all)
        :param details: `kind` of the case, `reason` (text), `deadline` (ISO text)
        :return: the record of the message, empty where the channel cannot be told
        """
        self.ensure_one()
        return self.browse()

    def _withdraw_return(self, case_id, looked=False):
        """Take back what :meth:`tell_return` was asked for, as :meth:`_withdraw_refund`.

        :param looked: a person looked at the channel
        :return: True where the channel was not told and will not be; False where it may have been
        """
        self.ensure_one()
        return True

    def _on_return_told(self, case_id, answer, outcome, message=None):
        """Hook: what became of an answer; `outcome` as of :meth:`_on_refund_told`."""
