{
    "name": "E-commerce After-Sales",
    "summary": "Refunds of every channel at hand: found, looked at, closed, counted",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "license": "LGPL-3",
    "author": "E-commerce Suite Contributors",
    "depends": ["ecom_order_mgmt", "rating"],
    "data": [
        "security/res_groups.xml",
        "security/ir.model.access.csv",
        "views/ecom_refund_views.xml",
        "views/ecom_aftersales_menus.xml",
    ],
}
