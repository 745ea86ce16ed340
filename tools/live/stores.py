"""Real stores as a shopper and their staff use them: what the live tests buy in and look into.

Standard library only. A store runs already; ``url`` says where, ``state`` is the JSON file that its
seeding left (Medusa: keys, region, variants).
"""

import base64
import json
import urllib.error
import urllib.request


def call(method, url, body=None, headers=None):
    """:return: (JSON answer, headers)"""
    request = urllib.request.Request(
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json", **(headers or {})},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer), answer.headers
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{method} {url}: {error.code} {error.read()[:300]!r}") from None


class Medusa:
    connector = "medusa"

    def __init__(self, url, state):
        self.url, self.state = url, state
        pair = base64.b64encode(f"{state['sk']}:".encode()).decode()
        self.staff = {"authorization": f"Basic {pair}"}
        self.shopper = {"x-publishable-api-key": state["pk"]}
        self.credentials = {"credential_token": state["sk"]}

    def _admin(self, method, path, body=None):
        return call(method, f"{self.url}/admin{path}", body, self.staff)[0]

    def _store(self, path, body):
        return call("POST", f"{self.url}/store{path}", body, self.shopper)[0]

    def buy(self, number, pieces=2):
        """A shopper buys two kinds of things. :return: the order's id"""
        address = {
            "first_name": "Nora", "last_name": f"de Vries {number}", "address_1": f"Straat {number}",
            "city": "Amsterdam", "postal_code": "1011AB", "country_code": "nl", "phone": "+31201234567",
        }  # fmt: skip
        variants = self.state["variants"]
        items = [
            {"variant_id": variants[(number + step) % len(variants)]["id"], "quantity": pieces}
            for step in (0, 7)
        ]
        cart = self._store("/carts", {
            "region_id": self.state["region"], "email": f"live{number}@example.com",
            "shipping_address": address, "billing_address": address, "items": items,
        })["cart"]  # fmt: skip
        self._store(f"/carts/{cart['id']}/shipping-methods", {"option_id": self.state["so"]})
        payment = self._store("/payment-collections", {"cart_id": cart["id"]})["payment_collection"]
        self._store(f"/payment-collections/{payment['id']}/payment-sessions", {"provider_id": "pp_system_default"})
        return self._store(f"/carts/{cart['id']}/complete", {})["order"]["id"]

    def order(self, order_id):
        fields = ("+currency_code,+total,+payment_status,+fulfillment_status,+status,*items,*fulfillments,"
                  "*fulfillments.items,*fulfillments.labels,*payment_collections.payments,"
                  "*payment_collections.payments.refunds")  # fmt: skip
        return self._admin("GET", f"/orders/{order_id}?fields={fields}")["order"]

    def capture(self, order_id):
        for collection in self.order(order_id)["payment_collections"]:
            for payment in collection["payments"]:
                self._admin("POST", f"/payments/{payment['id']}/capture", {})

    def cancel(self, order_id):
        self._admin("POST", f"/orders/{order_id}/cancel", {})

    def is_cancelled(self, order_id):
        return self.order(order_id)["status"] == "canceled"

    def parcels(self, order_id):
        """:return: list of (tracking number, pieces) that were shipped"""
        return sorted(
            (f["labels"][0]["tracking_number"] if f["labels"] else None, sum(i["quantity"] for i in f["items"]))
            for f in self.order(order_id)["fulfillments"] if f["shipped_at"]
        )  # fmt: skip

    def refunds(self, order_id):
        return [
            round(r["amount"], 2) for c in self.order(order_id)["payment_collections"]
            for p in c["payments"] for r in p["refunds"]
        ]  # fmt: skip

    def stock(self, sku):
        """:return: pieces that the shop would sell"""
        item = self._admin("GET", f"/inventory-items?sku={sku}&fields=id,sku,*location_levels")["inventory_items"][0]
        return sum(level["stocked_quantity"] - level["reserved_quantity"] for level in item["location_levels"])


class Vendure:
    connector = "vendure"

    def __init__(self, url, state=None):
        self.url = url
        self.headers = {}
        _data, headers = self._raw("admin-api", "mutation { login(username: \"superadmin\", password: \"superadmin\", rememberMe: true) { __typename } }", {}, {})
        self.headers = {"authorization": f"Bearer {headers.get('vendure-auth-token')}"}
        role = next(r for r in self._admin("{ roles { items { id code } } }")["roles"]["items"] if r["code"] == "__super_admin_role__")
        made = self._admin(
            "mutation($i: CreateApiKeyInput!) { createApiKey(input: $i) { ... on CreateApiKeyResult { apiKey entityId } } }",
            i={"roleIds": [role["id"]], "translations": [{"languageCode": "en", "name": "live test"}]},
        )["createApiKey"]
        self.credentials = {"credential_token": made["apiKey"]}
        self.variants = self._admin("{ productVariants(options: {take: 60}) { items { id sku } } }")["productVariants"]["items"]

    def _raw(self, api, query, variables, headers):
        value, answered = call("POST", f"{self.url}/{api}", {"query": query, "variables": variables}, headers)
        if value.get("errors"):
            raise RuntimeError(json.dumps(value["errors"])[:500])
        return value["data"], answered

    def _admin(self, query, **variables):
        return self._raw("admin-api", query, variables, self.headers)[0]

    def buy(self, number, pieces=2):
        session = {}

        def shop(query, **variables):
            data, headers = self._raw("shop-api", query, variables, session)
            if headers.get("vendure-auth-token"):
                session["authorization"] = f"Bearer {headers['vendure-auth-token']}"
            return data

        error = "... on ErrorResult { errorCode message }"
        for step in (0, 7):
            variant = self.variants[(number + step) % len(self.variants)]["id"]
            shop("mutation($v: ID!, $q: Int!) { addItemToOrder(productVariantId: $v, quantity: $q) { __typename %s } }" % error, v=variant, q=pieces)
        address = {"fullName": "Nora de Vries", "streetLine1": f"Straat {number}", "city": "Amsterdam", "postalCode": "1011AB",
                   "countryCode": "NL", "phoneNumber": "+31201234567"}  # fmt: skip
        shop("mutation($c: CreateCustomerInput!) { setCustomerForOrder(input: $c) { __typename %s } }" % error,
             c={"emailAddress": f"live{number}@example.com", "firstName": "Nora", "lastName": "de Vries"})  # fmt: skip
        shop("mutation($a: CreateAddressInput!) { setOrderShippingAddress(input: $a) { __typename %s } }" % error, a=address)
        method = shop("{ eligibleShippingMethods { id } }")["eligibleShippingMethods"][0]["id"]
        shop("mutation($m: [ID!]!) { setOrderShippingMethod(shippingMethodId: $m) { __typename %s } }" % error, m=[method])
        shop("mutation { transitionOrderToState(state: \"ArrangingPayment\") { __typename } }")
        paid = shop("mutation($p: PaymentInput!) { addPaymentToOrder(input: $p) { __typename ... on Order { id } %s } }" % error,
                    p={"method": "standard-payment", "metadata": {}})["addPaymentToOrder"]  # fmt: skip
        return paid["id"]

    def order(self, order_id):
        return self._admin(
            "query($i: ID!) { order(id: $i) { id state totalWithTax currencyCode fulfillments { state trackingCode lines { quantity } } "
            "payments { id state refunds { state total } } } }",
            i=order_id,
        )["order"]

    def capture(self, order_id):
        for payment in self.order(order_id)["payments"]:
            if payment["state"] == "Authorized":
                self._admin("mutation($i: ID!) { settlePayment(id: $i) { __typename } }", i=payment["id"])

    def cancel(self, order_id):
        self._admin("mutation($i: CancelOrderInput!) { cancelOrder(input: $i) { __typename } }",
                    i={"orderId": order_id, "cancelShipping": True, "reason": "live test"})  # fmt: skip

    def is_cancelled(self, order_id):
        return self.order(order_id)["state"] == "Cancelled"

    def parcels(self, order_id):
        return sorted(
            (f["trackingCode"], sum(line["quantity"] for line in f["lines"]))
            for f in self.order(order_id)["fulfillments"] if f["state"] in ("Shipped", "Delivered")
        )  # fmt: skip

    def refunds(self, order_id):
        return [r["total"] / 100 for p in self.order(order_id)["payments"] for r in p["refunds"] if r["state"] == "Settled"]

    def stock(self, sku):
        items = self._admin(
            "query($s: String!) { productVariants(options: {filter: {sku: {eq: $s}}}) { items { stockLevels { stockOnHand stockAllocated } } } }",
            s=sku,
        )["productVariants"]["items"]
        # Its sample catalogue has a SKU three times; all of them must show the same.
        shown = {sum(level["stockOnHand"] - level["stockAllocated"] for level in item["stockLevels"]) for item in items}
        return shown.pop() if len(shown) == 1 else shown


class Odoo:
    """Another Odoo with website_sale. Orders of its website are made as its shop makes them: a
    sale.order of the website, confirmed."""

    connector = "odoo"

    def __init__(self, url, state):
        self.url, self.headers = url, {"authorization": f"bearer {state['key']}", "x-odoo-database": state["database"]}
        self.credentials = {"credential_token": state["key"], "credential_account": state["database"]}
        self.website = self._rpc("website", "search", domain=[], limit=1)[0]
        self.products = self._rpc("product.product", "search_read", domain=[["is_published", "=", True], ["default_code", "!=", False]], fields=["default_code", "list_price"])

    def _rpc(self, model, method, **arguments):
        return call("POST", f"{self.url}/json/2/{model}/{method}", arguments, self.headers)[0]

    def buy(self, number, pieces=2):
        country = self._rpc("res.country", "search", domain=[["code", "=", "NL"]])[0]
        partner = self._rpc("res.partner", "create", vals_list=[{
            "name": f"Nora {number}", "email": f"live{number}@example.com", "street": f"Straat {number}", "city": "Amsterdam",
            "zip": "1011AB", "country_id": country}])[0]  # fmt: skip
        lines = [[0, 0, {"product_id": self.products[(number + step) % len(self.products)]["id"], "product_uom_qty": pieces, "tax_ids": []}] for step in (0, 1)]
        order = self._rpc("sale.order", "create", vals_list=[{"partner_id": partner, "website_id": self.website, "order_line": lines}])[0]
        self._rpc("sale.order", "action_confirm", ids=[order])
        return str(order)

    def capture(self, order_id):
        """The buyer pays with Odoo's own provider for demonstrations, which must be enabled."""
        order = self._rpc("sale.order", "read", ids=[int(order_id)], fields=["amount_total", "currency_id", "partner_id", "name"])[0]
        provider = self._rpc("payment.provider", "search_read", domain=[["code", "=", "demo"]], fields=["payment_method_ids"], limit=1)[0]
        payment = self._rpc("payment.transaction", "create", vals_list=[{
            "provider_id": provider["id"], "payment_method_id": provider["payment_method_ids"][0], "amount": order["amount_total"],
            "currency_id": order["currency_id"][0], "partner_id": order["partner_id"][0], "reference": order["name"],
            "sale_order_ids": [[6, 0, [order["id"]]]]}])  # fmt: skip
        self._rpc("payment.transaction", "action_demo_set_done", ids=payment)

    def refunds(self, order_id):
        found = self._rpc("payment.transaction", "search_read", domain=[
            ["operation", "=", "refund"], ["state", "=", "done"], ["source_transaction_id.sale_order_ids", "in", [int(order_id)]],
        ], fields=["amount"])  # fmt: skip
        return [-each["amount"] for each in found]

    def cancel(self, order_id):
        self._rpc("sale.order", "action_cancel", ids=[int(order_id)], context={"disable_cancel_warning": True})

    def is_cancelled(self, order_id):
        return self._rpc("sale.order", "search_read", domain=[["id", "=", int(order_id)]], fields=["state"])[0]["state"] == "cancel"

    def parcels(self, order_id):
        pickings = self._rpc("stock.picking", "search_read", domain=[["sale_id", "=", int(order_id)], ["state", "=", "done"]], fields=["carrier_tracking_ref"])
        result = []
        for picking in pickings:
            moves = self._rpc("stock.move", "search_read", domain=[["picking_id", "=", picking["id"]], ["state", "=", "done"]], fields=["quantity"])
            result.append((picking["carrier_tracking_ref"], sum(int(m["quantity"]) for m in moves)))
        return sorted(result)

    def stock(self, sku):
        return self._rpc("product.product", "search_read", domain=[["default_code", "=", sku]], fields=["free_qty"])[0]["free_qty"]


STORES = {"medusa": Medusa, "vendure": Vendure, "odoo": Odoo}
