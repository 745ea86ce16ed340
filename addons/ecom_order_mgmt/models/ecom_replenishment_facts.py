from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.replenishment import habits, lead_time
from ..tools.replenishment.quantity import Offer


class EcomReplenishment(models.Model):
    """What a suggestion is worked out from, read for many items at a time."""

    _inherit = "ecom.replenishment"

    @api.model
    def _stock_facts(self, company, product_ids):
        """:return: {(product id, warehouse id): {'on_hand', 'owed', 'arrivals': {date: qty}}}

        Owed is what leaves the warehouse for customers (orders that wait for a review or for
        stock among them), production or other warehouses; arrivals
        is what comes in from outside of it. Moves within a warehouse change nothing; in deliveries
        of several steps the later ones are not there yet, but their end is known to the first.
        """
        self.env.flush_all()
        facts = defaultdict(lambda: {"on_hand": 0.0, "owed": 0.0, "arrivals": {}})
        quants = SQL(
            """
            SELECT quant.product_id, location.warehouse_id, SUM(quant.quantity)
              FROM stock_quant quant
              JOIN stock_location location ON location.id = quant.location_id
             WHERE location.usage = 'internal' AND location.warehouse_id IS NOT NULL
               AND quant.company_id = %s AND quant.product_id = ANY(%s)
             GROUP BY 1, 2
            """,
            company.id,
            list(product_ids),
        )
        for product, warehouse, qty in self.env.execute_query(quants):
            facts[product, warehouse]["on_hand"] = qty
        moves = SQL(
            """
            SELECT move.product_id, source.warehouse_id, target.warehouse_id, move.date::date,
                   SUM(move.product_qty)
              FROM stock_move move
              JOIN stock_location source ON source.id = move.location_id
              JOIN stock_location target
                ON target.id = COALESCE(move.location_final_id, move.location_dest_id)
             WHERE move.company_id = %s AND move.product_id = ANY(%s)
               AND move.state IN ('waiting', 'confirmed', 'partially_available', 'assigned')
               AND source.warehouse_id IS DISTINCT FROM target.warehouse_id
             GROUP BY 1, 2, 3, 4
            """,
            company.id,
            list(product_ids),
        )
        for product, source, target, day, qty in self.env.execute_query(moves):
            if source:
                facts[product, source]["owed"] += qty
            if target:
                arrivals = facts[product, target]["arrivals"]
                arrivals[day] = arrivals.get(day, 0.0) + qty
        for product, warehouse, qty in self.env["ecom.demand"]._owed_unconfirmed(
            company, product_ids
        ):
            facts[product, warehouse]["owed"] += qty
        return facts

    @api.model
    def _requested(self, company, products):
        """:return: {(product id, warehouse id): quantity in unconfirmed orders}: requests for
        quotation, and manufacturing orders in draft"""
        warehouses = self.env["stock.warehouse"].search([("company_id", "=", company.id)])
        _by_location, by_warehouse = products._get_quantity_in_progress(
            warehouse_ids=warehouses.ids
        )
        requested = defaultdict(float, by_warehouse)
        if "mrp.production" in self.env:
            # Planning purchases needs no rights on manufacturing.
            groups = (
                self.env["mrp.production"]
                .sudo()
                ._read_group(
                    [
                        ("state", "=", "draft"),
                        ("product_id", "in", products.ids),
                        ("company_id", "=", company.id),
                    ],
                    ["product_id", "location_dest_id"],
                    ["product_uom_qty:sum"],
                )
            )
            for product, location, qty in groups:
                requested[product.id, location.warehouse_id.id] += qty
        return requested

    @api.model
    def _receipts(self, company):
        """:return: {(partner id, product id or None): days from order to receipt, oldest first}

        The latest twenty of each supplier, and of each of its products.
        """
        samples = defaultdict(list)
        rows = self.env.execute_query(
            SQL(
                """
                WITH receipt AS (
                    SELECT purchase.partner_id, line.product_id, move.date, move.id,
                           EXTRACT(EPOCH FROM move.date - COALESCE(purchase.date_approve,
                                   purchase.date_order)) / 86400.0 AS days
                      FROM stock_move move
                      JOIN purchase_order_line line ON line.id = move.purchase_line_id
                      JOIN purchase_order purchase ON purchase.id = line.order_id
                      JOIN stock_location source ON source.id = move.location_id
                     WHERE move.company_id = %(company)s AND move.state = 'done'
                       AND source.usage = 'supplier'
                ), ranked AS (
                    SELECT *, ROW_NUMBER() OVER (PARTITION BY partner_id, product_id
                                                 ORDER BY date DESC, id DESC) AS of_product,
                           ROW_NUMBER() OVER (PARTITION BY partner_id
                                              ORDER BY date DESC, id DESC) AS of_partner
                      FROM receipt
                )
                SELECT partner_id, product_id, days, of_product, of_partner FROM ranked
                 WHERE of_product <= %(latest)s OR of_partner <= %(latest)s
                 ORDER BY date, id
                """,
                company=company.id,
                latest=lead_time.LATEST,
            )
        )
        for partner, product, days, of_product, of_partner in rows:
            if of_product <= lead_time.LATEST:
                samples[partner, product].append(float(days))
            if of_partner <= lead_time.LATEST:
                samples[partner, None].append(float(days))
        return samples

    @api.model
    def _learn_lead_time(self, samples, partner, product, listed):
        """:return: tools' LeadTime: of this product at this supplier, if there are enough
        receipts of it, else of all that the supplier delivers"""
        own = samples.get((partner.id, product.id), [])
        if len(own) < lead_time.PRIOR:
            own = samples.get((partner.id, None), own)
        return lead_time.learn(own, listed)

    @api.model
    def _sellers(self, product, company, today):
        """:return: the prices in force of the product's first supplier, as supplierinfo records"""
        sellers = product.seller_ids.filtered(
            lambda s: s.company_id.id in (company.id, False)
            and s.product_id.id in (product.id, False)
            and (not s.date_start or s.date_start <= today)
            and (not s.date_end or s.date_end >= today)
            and s.partner_id.active
        )
        sellers = sellers.sorted(lambda s: (s.sequence, -s.min_qty, s.price, s.id))
        return sellers.filtered(lambda s: s.partner_id == sellers[0].partner_id)

    @api.model
    def _offers(self, product, sellers, company, today):
        """:return: (tools' Offers in the product's unit and the company's currency, pack size)

        A price per pack (a dozen, a pallet) can only be had in whole packs.
        """
        offers, packs = [], set()
        for seller in sellers:
            unit = seller.product_uom_id or product.uom_id
            price = seller.price * (1 - (seller.discount or 0.0) / 100.0)
            price = unit._compute_price(price, product.uom_id)
            price = seller.currency_id._convert(price, company.currency_id, company, today, False)
            size = unit._compute_quantity(1.0, product.uom_id, round=False)
            packs.add(size)
            offers.append(Offer(seller.min_qty * size, Decimal(repr(price))))
        pack = min(packs) if packs and min(packs) > 1 else 0.0
        return offers, pack

    @api.model
    def _habits(self, company, product_ids):
        """:return: {(product id, warehouse id): tools' Habit} from people's answers"""
        answers = defaultdict(list)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT product_id, warehouse_id, qty_plain,
                       CASE WHEN state = 'refused' THEN 0 ELSE qty END
                  FROM ecom_replenishment
                 WHERE company_id = %s AND answered_at IS NOT NULL AND NOT automatic
                   AND product_id = ANY(%s)
                 ORDER BY answered_at, id
                """,
                company.id,
                list(product_ids),
            )
        )
        for product, warehouse, plain, decided in rows:
            answers[product, warehouse].append((plain, decided))
        return {key: habits.learn(given) for key, given in answers.items()}

    @api.model
    def _snoozed(self, company, today):
        """:return: {(product id, warehouse id): day} of refusals that still hold"""
        groups = self._read_group(
            [
                ("company_id", "=", company.id),
                ("state", "=", "refused"),
                ("snoozed_until", ">", fields.Date.to_string(today)),
            ],
            ["product_id", "warehouse_id"],
            ["snoozed_until:max"],
        )
        return {(product.id, warehouse.id): day for product, warehouse, day in groups}

    @api.model
    def _returned_per_week(self, company, today):
        """:return: {(product id, warehouse id): pieces that came back per week, lately}"""
        groups = self.env["ecom.demand"]._read_group(
            [
                ("company_id", "=", company.id),
                ("day", ">=", fields.Date.subtract(today, weeks=13)),
                ("qty_returned", ">", 0),
            ],
            ["product_id", "warehouse_id"],
            ["qty_returned:sum"],
        )
        return {(product.id, warehouse.id): qty / 13.0 for product, warehouse, qty in groups}
