import { registry } from "@web/core/registry";

/** List -> chart -> change with a reason -> purchase order. */
registry.category("web_tour.tours").add("ecom_replenishment_tour", {
    steps: () => [
        {
            content: "Open the suggestion",
            trigger: ".o_data_row:contains('TOUR-VASE') .o_data_cell[name=product_id]",
            run: "click",
        },
        {
            content: "The chart shows the history",
            trigger: ".o_ecom_chart svg .o_ecom_chart_bar",
        },
        {
            content: "and the forecast with its band and the reorder point",
            trigger: ".o_ecom_chart svg:has(.o_ecom_chart_band):has(.o_ecom_chart_reorder)",
        },
        {
            content: "The working is told",
            trigger: ".o_field_widget[name=working]:contains('Safety stock')",
        },
        {
            content: "Change it",
            trigger: "button[name=action_open_answer]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=qty] input",
            run: "edit 77",
        },
        {
            trigger: ".modal .o_field_widget[name=reason] input",
            run: "edit Trade fair",
        },
        {
            content: "Order it",
            trigger: ".modal button[name=action_apply_and_order]",
            run: "click",
        },
        {
            content: "The request for quotation has the changed quantity",
            trigger: ".o_form_view .o_field_widget[name=order_line] .o_data_row:contains('77')",
        },
    ],
});
