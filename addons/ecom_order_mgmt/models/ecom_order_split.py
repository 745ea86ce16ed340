from decimal import Decimal

from odoo import fields, models

from ..tools import splitting


class EcomOrder(models.Model):
    """Into how many parcels an order goes, by the channel's settings and the rules of this stage."""

    _inherit = "ecom.order"

    wants_one_parcel = fields.Boolean(
        "Buyer Wants One Parcel",
        readonly=True,
        help="The channel says so: `extra.ship_together` of its document.",
    )

    def _stays_whole(self, asked):
        """:return: whether the order leaves in one parcel, whatever the channel would do: a rule or
        the buyer wants it so"""
        self.ensure_one()
        return (
            self.no_split
            or "no_split" in self._get_asked(asked, "split").values
            or self.wants_one_parcel
        )

    def _get_together(self, keys, asked):
        """:param keys: ids of sale lines
        :return: dict {sale line id: name of the set that it is never parted from}"""
        self.ensure_one()
        tags = self.channel_id.together_tag_ids | self.env["product.tag"].union(
            *self._get_asked(asked, "split").extra.get("together", [])
        )
        if not tags:
            return {}
        found = {}
        for line in self.env["sale.order.line"].browse(list(keys)):
            mine = tags & line.product_id.all_product_tag_ids
            if mine:
                found[line.id] = mine.sorted("id")[0].name
        return found

    def _get_document_lines(self):
        """:return: dict {sale line id: the line of the channel's document that it was made of}"""
        self.ensure_one()
        source = {item["id"]: item for item in (self.document or {}).get("lines", [])}
        return {
            line.id: source[line.ecom_line_ref]
            for line in self.sale_order_id.order_line
            if line.ecom_line_ref in source
        }

    def _get_gift_line_ids(self):
        """:return: set of ids of the sale lines that the channel calls gifts"""
        return {key for key, item in self._get_document_lines().items() if item.get("gift")}

    def _get_floor_check(self, channel, lines):
        """:return: function of a list of {line key: quantity}: whether every part is worth enough,
        and none holds gifts only"""
        floor = channel.split_min_value
        by_key = {line.key: line for line in lines}
        orders = {line.id: line for line in self.sale_order_id.order_line}

        def worth(key, quantity):
            members = by_key[key].inside
            if members:
                return sum(orders[line.key].price_total for line in members)
            line = orders[key]
            return line.price_total * quantity / line.product_uom_qty

        def accept(taken):
            goods = any(not line.gift for line in lines)
            for part in taken:
                if goods and all(by_key[key].gift for key in part):
                    return False
                if floor > 0 and sum(worth(*item) for item in part.items()) < floor:
                    return False
            return True

        return accept

    def _split_plan(self, plan, asked):
        """:return: (list of (warehouse id, list of pieces), notes)"""
        lines = {line.id: line for line in self.sale_order_id.order_line}
        limits = self._get_limits(asked)
        whole = self._stays_whole(asked) or not limits.has_any()
        # What is not parted needs no labels; a document is copied each time it is read.
        source = {} if whole else self._get_document_lines()
        planned = {key for _candidate, quantities in plan.parts for key in quantities}
        if plan.supply:
            planned |= plan.supply.pieces.keys()
        main = plan.parts[0][0].key
        together = {} if whole else self._get_together(lines, asked)
        parts = []
        for candidate, quantities in plan.parts:
            wanted = dict(quantities)
            if candidate.key == main:
                # What needs no stock (consumables) goes along with the biggest part.
                wanted |= {
                    line.id: line.product_uom_qty
                    for line in lines.values()
                    if line.id not in planned
                    and line.product_id.type == "consu"
                    and line.product_uom_qty > 0
                }
            pieces = [
                self._get_piece(lines[key], quantity, source.get(key, {}), together)
                for key, quantity in wanted.items()
            ]
            if pieces or candidate.key == main:
                parts.append((candidate.key, pieces))
        full = [(key, pieces) for key, pieces in parts if pieces]
        if not full or whole:
            return full or parts, []
        found = splitting.split([pieces for _key, pieces in full], limits)
        if limits.max_weight:
            unknown = self.sale_order_id.order_line.product_id.filtered(
                lambda p: p.type == "consu" and not p.weight
            )
            if unknown:
                names = ", ".join(p.default_code or p.display_name for p in unknown)
                found.notes.append(
                    ("max_weight", self.env._("the weight of %s is not known", names))
                )
        return [
            (full[origin][0], part) for origin, part in zip(found.origins, found.parts, strict=True)
        ], found.notes

    def _get_limits(self, asked):
        channel = self.channel_id
        wanted = self._get_asked(asked, "split").extra.get("split_by", ())
        return splitting.Limits(
            strategies=tuple(
                name
                for name, on in (
                    ("class", channel.split_by_class),
                    ("date", channel.split_by_date),
                    ("vendor", channel.split_by_vendor),
                    ("category", channel.split_categ_ids),
                    ("alone", channel.split_alone),
                )
                if on or name in wanted
            ),
            max_weight=_positive(channel.split_max_weight),
            max_value=_positive(channel.split_max_value),
            max_items=_positive(channel.split_max_items),
            floor=_positive(channel.split_min_value),
            max_parts=channel.split_max_parts,
        )

    def _get_piece(self, line, quantity, source, together):
        quantity = Decimal(str(quantity))
        ordered = Decimal(str(line.product_uom_qty))
        product = line.product_id
        return splitting.Piece(
            key=line.id,
            quantity=quantity,
            value=Decimal(str(line.price_total)) * quantity / ordered,
            weight=Decimal(str(product.weight)) * quantity,
            gift=bool(source.get("gift")),
            labels=self._get_labels(line, source),
            together=together.get(line.id),
            alone=product.ecom_ship_alone,
            per_parcel=max(product.ecom_per_parcel, 0),
            # What is sold by the fraction (metres, kilograms) may be parted so.
            whole=ordered == ordered.to_integral_value(),
        )

    def _get_labels(self, line, source):
        """:return: dict {strategy: text}; lines with different texts may travel apart"""
        product = line.product_id
        labels = {
            "class": product.ecom_transport_class or "normal",
            "date": (source.get("promised_at") or "")[:10],
            "vendor": str(product.seller_ids[:1].partner_id.id or ""),
        }
        apart = self.channel_id.split_categ_ids
        if apart:
            path = [int(part) for part in (product.categ_id.parent_path or "").split("/") if part]
            labels["category"] = next((str(key) for key in reversed(path) if key in apart.ids), "")
        else:
            labels["category"] = str(product.categ_id.id)
        return labels

    def _prepare_split_decision(self, parts, notes):
        total = Decimal(str(self.sale_order_id.amount_total))
        values = [sum((piece.value for piece in pieces), Decimal(0)) for _w, pieces in parts]
        rounding = Decimal(str(self.sale_order_id.currency_id.rounding))
        names = {w.id: w.name for w in self.env["stock.warehouse"].browse({w for w, _p in parts})}
        details = {
            "parts": [
                {
                    "warehouse": names[warehouse_id],
                    "pieces": float(sum(piece.quantity for piece in pieces)),
                    # Shipping, discounts and cash on delivery are shared out by value.
                    "share_of_total": str(share),
                }
                for (warehouse_id, pieces), share in zip(
                    parts, splitting.shares(total, values, rounding), strict=True
                )
            ],
            "strategies": [list(note) for note in notes],
        }
        undone = [f"{name}: {why}" for name, why in notes if why != "done"]
        summary = self.env._("Travels in %(count)s parcels.", count=len(parts))
        if undone:
            summary += " " + self.env._("Not split further: %(why)s.", why="; ".join(undone))
        return {
            "order_id": self.id,
            "stage": "split",
            "rule": ", ".join(name for name, _why in notes) or "warehouse",
            "summary": summary,
            "details": details,
        }


def _positive(number):
    return Decimal(str(number)) if number and number > 0 else None
