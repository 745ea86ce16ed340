from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import eta

LEARN_DAYS = 180


class EcomShipmentLane(models.Model):
    """What our own deliveries teach of one lane: how long parcels took, how many were on time.

    Blank parts mean "any": a lane without enough parcels is answered by a wider one.
    """

    _name = "ecom.shipment.lane"
    _description = "Lane"
    _order = "samples desc, id"

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    origin = fields.Char("From", required=True, readonly=True)
    destination = fields.Char("To", required=True, readonly=True)
    carrier_code = fields.Char("Carrier", readonly=True)
    service = fields.Char(readonly=True)
    samples = fields.Integer("Parcels", readonly=True)
    median_days = fields.Integer(
        "Half Within", readonly=True, aggregator="avg", help="Working days."
    )
    p80_days = fields.Integer(
        "Four of Five Within", readonly=True, aggregator="avg", help="Working days."
    )
    promised = fields.Integer("With a Date", readonly=True)
    on_time = fields.Integer(readonly=True)
    on_time_share = fields.Float(
        "Kept Promises", readonly=True, aggregator="avg", help="Of the parcels that had a date."
    )

    _lane_uniq = models.UniqueIndex(
        "(company_id, origin, destination, carrier_code, service)", "This lane is here already."
    )

    @api.depends("origin", "destination", "carrier_code", "service")
    def _compute_display_name(self):
        for lane in self:
            parts = (lane.origin, "→", lane.destination, lane.carrier_code, lane.service)
            lane.display_name = " ".join(filter(None, parts))

    @api.model
    def _get_lanes(self, parcels):
        """:return: {parcel: [eta.Lane, the most exact first]}, by one query"""
        keys = {}
        for parcel in parcels:
            if parcel.origin_region and parcel.destination_region:
                keys[parcel] = [
                    (parcel.company_id.id, *key)
                    for key in eta.lane_keys(
                        parcel.origin_region,
                        parcel.destination_region,
                        parcel.carrier_code or "",
                        parcel.service or "",
                    )
                ]
        wanted = {key for own in keys.values() for key in own}
        lanes = self.sudo().search_fetch(  # whoever sees a parcel may know when it comes
            [
                ("company_id", "in", list({key[0] for key in wanted})),
                ("origin", "in", list({key[1] for key in wanted})),
                ("destination", "in", list({key[2] for key in wanted})),
            ],
            [
                "company_id",
                "origin",
                "destination",
                "carrier_code",
                "service",
                "samples",
                "median_days",
                "p80_days",
            ],
        )
        found = {
            lane._get_key(): eta.Lane(lane.samples, lane.median_days, lane.p80_days)
            for lane in lanes
        }
        return {
            parcel: [found[key] for key in keys.get(parcel, ()) if key in found]
            for parcel in parcels
        }

    def _get_key(self):
        return (
            self.company_id.id,
            self.origin,
            self.destination,
            self.carrier_code or "",
            self.service or "",
        )

    @api.model
    def _cron_learn(self):
        """Learn from the deliveries of the last half year. One query, whatever their number."""
        self.env["ecom.shipment.parcel"].flush_model()
        since = fields.Datetime.now() - timedelta(days=LEARN_DAYS)
        self.env.cr.execute(
            SQL(
                """
                WITH parcel AS (
                    SELECT company_id,
                           origin_region AS o, destination_region AS d,
                           left(origin_region, 2) AS oc, left(destination_region, 2) AS dc,
                           COALESCE(carrier_code, '') AS c, COALESCE(service, '') AS s,
                           transit_days AS days, on_time
                      FROM ecom_shipment_parcel
                     WHERE delivered_at >= %s AND shipped_at IS NOT NULL
                       AND NOT COALESCE(voided, FALSE) AND transit_days IS NOT NULL
                       AND origin_region <> '' AND destination_region <> ''
                ), lane AS (
                    SELECT company_id, o, d, c, s, days, on_time FROM parcel
                    UNION ALL SELECT company_id, o, d, c, '', days, on_time FROM parcel WHERE s <> ''
                    UNION ALL SELECT company_id, oc, d, c, '', days, on_time FROM parcel WHERE o <> oc
                    UNION ALL SELECT company_id, oc, dc, c, s, days, on_time FROM parcel
                               WHERE (o, d) <> (oc, dc) AND s <> ''
                    UNION ALL SELECT company_id, oc, dc, c, '', days, on_time FROM parcel
                               WHERE d <> dc
                    UNION ALL SELECT company_id, oc, dc, '', '', days, on_time FROM parcel
                               WHERE c <> ''
                )
                SELECT company_id, o, d, c, s, count(*),
                       percentile_disc(0.5) WITHIN GROUP (ORDER BY days),
                       percentile_disc(0.8) WITHIN GROUP (ORDER BY days),
                       count(on_time), count(*) FILTER (WHERE on_time = 'yes')
                  FROM lane
                 GROUP BY company_id, o, d, c, s
                """,
                since,
            )
        )
        rows = self.env.cr.fetchall()
        names = ("samples", "median_days", "p80_days", "promised", "on_time")
        here = {lane._get_key(): lane for lane in self.search([])}
        vals_list = []
        for company, origin, destination, carrier, service, *figures in rows:
            vals = dict(zip(names, figures, strict=True))
            vals["on_time_share"] = vals["on_time"] / vals["promised"] if vals["promised"] else 0
            lane = here.pop((company, origin, destination, carrier, service), None)
            if lane:
                lane.write({name: value for name, value in vals.items() if lane[name] != value})
            else:
                vals_list.append(
                    {
                        "company_id": company,
                        "origin": origin,
                        "destination": destination,
                        "carrier_code": carrier,
                        "service": service,
                        **vals,
                    }
                )
        self.create(vals_list)
        self.browse(lane.id for lane in here.values()).unlink()
        return True
