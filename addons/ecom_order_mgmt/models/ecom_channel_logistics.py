from odoo import api, fields, models
from odoo.exceptions import ValidationError

NOTICES = (
    "shipped",
    "out_for_delivery",
    "delivered",
    "delayed",
    "no_scan",
    "no_movement",
    "attempt_failed",
    "available_for_pickup",
    "pickup_waiting",
    "returned",
)


class EcomChannel(models.Model):
    """What buyers of a channel are told of their parcels, and when staff is."""

    _inherit = "ecom.channel"

    notify_by = fields.Selection(
        [("email", "E-mail"), ("sms", "SMS"), ("both", "E-mail and SMS")],
        "Tell Buyers By",
        default="email",
        required=True,
        help="Buyers without a telephone number, and all of them where Odoo's SMS app is not "
        "installed, get the e-mail.",
    )
    notify_shipped = fields.Boolean(
        "When shipped", help="To the buyer, with the link to the tracking page."
    )
    notify_out_for_delivery = fields.Boolean("When out for delivery")
    notify_delivered = fields.Boolean("When delivered")
    notify_delayed = fields.Boolean("When later than expected")
    notify_no_scan = fields.Boolean(
        "When the carrier has not scanned it", help="After the hours that are set for the alert."
    )
    notify_no_movement = fields.Boolean(
        "When it does not move", help="After the hours that are set for the alert."
    )
    notify_attempt_failed = fields.Boolean("When nobody was there")
    notify_available_for_pickup = fields.Boolean("When ready for pickup")
    notify_pickup_waiting = fields.Boolean(
        "When it still waits there", help="After the days that are set for the alert to staff."
    )
    notify_returned = fields.Boolean("When it comes back")
    alert_no_scan_hours = fields.Integer(
        "No first scan after",
        default=24,
        help="Hours after the hand-over. Staff gets an activity.",
    )
    alert_no_movement_hours = fields.Integer("No movement for", default=72, help="Hours.")
    alert_pickup_days = fields.Integer("Waiting at the pickup point for", default=3, help="Days.")

    @api.constrains("alert_no_scan_hours", "alert_no_movement_hours", "alert_pickup_days")
    def _check_alert_limits(self):
        for channel in self:
            limits = (
                channel.alert_no_scan_hours,
                channel.alert_no_movement_hours,
                channel.alert_pickup_days,
            )
            if min(limits) < 1:
                raise ValidationError(
                    self.env._("Staff cannot be told of a parcel in less than an hour or a day.")
                )
