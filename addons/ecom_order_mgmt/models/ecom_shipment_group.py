import logging
import random
import time
from datetime import timedelta

from odoo import api, fields, models, modules

from ..concurrency import RETRYABLE

_logger = logging.getLogger(__name__)

_MAX_RETRIES = 5


class EcomShipment(models.Model):
    """Finding parcels that can leave together, by the timer or for a person to decide."""

    _inherit = "ecom.shipment"

    merge_group = fields.Char(
        compute="_compute_merge_group",
        store=True,
        help="Parcels of the same group can be merged.",
    )
    merge_until = fields.Datetime(
        "Waits for Others Until",
        readonly=True,
        copy=False,
        help="Further orders of the same recipient join this parcel until then.",
    )
    no_merge = fields.Boolean(
        "Not to Be Merged", copy=False, help="Taken apart by a person: it is not merged again."
    )
    merge_warning = fields.Char(readonly=True, copy=False)

    _merge_group_idx = models.Index(
        "(merge_group) WHERE merge_group IS NOT NULL AND active AND state IN ('draft', 'ready')"
    )

    @api.depends("warehouse_id", "carrier_id", "recipient_key", "no_merge", "order_ids")
    def _compute_merge_group(self):
        for shipment in self:
            orders = shipment.order_ids
            channels = orders.channel_id
            channel = channels[:1]
            if (
                not shipment.recipient_key
                or shipment.no_merge
                or not channel
                or shipment._is_merge_forbidden()
                or "off" in channels.mapped("merge_mode")
                or any(o.is_cash_on_delivery and not o.channel_id.merge_cod for o in orders)
                or any(o.has_presale and not o.channel_id.merge_presale for o in orders)
                # Parts of a split order were parted for a reason.
                or any(line.ecom_allocation for line in orders.sale_order_id.order_line)
            ):
                shipment.merge_group = False
                continue
            shipment.merge_group = ":".join(
                (
                    str(shipment.company_id.id),
                    str(shipment.warehouse_id.id),
                    str(shipment.carrier_id.id or 0),
                    orders[:1].currency_code or "",
                    shipment._get_merge_scope(),
                    shipment.recipient_key,
                )
            )

    def _is_merge_forbidden(self):
        """:return: whether a rule keeps this parcel apart"""
        return False

    def _get_merge_scope(self):
        """:return: part of the merge group: of which orders a parcel's may be"""
        channel = self.order_ids.channel_id[:1]
        return f"c{channel.id}" if channel.merge_scope == "channel" else "all"

    def _get_merge_window(self):
        """:return: minutes that a parcel waits for other orders"""
        return self.order_ids.channel_id[:1].merge_window

    @api.model_create_multi
    def create(self, vals_list):
        shipments = super().create(vals_list)
        now = fields.Datetime.now()
        waiting = {}
        for shipment in shipments:
            channel = shipment.order_ids.channel_id[:1]
            if channel.merge_mode == "auto":
                window = shipment._get_merge_window()
                waiting.setdefault(window, self.browse())
                waiting[window] |= shipment
        for window, found in waiting.items():
            found.merge_until = now + timedelta(minutes=window)
        return shipments

    # === FINDING === #

    @api.model
    def _get_merge_domain(self):
        return [
            ("merge_group", "!=", False),
            ("state", "in", ("draft", "ready")),
            ("frozen", "=", False),
            ("tracking_ref", "=", False),
        ]

    @api.model
    def _find_merge_groups(self, domain=()):
        """:return: list of shipments that can leave together, two or more each"""
        groups = self._read_group(
            [*self._get_merge_domain(), *domain],
            ["merge_group"],
            ["id:recordset"],
            having=[("__count", ">", 1)],
        )
        return [shipments for _group, shipments in groups]

    def _merge_proposal(self):
        """:return: (shipments of this group that may be merged now, why the others may not)"""
        channel = self.order_ids.channel_id[:1]
        chosen, orders, weight = self.browse(), self.env["ecom.order"], 0.0
        reasons = []
        for shipment in self.sorted(lambda s: (s.due_at or s.create_date, s.id)):
            mine = sum(shipment.move_ids.mapped("weight"))
            if shipment.order_ids.refund_ids:
                reasons.append(self.env._("%(name)s: refund", name=shipment.name))
            elif len(orders | shipment.order_ids) > channel.merge_max_orders:
                reasons.append(self.env._("%(name)s: too many orders", name=shipment.name))
            elif channel.merge_max_weight and weight + mine > channel.merge_max_weight:
                reasons.append(self.env._("%(name)s: too heavy", name=shipment.name))
            else:
                chosen |= shipment
                orders |= shipment.order_ids
                weight += mine
        return (chosen if len(chosen) > 1 else self.browse()), reasons

    def _merge(self, why):
        target = super()._merge(why)
        channel = target.order_ids.channel_id[:1]
        if channel.merge_mode == "auto":
            first = min((self | target.merged_ids).mapped("create_date"))
            target.merge_until = min(
                fields.Datetime.now() + timedelta(minutes=target._get_merge_window()),
                first + timedelta(hours=channel.merge_cap),
                target.due_at or fields.Datetime.now() + timedelta(days=1),
            )
        return target

    def _unmerge(self, parts, why):
        result = super()._unmerge(parts, why)
        (self | parts).no_merge = True
        return result

    # === TIMER === #

    @api.model
    def _cron_merge(self):
        """Merge what channels merge by themselves; each group in a transaction of its own."""
        last = self.env["ecom.channel"].search_count([("merge_mode", "=", "auto")])
        if not last:
            return
        groups = self._find_merge_groups([("order_ids.channel_id.merge_mode", "=", "auto")])
        done = self.env["ir.cron"]._commit_progress if not modules.module.current_test else None
        for shipments in groups:
            ids = shipments.ids
            for attempt in range(_MAX_RETRIES):
                try:
                    self.browse(ids)._merge_by_itself()
                    if done and not done(1):
                        return
                    break
                except RETRYABLE:
                    if modules.module.current_test or attempt == _MAX_RETRIES - 1:
                        raise
                    self.env.cr.rollback()
                    self.env.invalidate_all()
                    time.sleep(random.uniform(0, 0.2 * 2**attempt))
        self._warn_not_merged()

    def _merge_by_itself(self):
        """Merge the parcels of one group, unless they wait no more or somebody has them now."""
        locked = self.try_lock_for_update(allow_referencing=True)
        now = fields.Datetime.now()
        waiting = locked.filtered(
            lambda s: s.state in ("draft", "ready")
            and not s.frozen
            and not s.tracking_ref
            and (not s.merge_until or s.merge_until >= now or s.create_date >= now - timedelta(hours=1))
        )  # fmt: skip
        chosen, _reasons = waiting._merge_proposal()
        if chosen:
            chosen._merge(
                self.env._(
                    "Merged by itself: same recipient, warehouse and carrier within "
                    "%(minutes)s minutes.",
                    minutes=chosen[:1]._get_merge_window(),
                )
            )

    @api.model
    def _warn_not_merged(self):
        """A late order of a recipient whose parcel is being picked, or gone since yesterday."""
        fresh = self.search(
            [
                *self._get_merge_domain(),
                ("merge_warning", "=", False),
                ("create_date", ">=", fields.Datetime.now() - timedelta(days=1)),
            ]
        )
        gone = self._read_group(
            [
                ("merge_group", "in", fresh.mapped("merge_group")),
                ("state", "in", ("picking", "packed", "shipped")),
                ("create_date", ">=", fields.Datetime.now() - timedelta(days=1)),
            ],
            ["merge_group"],
            ["id:recordset"],
        )
        for group, others in gone:
            late = fresh.filtered(lambda s, g=group: s.merge_group == g)
            message = self.env._(
                "Same recipient, not merged: %(names)s left already or is being picked.",
                names=", ".join(others.mapped("name")),
            )
            late.merge_warning = message
            late.order_ids._decide("merge", message)

    # === PROPOSALS === #

    @api.model
    def action_open_proposals(self):
        """Menu: parcels that can leave together, group by group."""
        groups = self._find_merge_groups()
        found = self.browse([shipment.id for group in groups for shipment in group])
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ecom_order_mgmt.ecom_shipment_merge_action"
        )
        action["domain"] = [("id", "in", found.ids)]
        return action

    def action_merge_group(self):
        """Button of a proposal: merge everything that can leave together with this parcel."""
        self.ensure_one()
        self._check_packer()
        group = self.search([*self._get_merge_domain(), ("merge_group", "=", self.merge_group)])
        chosen, reasons = group.sudo()._merge_proposal()
        if not chosen:
            chosen = group
        chosen.with_env(self.env).action_merge()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%(count)s parcels leave as one.", count=len(chosen))
                + (" " + "; ".join(reasons) if reasons else ""),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_not_together(self):
        """Button of a proposal: leave this parcel alone."""
        self._check_packer().no_merge = True
        return True
