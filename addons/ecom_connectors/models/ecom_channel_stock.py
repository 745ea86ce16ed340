from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..tools import publish

# A run that looks at changed products only is followed by one that looks at all, this often.
FULL_EVERY = timedelta(hours=6)


class EcomChannel(models.Model):
    """What this shop shows of the stock."""

    _inherit = "ecom.channel"

    stock_publish = fields.Boolean("Publish Stock", copy=False, tracking=True)
    stock_warehouse_ids = fields.Many2many(
        "stock.warehouse",
        "ecom_channel_stock_warehouse_rel",
        string="Stock Of",
        check_company=True,
        help="Warehouses whose stock this shop sells. Empty: the channel's own.",
    )
    stock_pool = fields.Selection(
        [("shared", "All shops show all of it"), ("divided", "It is divided among the shops")],
        string="Several Shops",
        default="shared",
        required=True,
    )
    stock_weight = fields.Float("Weight", default=1, help="Share of this shop in divided stock.")
    stock_overcommit = fields.Float("Shown in All", default=100, help="Percent of divided stock.")
    stock_adaptive = fields.Boolean(
        "Hold Back for Sales Under Way",
        help="As many pieces as other shops of the same stock may sell before this one knows.",
    )
    stock_service = fields.Float("Safety in Percent", default=98)
    stock_damped = fields.Boolean(
        "Raise in Steps",
        help="More pieces are shown in steps, half of them each time, smaller steps where goods were "
        "oversold in the last 30 days. Fewer are always told at once.",
    )
    stock_breaker_share = fields.Float(
        "Stop Above",
        default=30,
        help="Percent of the listings that may go to none, or multiply, at once. Above it nothing "
        "is told until a person has looked.",
    )
    stock_blocked = fields.Char("Publishing Stopped", copy=False, readonly=True, tracking=True)

    @api.constrains("stock_weight", "stock_overcommit", "stock_service", "stock_breaker_share")
    def _check_stock(self):
        for channel in self:
            if channel.stock_weight < 0 or channel.stock_overcommit < 0:
                raise ValidationError(self.env._("Weight and share must not be negative."))
            if not 0 < channel.stock_service < 100:
                raise ValidationError(self.env._("The safety is between 0 and 100 percent."))

    # === COMPUTING === #

    def _get_stock_warehouses(self):
        self.ensure_one()
        return self.stock_warehouse_ids or self._get_warehouse()

    @api.model
    def _get_available(self, warehouses, products):
        """What may still be sold of products, in a handful of queries.

        On hand in the warehouses, less what is reserved, less what is ordered and not reserved yet
        (confirmed deliveries, and channel orders that wait for approval or payment). Kits count
        what can be made of their parts.

        :return: {product id: number}
        """
        kits = self._get_kits(products)
        parts = self.env["product.product"].browse(
            {part for lines in kits.values() for part, _need in lines}
        )
        stored = (products - self.env["product.product"].browse(kits)) | parts
        available = self._get_available_stored(warehouses, stored)
        result = {product.id: available.get(product.id, 0.0) for product in products}
        for kit, lines in kits.items():
            result[kit] = publish.kit([(available.get(part, 0.0), need) for part, need in lines])
        return result

    @api.model
    def _get_available_stored(self, warehouses, products):
        if not products or not warehouses:
            return {}
        for model, names in (
            ("stock.quant", ["quantity", "reserved_quantity", "product_id", "location_id"]),
            ("stock.move", ["product_qty", "quantity", "state", "product_id", "warehouse_id", "location_id"]),
            ("sale.order", ["state", "warehouse_id", "ecom_order_id"]),
            ("sale.order.line", ["product_id", "product_uom_qty", "order_id", "warehouse_id"]),
            ("ecom.order", ["state", "review_state"]),
        ):
            self.env[model].flush_model(names)
        paths = [f"{w.view_location_id.parent_path}%" for w in warehouses]
        rows = self.env.execute_query(
            SQL(
                """
                WITH places AS (
                    SELECT id FROM stock_location
                     WHERE parent_path LIKE ANY(%(paths)s) AND usage = 'internal'
                ), here AS (
                    SELECT product_id, sum(quantity - reserved_quantity) AS pieces FROM stock_quant
                     WHERE product_id = ANY(%(products)s) AND location_id IN (SELECT id FROM places)
                     GROUP BY 1
                ), ordered AS (
                    SELECT m.product_id, sum(m.product_qty - coalesce(m.quantity, 0)) AS pieces
                      FROM stock_move m JOIN stock_location d ON d.id = m.location_dest_id
                     WHERE m.product_id = ANY(%(products)s)
                       AND m.state IN ('waiting', 'confirmed', 'partially_available')
                       AND m.location_id IN (SELECT id FROM places)
                       AND d.usage NOT IN ('internal', 'transit')
                     GROUP BY 1
                ), pending AS (
                    SELECT l.product_id, sum(l.product_uom_qty) AS pieces
                      FROM sale_order_line l
                      JOIN sale_order s ON s.id = l.order_id
                      JOIN ecom_order o ON o.id = s.ecom_order_id
                     WHERE l.product_id = ANY(%(products)s) AND s.state IN ('draft', 'sent')
                       AND o.state = 'accepted' AND o.review_state != 'rejected'
                       AND o.fulfilled_by IS DISTINCT FROM 'platform'
                       AND s.warehouse_id = ANY(%(warehouses)s)
                     GROUP BY 1
                )
                SELECT p.id, coalesce(h.pieces, 0) - coalesce(o.pieces, 0) - coalesce(w.pieces, 0)
                  FROM unnest(%(products)s) AS p(id)
                  LEFT JOIN here h ON h.product_id = p.id
                  LEFT JOIN ordered o ON o.product_id = p.id
                  LEFT JOIN pending w ON w.product_id = p.id
                """,
                paths=paths,
                products=products.ids,
                warehouses=warehouses.ids,
            )
        )
        return {product: float(pieces) for product, pieces in rows}

    @api.model
    def _get_kits(self, products):
        """:return: {product id: [(component id, quantity in one kit)]} of products sold as kits"""
        if "mrp.bom" not in self.env or not products:
            return {}
        boms = self.env["mrp.bom"].sudo()._bom_find(products, bom_type="phantom")
        result = {}
        for product, bom in boms.items():
            if not bom:
                continue
            _boms, lines = bom.explode(product, 1)
            parts = {}
            for line, data in lines:
                if line.product_id.is_storable:
                    need = line.product_uom_id._compute_quantity(data["qty"], line.product_id.uom_id)
                    parts[line.product_id.id] = parts.get(line.product_id.id, 0.0) + need
            if parts:
                result[product.id] = list(parts.items())
        return result

    def _compute_stock(self, listings):
        """:return: {listing: (available, quantity, formula)} of listings of this channel"""
        self.ensure_one()
        products = listings.product_id
        available = self._get_available(self._get_stock_warehouses(), products)
        rules = self.env["ecom.stock.rule"]._get_rules(self, listings)
        shares = self._get_pool_shares(listings, available)
        buffers = self._get_buffers(products)
        result = {}
        for listing in listings:
            rule, name = rules[listing.id]
            have = shares.get(listing.id, available[listing.product_id.id])
            number, words = publish.quantity(have, rule, buffers.get(listing.product_id.id, 0))
            if listing.id in shares:
                whole = available[listing.product_id.id]
                words = f"{whole:g} in all, divided by weight: {words}"
            result[listing] = (
                available[listing.product_id.id], number, f"{name}: {words}" if name else words
            )  # fmt: skip
        return result

    def _get_pool_shares(self, listings, available):
        """:return: {listing id: share} where this shop's stock is divided with other shops"""
        if self.stock_pool != "divided":
            return {}
        mine = self._get_stock_warehouses()
        others = self.search(
            [("stock_publish", "=", True), ("company_id", "=", self.company_id.id),
             ("stock_pool", "=", "divided")],
        )  # fmt: skip
        pool = self | others.filtered(lambda channel: channel._get_stock_warehouses() & mine)
        everywhere = self.env["ecom.listing"].search(
            [("channel_id", "in", pool.ids), ("product_id", "in", listings.product_id.ids)],
            order="id",
        )
        by_product = everywhere.grouped("product_id")
        shares = {}
        for product, group in by_product.items():
            weights = [listing.channel_id.stock_weight for listing in group]
            parts = publish.divide(available[product.id], weights, self.stock_overcommit / 100)
            shares |= {listing.id: part for listing, part in zip(group, parts, strict=True)}
        return {listing.id: shares[listing.id] for listing in listings}

    def _get_buffers(self, products):
        """:return: {product id: pieces held back}"""
        if not self.stock_adaptive:
            return {}
        since = fields.Datetime.now() - timedelta(days=28)
        rows = self.env["sale.order.line"]._read_group(
            [
                ("product_id", "in", products.ids),
                ("order_id.date_order", ">=", since),
                ("order_id.state", "=", "sale"),
                ("order_id.ecom_channel_id", "not in", (False, self.id)),
            ],
            ["product_id"],
            ["product_uom_qty:sum"],
        )
        delay = self._get_stock_delay()
        return {
            product.id: publish.buffer_for(pieces / 28, delay, self.stock_service / 100)
            for product, pieces in rows
        }

    def _get_stock_delay(self):
        """:return: seconds from computing to the shop showing it, as measured last; else 60"""
        pushes = self.env["ecom.stock.push"].search(
            [("channel_id", "=", self.id), ("state", "=", "acknowledged")], limit=50
        )
        delays = sorted(
            (push.acknowledged_at - push.computed_at).total_seconds()
            for push in pushes
            if push.acknowledged_at
        )
        return max(delays[int(len(delays) * 0.95)], 5) if delays else 60

    # === WHAT CHANGED === #

    def _get_stock_listings(self, sync):
        """:return: mapped listings to look at: all, or those whose product moved since the last run"""
        domain = [
            ("channel_id", "=", self.id),
            ("product_id", "!=", False),
            ("publish", "=", True),
        ]
        page = sync.page or {}
        full_at = page.get("full_at") if isinstance(page, dict) else None
        now = fields.Datetime.now()
        full = not full_at or now - fields.Datetime.to_datetime(full_at) > FULL_EVERY
        if full:
            sync.page = {"full_at": fields.Datetime.to_string(now)}
            return self.env["ecom.listing"].search(domain)
        moved = self._get_moved_products(sync.cursor_at or now)
        return self.env["ecom.listing"].search(
            domain
            + ["|", "|", "|", ("product_id", "in", moved.ids), ("published_at", "=", False),
               ("stock_stale", "=", True), ("stock_rising", "=", True)]
        )

    @api.model
    def _get_moved_products(self, since):
        """:return: products whose stock, deliveries or orders changed since, and kits made of them"""
        # What was written in a transaction that ended after the last run bears an earlier time.
        since -= timedelta(minutes=2)
        self.env["stock.quant"].flush_model(["write_date", "product_id"])
        self.env["stock.move"].flush_model(["write_date", "product_id"])
        self.env["sale.order.line"].flush_model(["write_date", "product_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT product_id FROM stock_quant WHERE write_date >= %(since)s
                 UNION
                SELECT product_id FROM stock_move WHERE write_date >= %(since)s
                 UNION
                SELECT product_id FROM sale_order_line
                 WHERE write_date >= %(since)s AND product_id IS NOT NULL
                """,
                since=since,
            )
        )
        products = self.env["product.product"].browse([row[0] for row in rows])
        if "mrp.bom.line" in self.env and products:
            lines = self.env["mrp.bom.line"].sudo().search(
                [("product_id", "in", products.ids), ("bom_id.type", "=", "phantom")]
            )
            boms = lines.bom_id
            products |= boms.product_id | boms.product_tmpl_id.product_variant_ids
        return products

    def _get_stock_changes(self, listings):
        """:return: {listing: (available, quantity, formula)} of those the shop must be told"""
        computed = self._compute_stock(listings)
        if self.stock_damped:
            computed = self._damp(computed)
        return {
            listing: values
            for listing, values in computed.items()
            if not listing.published_at
            or listing.stock_stale
            or listing.published_quantity != values[1]
        }

    def _damp(self, computed):
        """:return: `computed` with increases cut to the step that is shown now"""
        since = fields.Datetime.now() - timedelta(days=30)
        incidents = dict(
            self.env["ecom.oversell"]
            .sudo()
            ._read_group(
                [("channel_id", "=", self.id), ("create_date", ">=", since)],
                ["product_id"],
                ["__count"],
            )
        )
        result, rising = {}, self.env["ecom.listing"]
        for listing, (available, wanted, formula) in computed.items():
            before = listing.published_quantity if listing.published_at else None
            share = 0.5 / (1 + incidents.get(listing.product_id, 0))
            number = publish.damp(before, wanted, share)
            if number < wanted:
                rising |= listing
                formula = f"{formula}, in steps: {number}"
            result[listing] = (available, number, formula)
        listings = self.env["ecom.listing"].union(*computed)
        (listings - rising).filtered("stock_rising").stock_rising = False
        rising.filtered(lambda listing: not listing.stock_rising).stock_rising = True
        return result

    def _get_stock_alarm(self, changes):
        total = self.env["ecom.listing"].search_count(
            [("channel_id", "=", self.id), ("product_id", "!=", False), ("publish", "=", True)]
        )
        pairs = [
            (listing.published_quantity if listing.published_at else None, values[1])
            for listing, values in changes.items()
        ]
        return publish.trips(pairs, total, self.stock_breaker_share / 100)

    def _block_stock(self, reason):
        self.stock_blocked = reason
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Stock of %(name)s looks wrong", name=self.name),
            note=self.env._(
                "Nothing was published: %(reason)s. If that is right, press Publish All the Same.",
                reason=reason,
            ),
            user_id=(self.user_id or self.create_uid).id,
        )

    def action_unblock_stock(self):
        """Button: a person looked; the quantities are right."""
        self._check_connector_manager()
        for channel in self:
            channel.stock_blocked = False
            share = channel.stock_breaker_share
            channel.stock_breaker_share = 100
            channel._run_sync("stock", _Totals())
            channel.stock_breaker_share = share
        return True

    def action_open_stock(self):
        return self._action_open("ecom_connectors.ecom_stock_push_action", [])


class _Totals(dict):
    """Counts that nobody asks for."""

    def __missing__(self, key):
        return 0

    def update(self, *args, **kwargs):
        return None
