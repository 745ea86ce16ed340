import { registry } from "@web/core/registry";

/** Why this warehouse; merge and take apart; pack at phone width. */
registry.category("web_tour.tours").add("ecom_fulfilment_explain", {
    steps: () => [
        { trigger: ".o_form_view .nav-link[name=fulfilment]", run: "click" },
        { trigger: "div[role=status]:contains(Why this warehouse):contains(has everything)" },
        { trigger: ".o_field_widget[name=shipment_ids] .o_data_row:contains(SH)" },
    ],
});

registry.category("web_tour.tours").add("ecom_fulfilment_stages", {
    steps: () => [
        { trigger: ".o_kanban_group:contains(Ready) .o_kanban_record:contains(SH)", run: "click" },
        { trigger: ".o_form_view button[name=action_pack]", run: "click" },
        { trigger: ".o_form_view .o_arrow_button_current:contains(Packed)" },
    ],
});

registry.category("web_tour.tours").add("ecom_fulfilment_merge", {
    steps: () => [
        { trigger: ".o_list_view .o_data_row:contains(SH)" },
        { trigger: ".o_data_row:contains(TOUR-1) button[name=action_merge_group]", run: "click" },
        { trigger: ".o_notification:contains(2 parcels leave as one)" },
    ],
});

registry.category("web_tour.tours").add("ecom_fulfilment_unmerge", {
    steps: () => [
        { trigger: ".o_form_view button[name=action_unmerge]", run: "click" },
        { trigger: ".o_form_view:not(:has(button[name=action_unmerge]))" },
    ],
});

registry.category("web_tour.tours").add("ecom_fulfilment_pack", {
    steps: () => [
        { trigger: ".o_ecom_pack input", run: "edit TOUR-STOP" },
        { trigger: ".o_ecom_pack button[type=submit]", run: "click" },
        { trigger: ".o_ecom_pack_error:contains(STOP):contains(changed his mind)" },
        { trigger: ".o_ecom_pack input", run: "edit TOUR-1" },
        { trigger: ".o_ecom_pack button[type=submit]", run: "click" },
        { trigger: ".o_ecom_pack_line:contains(0 / 2)" },
        { trigger: ".o_ecom_pack_close:disabled" },
        { trigger: ".o_ecom_pack input", run: "edit LAMP" },
        { trigger: ".o_ecom_pack button[type=submit]", run: "click" },
        { trigger: ".o_ecom_pack_error:contains(does not belong in this parcel)" },
        { trigger: ".o_ecom_pack input", run: "edit 4006381333931" },
        { trigger: ".o_ecom_pack button[type=submit]", run: "click" },
        { trigger: ".o_ecom_pack_line:contains(1 / 2)" },
        { trigger: ".o_ecom_pack input", run: "edit mug" },
        { trigger: ".o_ecom_pack button[type=submit]", run: "click" },
        { trigger: ".o_ecom_pack_line.list-group-item-success:contains(2 / 2)" },
        { trigger: ".o_ecom_pack input", run: "edit MUG" },
        { trigger: ".o_ecom_pack button[type=submit]", run: "click" },
        { trigger: ".o_ecom_pack_error:contains(Too many)" },
        { trigger: ".o_ecom_pack_close:enabled", run: "click" },
        { trigger: ".o_ecom_pack_ship:enabled", run: "click" },
        { trigger: ".o_ecom_pack_done:contains(has left)" },
    ],
});
