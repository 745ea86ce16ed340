"""GraphQL documents of the Shopify connector. A test validates each of them against Shopify's schema."""

import json

VERSION = "2026-10"
SUPPORTED = ("2026-10", "2026-07")

_MONEY = "{ shopMoney { amount currencyCode } }"
_TAX = f"taxLines {{ title rate channelLiable priceSet {_MONEY} }}"
_ALLOCATION = f"discountAllocations {{ allocatedAmountSet {_MONEY} }}"
_ADDRESS = "{ name company address1 address2 city zip phone provinceCode countryCodeV2 }"

_LINE = f"""{{ id name title sku quantity currentQuantity
    variant {{ id }} originalUnitPriceSet {_MONEY} {_ALLOCATION} {_TAX} customAttributes {{ key value }} }}"""
_SHIPPING = f"{{ id title isRemoved originalPriceSet {_MONEY} discountedPriceSet {_MONEY} {_ALLOCATION} {_TAX} }}"
_HEAD = f"""
  id name createdAt processedAt updatedAt cancelledAt closedAt currencyCode presentmentCurrencyCode
  displayFinancialStatus displayFulfillmentStatus taxesIncluded paymentGatewayNames
  email phone note tags test sourceName customerLocale
  customer {{ id firstName lastName }}
  billingAddress {_ADDRESS} shippingAddress {_ADDRESS}
  totalPriceSet {_MONEY} currentTotalPriceSet {_MONEY} totalOutstandingSet {_MONEY}
  totalDiscountsSet {_MONEY} totalTipReceived {{ amount }} originalTotalDutiesSet {_MONEY}
  {_TAX}
  fulfillments(first: 20) {{ id status trackingInfo {{ number }} }}"""

ORDER = f"""
fragment F on Order {{ {_HEAD}
  lineItems(first: 100) {{ pageInfo {{ hasNextPage endCursor }} nodes {_LINE} }}
  shippingLines(first: 10) {{ nodes {_SHIPPING} }}
  refunds(first: 20) {{ id createdAt note
    refundLineItems(first: 50) {{ nodes {{ quantity subtotalSet {_MONEY} totalTaxSet {_MONEY} lineItem {{ id sku name }} }} }}
    transactions(first: 10) {{ nodes {{ id kind status amountSet {_MONEY} }} }} }}
}}
"""

SHOP = "query { shop { name myshopifyDomain } }"
ORDERS = ORDER + """
query Orders($n: Int!, $after: String, $query: String) {
  orders(first: $n, after: $after, query: $query, sortKey: UPDATED_AT) {
    pageInfo { hasNextPage endCursor } nodes { ...F } } }
"""
ONE_ORDER = ORDER + "query Order($id: ID!) { order(id: $id) { ...F } }"
MORE_LINES = f"""
query MoreLines($id: ID!, $after: String) {{
  order(id: $id) {{ lineItems(first: 100, after: $after) {{ pageInfo {{ hasNextPage endCursor }} nodes {_LINE} }} }} }}
"""
VARIANTS = """
query Variants($after: String) {
  productVariants(first: 100, after: $after) { pageInfo { hasNextPage endCursor }
    nodes { id sku barcode displayName inventoryQuantity inventoryItem { id tracked } } } }
"""
LOCATIONS = "query { locations(first: 2) { nodes { id name } } }"
FULFILLMENT_ORDERS = """
query FulfillmentOrders($id: ID!) {
  order(id: $id) {
    fulfillments(first: 50) { id status trackingInfo { number }
      fulfillmentLineItems(first: 100) { nodes { quantity lineItem { id } } } }
    fulfillmentOrders(first: 50) { nodes { id status assignedLocation { name location { id } }
      lineItems(first: 100) { nodes { id remainingQuantity lineItem { id } } } } } } }
"""
FULFILL = """
mutation Fulfill($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id status } userErrors { field message } } }
"""
CANCEL = """
mutation Cancel($id: ID!, $note: String) {
  orderCancel(orderId: $id, reason: OTHER, refundMethod: {originalPaymentMethodsRefund: true}, restock: true,
    notifyCustomer: true, staffNote: $note) {
    job { id } orderCancelUserErrors { field message code } } }
"""
TRANSACTIONS = """
query Transactions($id: ID!) {
  order(id: $id) { currencyCode presentmentCurrencyCode refunds(first: 50) { id note }
    transactions(first: 50) { id kind status gateway amountSet { shopMoney { amount } }
      maximumRefundableV2 { amount } } } }
"""
REFUND = """
mutation Refund($input: RefundInput!, $key: String!) {
  refundCreate(input: $input) @idempotent(key: $key) { refund { id } userErrors { field message } } }
"""
SET_STOCK = """
mutation SetStock($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id } userErrors { field message code } } }
"""
RETURNS = """
query Returns($n: Int!, $after: String, $query: String) {
  orders(first: $n, after: $after, query: $query, sortKey: UPDATED_AT) {
    pageInfo { hasNextPage endCursor } nodes { id updatedAt returns(first: 20) { nodes { id } } } } }
"""
# Its lines are read here, one return at a time: a page of orders with them would be too costly.
ONE_RETURN = """
query OneReturn($id: ID!) {
  return(id: $id) { id name status createdAt order { id }
    returnLineItems(first: 50) { pageInfo { hasNextPage } nodes { quantity customerNote returnReasonNote
      ... on ReturnLineItem { fulfillmentLineItem { lineItem { id } } } } } } }
"""
RETURN_APPROVE = """
mutation ReturnApprove($input: ReturnApproveRequestInput!) {
  returnApproveRequest(input: $input) { return { id status } userErrors { field message } } }
"""
RETURN_DECLINE = """
mutation ReturnDecline($input: ReturnDeclineRequestInput!) {
  returnDeclineRequest(input: $input) { return { id status } userErrors { field message } } }
"""
RETURN_CANCEL = """
mutation ReturnCancel($id: ID!) {
  returnCancel(id: $id, notifyCustomer: true) { return { id status } userErrors { field message } } }
"""
WEBHOOKS = """
query Webhooks { webhookSubscriptions(first: 50) { nodes { id topic uri } } }
"""
WEBHOOK_CREATE = """
mutation WebhookCreate($topic: WebhookSubscriptionTopic!, $input: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $input) {
    webhookSubscription { id } userErrors { field message } } }
"""
WEBHOOK_DELETE = """
mutation WebhookDelete($id: ID!) {
  webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { field message } } }
"""
_BULK = "{ id status errorCode query url objectCount fileSize }"
BULK_RUN = f"""
mutation BulkRun($query: String!) {{
  bulkOperationRunQuery(query: $query, groupObjects: true) {{ bulkOperation {_BULK}
    userErrors {{ field message code }} }} }}
"""
BULK_GET = f"query BulkGet($id: ID!) {{ bulkOperation(id: $id) {_BULK} }}"
BULK_LATEST = f"query BulkLatest {{ bulkOperations(first: 5) {{ nodes {_BULK} }} }}"


def bulk_orders(search):
    """The query of a bulk operation that exports orders with all of their lines. Shopify allows no
    connection within a list there: what refunds hold is read with the order itself."""
    return (
        f"{{ orders(query: {json.dumps(search)}, sortKey: UPDATED_AT) {{ edges {{ node {{ {_HEAD} "
        f"refunds(first: 20) {{ id }} "
        f"lineItems {{ edges {{ node {_LINE} }} }} shippingLines {{ edges {{ node {_SHIPPING} }} }} "
        "} } } }"
    )


ALL = {
    name: value
    for name, value in list(globals().items())
    if name.isupper() and isinstance(value, str) and value.lstrip().startswith(("query", "mutation", "fragment"))
    and name != "ORDER"
}  # fmt: skip
