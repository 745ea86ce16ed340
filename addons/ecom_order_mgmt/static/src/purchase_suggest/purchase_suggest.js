import { PurchaseSuggestCatalogSearchPanel } from "@purchase_stock/product_catalog/search/search_panel";
import { _t } from "@web/core/l10n/translation";

// Odoo's Suggest looks at past sales; here it can look ahead as well.
PurchaseSuggestCatalogSearchPanel.basedOnOptions.splice(1, 0, [
    "ecom_forecast",
    _t("Demand forecast"),
]);
