from odoo import api, fields, models

from .ecom_tracking_code import TRACKING_STATUSES


class EcomShipmentEvent(models.Model):
    """One thing that a carrier said of a parcel. Never changed, never deleted by hand.

    An event whose number is not ours (yet) has no parcel; it is attached as soon as a parcel
    with that number appears.
    """

    _name = "ecom.shipment.event"
    _description = "Tracking Event"
    _order = "occurred_at desc, id desc"
    _rec_name = "text"

    parcel_id = fields.Many2one(
        "ecom.shipment.parcel", readonly=True, index=True, ondelete="cascade"
    )
    # Thousands of events come at once. Whoever writes them gives these two with the parcel, so
    # that no row is written twice; that is what "not readonly" is for.
    shipment_id = fields.Many2one(
        "ecom.shipment",
        compute="_compute_shipment_id",
        store=True,
        precompute=True,
        readonly=False,
        index="btree_not_null",
    )
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_shipment_id",
        store=True,
        precompute=True,
        readonly=False,
        index="btree_not_null",
    )
    carrier_code = fields.Char("Carrier", required=True, readonly=True)
    tracking_ref = fields.Char("Tracking Number", required=True, readonly=True)
    key = fields.Char(
        required=True,
        readonly=True,
        help="Same key: the same event, heard again.",
    )
    occurred_at = fields.Datetime("When", required=True, readonly=True)
    utc_offset = fields.Integer(
        readonly=True, help="Minutes between the local time of the event and UTC."
    )
    zone_known = fields.Boolean(
        readonly=True,
        help="Off: the carrier gave a local time without its zone, it is taken as UTC.",
    )
    library_status = fields.Char(readonly=True, help="What the carrier's interface made of it.")
    status = fields.Selection(TRACKING_STATUSES, readonly=True)
    code = fields.Char("Carrier's Code", readonly=True, index="btree_not_null")
    text = fields.Char("Carrier's Text", readonly=True)
    city = fields.Char(readonly=True)
    state_code = fields.Char("State", readonly=True)
    country_code = fields.Char("Country", readonly=True)
    latitude = fields.Float(readonly=True, digits=(9, 5))
    longitude = fields.Float(readonly=True, digits=(9, 5))
    source = fields.Selection(
        [
            ("poll", "Asked"),
            ("push", "Told by the carrier"),
            ("api", "API"),
            ("manual", "By hand"),
        ],
        default="api",
        required=True,
        readonly=True,
    )
    place = fields.Char(compute="_compute_place")

    _key_uniq = models.UniqueIndex(
        "(carrier_code, tracking_ref, key)", "This event is here already."
    )
    _orphan_idx = models.Index("(tracking_ref) WHERE parcel_id IS NULL")
    _parcel_idx = models.Index("(parcel_id, occurred_at)")

    @api.depends("parcel_id.shipment_id.company_id")
    def _compute_shipment_id(self):
        for event in self:
            event.shipment_id = event.parcel_id.shipment_id
            event.company_id = event.parcel_id.company_id

    @api.depends("city", "state_code", "country_code")
    def _compute_place(self):
        for event in self:
            event.place = ", ".join(
                filter(None, (event.city, event.state_code, event.country_code))
            )
