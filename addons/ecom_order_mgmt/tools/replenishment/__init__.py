"""What to order, when, from where and why: plain Python, no Odoo, no dependency.

=====================  ========================================================================
:mod:`.history`        weeks of demand out of days, lost and promoted demand, history files
:mod:`.lead_time`      a supplier's lead time from its receipts
:mod:`.classes`        ABC and XYZ classes and the service level that goes with them
:mod:`.levels`         reorder point and order-up-to level from a forecast's own quantiles
:mod:`.calibrate`      margins corrected by how often earlier ones sufficed
:mod:`.promotion`      what planned promotions add to a forecast
:mod:`.schedule`       a supplier's order days and holidays
:mod:`.quantity`       minimum, multiple, carton, maximum, price breaks, shelf life
:mod:`.decide`         all of these together: one item's need, with its working
:mod:`.sharing`        transfers between warehouses first; a budget shared by margin
:mod:`.habits`         what people's changes and refusals teach
:mod:`.health`         slow and dead stock, and what to do with it
:mod:`.replay`         "what would this policy have done": day by day over the history
:mod:`.simulate`       the same for many items, with rolling forecasts and a curve
=====================  ========================================================================

Quantities are floats in the product's own unit, money is :class:`decimal.Decimal` in the
company's currency, days are calendar days.
"""
