import { registry } from "@web/core/registry";

/** From the list of parcels to one that is late: what the carrier said, why that date, a claim. */
registry.category("web_tour.tours").add("ecom_parcel_tour", {
    steps: () => [
        {
            content: "The parcel is among those on the way",
            trigger: ".o_data_row:contains('TOUR1') .o_data_cell[name=tracking_ref]",
            run: "click",
        },
        {
            content: "What the carrier said",
            trigger: ".o_field_widget[name=event_ids] .o_data_row:contains('Nobody at home')",
        },
        {
            trigger: ".o_notebook_headers a[name=alerts]",
            run: "click",
        },
        {
            content: "What to do",
            trigger: ".o_field_widget[name=alert_ids] .o_data_row:contains('Check the address')",
        },
        {
            content: "Claim",
            trigger: ".o_form_statusbar button[name=action_claim]",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_field_widget[name=fault] select, .o_form_view .o_field_widget[name=fault] input",
        },
        {
            trigger: ".o_field_widget[name=name] input",
            run: "edit CASE-77",
        },
        {
            trigger: ".o_form_statusbar button[name=action_send]",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current:contains('Sent')",
        },
    ],
});

/** On a phone, standing at the shelf: look a parcel up by its card. */
registry.category("web_tour.tours").add("ecom_parcel_phone_tour", {
    steps: () => [
        {
            trigger: ".o_kanban_record:contains('TOUR1')",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_field_widget[name=tracking_ref]:contains('TOUR1')",
        },
        {
            trigger: ".o_field_widget[name=event_ids] :contains('Nobody at home')",
        },
    ],
});
