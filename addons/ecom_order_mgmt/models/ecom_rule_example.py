from odoo import api, models
from odoo.exceptions import UserError

from ..tools import examples as example_tools
from ..tools.canonical import InvalidDocument


class EcomRule(models.Model):
    """Example orders of a rule pack: what its rules are meant to do, tried in earnest."""

    _inherit = "ecom.rule"

    def _run_examples(self, examples):
        """Take example orders in, have these rules judge them, and forget it all.

        The orders really come in, on a channel and with products that exist only meanwhile;
        everything is rolled back at the end.

        :param examples: list of dicts: `order`, a canonical document; `products`, by SKU their
            `cost`, `weight` and `stock`; `expect`: `held_by` and `approved_by` (lists of names of
            rules), `tags`
        :return: list of texts, what came out otherwise than expected; empty: all is well
        :raise UserError: an example cannot be read
        """
        if not examples:
            return []
        for number, example in enumerate(examples, 1):
            if not isinstance(example, dict) or not isinstance(example.get("order"), dict):
                raise UserError(self.env._("Example %s of the pack has no order.", number))
        try:
            found = self._judge_examples(examples)
        except InvalidDocument as error:
            raise UserError(
                self.env._("An example of the pack cannot be read: %s", error)
            ) from error
        problems = []
        for number, (example, outcome) in enumerate(zip(examples, found, strict=True), 1):
            name = example.get("name") or example["order"].get("external_id") or number
            expected = example.get("expect", {})
            if "error" in outcome:
                problems.append(
                    self.env._("Example “%(name)s”: %(error)s", name=name, error=outcome["error"])
                )
                continue
            for key in ("held_by", "approved_by", "tags"):
                wanted, got = sorted(expected.get(key, [])), sorted(outcome[key])
                if wanted != got:
                    problems.append(
                        self.env._(
                            "Example “%(name)s”: %(key)s is %(got)s, not %(wanted)s.",
                            name=name,
                            key=key,
                            got=", ".join(got) or "–",
                            wanted=", ".join(wanted) or "–",
                        )
                    )
        return problems

    def _judge_examples(self, examples):
        """:return: per example {"held_by", "approved_by", "tags"} or {"error"}"""
        # Rules are the managers'; orders, listings and stock of the examples are nobody's and go
        # away again.
        self = self.sudo()
        with self.env.cr.savepoint() as savepoint:
            outcomes = self._judge_in_savepoint(examples)
            savepoint.rollback()
        return outcomes

    def _judge_in_savepoint(self, examples):
        company = self.env.company
        channel = self.env["ecom.channel"].create(
            {
                "name": "Examples",
                "company_id": company.id,
                "approval": "manual",
                "sku_policy": "park",
            }
        )
        self.with_context(tracking_disable=True).write(
            {
                "channel_ids": False,
                "company_id": company.id,
                "active_from": False,
                "active_to": False,
            }
        )
        # Whether a carrier is missing depends on the carriers of this database.
        self.env["delivery.carrier"].search([("active", "=", True)]).active = False
        documents = [
            example_tools.prepare(example["order"], number, company.currency_id.name)
            for number, example in enumerate(examples)
        ]
        self._create_example_products(channel, documents, examples)
        entries = channel._ingest(documents)
        orders = self.env["ecom.order"].browse([entry["order_id"] for entry in entries])
        orders._accept_batch()
        accepted = orders.filtered(lambda order: order.state == "accepted")
        plans = self._plan(accepted) if accepted else {}
        return [self._describe_outcome(order, plans.get(order.id)) for order in orders]

    def _create_example_products(self, channel, documents, examples):
        facts = {}
        for example in examples:
            facts |= example.get("products", {})
        lines = example_tools.product_lines(documents)
        products = self.env["product.product"].create(
            [
                {
                    "name": line.get("name") or key,
                    "type": "consu",
                    "is_storable": True,
                    "company_id": channel.company_id.id,
                    "taxes_id": False,
                    "standard_price": float(facts.get(key, {}).get("cost", 0)),
                    "weight": float(facts.get(key, {}).get("weight", 0)),
                }
                for key, line in lines.items()
            ]
        )
        self.env["ecom.listing"].create(
            [
                {"channel_id": channel.id, "key": key, "product_id": product.id}
                for key, product in zip(lines, products, strict=True)
            ]
        )
        location = channel._get_warehouse().lot_stock_id
        for key, product in zip(lines, products, strict=True):
            stock = float(facts.get(key, {}).get("stock", 1000))
            if stock and location:
                self.env["stock.quant"]._update_available_quantity(product, location, stock)

    @api.model
    def _describe_outcome(self, order, plan):
        if plan is None:
            return {"error": order.cause_message or order.cause or order.state}
        if plan.failed:
            return {"error": next(iter(plan.failed.values()))}
        return {
            "held_by": sorted({rule.name for rule, _vals in plan.holds}),
            "approved_by": [plan.approve.name] if plan.approve else [],
            "tags": sorted(self.env["ecom.tag"].browse(plan.tags).mapped("name")),
        }

    def _prepare_examples(self, orders):
        """Make examples of real orders: nobody can be recognised in them, and they expect what
        these rules say of them now.

        :return: list of examples
        """
        examples = []
        for number, order in enumerate(orders.filtered("document"), 1):
            products = {}
            for line in order.sale_order_id.order_line.filtered(
                lambda line: line.ecom_kind == "product"
            ):
                source = next(
                    (doc for doc in order.document["lines"] if doc["id"] == line.ecom_line_ref), {}
                )
                key = source and self.env["ecom.listing"]._line_key(source)
                if key:
                    products[key] = {
                        "cost": f"{line.product_id.standard_price:g}",
                        "weight": f"{line.product_id.weight:g}",
                    }
            examples.append(
                {
                    "name": self.env._("Example %s", number),
                    "order": example_tools.anonymise(order.document, number),
                    "products": products,
                }
            )
        outcomes = self._judge_examples(examples) if examples else []
        for example, outcome in zip(examples, outcomes, strict=True):
            if "error" in outcome:
                raise UserError(outcome["error"])
            example["expect"] = {key: value for key, value in outcome.items() if value}
        return examples
