"""The demo: three shops, two warehouses, some 300 orders, from document to reserved delivery.

`catalogue`, `people`, `orders`, `tricky` and `files` are plain Python and know no Odoo;
`world`, `report` and `run` work on an Odoo environment.
"""
