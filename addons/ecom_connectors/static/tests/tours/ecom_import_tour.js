import { registry } from "@web/core/registry";
import { inputFiles } from "@web/../tests/utils";

const CSV = [
    "Order Number,Order Date,SKU,Product,Quantity,Unit Price,E-Mail",
    "T-1,2026-03-01 10:00,TOUR-MUG,Mug,2,10.00,a@example.com",
    "T-2,2026-03-01 11:00,TOUR-NEW,Unknown thing,1,5.00,b@example.com",
    "T-3,2026-03-01 12:00,TOUR-MUG,Mug,many,10.00,c@example.com",
    ",2026-03-01 13:00,TOUR-MUG,Mug,1,10.00,d@example.com",
].join("\n");

/** Upload a file, see what comes of it, import, map the product of a parked order, see it go on. */
registry.category("web_tour.tours").add("ecom_import_tour", {
    steps: () => [
        {
            content: "Choose the channel",
            trigger: ".o_field_widget[name=channel_id] input",
            run: "edit Tour Shop",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains('Tour Shop')",
            run: "click",
        },
        {
            content: "Choose the file",
            trigger: ".o_field_widget[name=file] .o_select_file_button",
            async run() {
                const file = new File([CSV], "tour.csv", { type: "text/csv" });
                await inputFiles(".o_field_widget[name=file] .o_input_file", [file]);
            },
        },
        {
            trigger: ".o_field_widget[name=file] input:value(tour.csv)",
        },
        {
            content: "Read it",
            trigger: "button[name=action_read]",
            run: "click",
        },
        {
            content: "The columns are proposed, with examples",
            trigger:
                ".o_field_widget[name=mapping_line_ids] tr:contains('Unit Price'):contains('10.00')",
        },
        {
            content: "Check the file",
            trigger: "button[name=action_check]",
            run: "click",
        },
        {
            content: "The first orders are shown",
            trigger: ".o_ecom_import_preview:contains('Order T-1')",
        },
        {
            content: "So is what will be parked",
            trigger: ".o_ecom_import_summary:contains('will be parked')",
        },
        {
            trigger: "a[name=problems]",
            run: "click",
        },
        {
            content: "Every error with its row and value",
            trigger: ".o_field_widget[name=reject_ids] tr:contains('many'):contains('not a number')",
        },
        {
            trigger: ".o_field_widget[name=reject_ids] tr:contains('no order number')",
        },
        {
            content: "Import",
            trigger: "button[name=action_import]",
            run: "click",
        },
        {
            content: "Rows that were left out can be downloaded",
            trigger: "button[name=action_download_rejected]",
        },
        {
            content: "Open the parked orders",
            trigger: "button[name=action_open_parked]:contains(2)",
            run: "click",
        },
        {
            trigger: ".o_data_row td:contains('T-2')",
            run: "click",
        },
        {
            content: "The order says what is missing",
            trigger: ".o_form_view .alert:contains('TOUR-NEW')",
        },
        {
            trigger: "button[name=action_open_missing]",
            run: "click",
        },
        {
            content: "Choose the product",
            trigger: ".o_form_view .o_field_widget[name=product_id] input",
            run: "edit TOUR-LAMP",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains('TOUR-LAMP')",
            run: "click",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: ".o_form_saved",
        },
        {
            content: "Back to the order: it waits no longer",
            trigger: ".o_breadcrumb .o_back_button, .breadcrumb-item a:contains('T-2')",
            run: "click",
        },
        {
            trigger: ".o_form_view:not(:has(.alert:contains('TOUR-NEW')))",
        },
        {
            trigger:
                ".o_arrow_button_current:contains('Received'), .o_arrow_button_current:contains('Accepted')",
        },
    ],
});
