import { registry } from "@web/core/registry";

/** Make a rule in the domain editor, try it on past orders, switch it on. */
registry.category("web_tour.tours").add("ecom_review_rule_tour", {
    steps: () => [
        {
            content: "Name the rule",
            trigger: ".o_field_widget[name=name] input",
            run: "edit Tour rule",
        },
        {
            content: "Add a condition in the domain editor",
            trigger: ".o_field_domain .o_tree_editor a:contains('New Rule')",
            run: "click",
        },
        {
            content: "Choose the field",
            trigger: ".o_tree_editor_condition .o_model_field_selector",
            run: "click",
        },
        {
            trigger: ".o_model_field_selector_popover_search input",
            run: "edit amount_total",
        },
        {
            trigger: ".o_model_field_selector_popover_item[data-name=amount_total] .o_model_field_selector_popover_item_name",
            run: "click",
        },
        {
            content: "More than",
            trigger: ".o_tree_editor_condition .o_tree_editor_editor:nth-child(2) select",
            run: "selectByLabel greater than",
        },
        {
            content: "The value follows the operator",
            trigger: ".o_tree_editor_condition .o_tree_editor_editor:nth-child(2) select:value('\">\"')",
        },
        {
            content: "200",
            trigger: ".o_tree_editor_condition .o_tree_editor_editor:nth-child(3) input",
            run: "edit 200 && click body",
        },
        {
            content: "The editor says that orders match",
            trigger: ".o_domain_show_selection_button:contains('record')",
        },
        {
            content: "Then: hold",
            trigger: ".nav-link[name=actions]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=action_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=kind] input, .modal .o_field_widget[name=kind] select",
            run: "click",
        },
        {
            trigger: ".o_select_menu_item:contains(/^Hold$/), .modal .o_field_widget[name=kind] option:contains(/^Hold$/)",
            run: "click",
        },
        {
            content: "The form asks how long",
            trigger: ".modal .o_field_widget[name=until]",
        },
        {
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=action_ids] .o_data_row:contains('Hold: until a person decides')",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: ".o_form_saved",
        },
        {
            content: "Try it on past orders",
            trigger: "button[name=action_backtest]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=days] input",
            run: "edit 3600 && click body",
        },
        {
            trigger: "button[name=action_run]:contains(/^Try$/)",
            run: "click",
        },
        {
            content: "The old order would have been held, and it says why",
            trigger: ".o_field_widget[name=line_ids] .o_data_row:contains('TOUR-OLD'):contains('Tour rule')",
        },
        {
            content: "Switch it on",
            trigger: "button[name=action_activate_rules]",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains('Tour rule'):contains('Switched on')",
        },
    ],
});

/** Work a queue: force one order with a reason, approve the others at once. */
registry.category("web_tour.tours").add("ecom_review_queue_tour", {
    steps: () => [
        {
            content: "The queue of orders that rules hold",
            trigger: ".o_kanban_record:contains('Held by a rule')",
            run: "click",
        },
        {
            content: "The list says why each waits",
            trigger: ".o_list_view .o_data_row:contains('TOUR-1'):contains('300')",
        },
        {
            trigger: ".o_data_row:contains('TOUR-1') td[name=number]",
            run: "click",
        },
        {
            content: "The order says why, too",
            trigger: ".o_field_widget[name=open_exception_ids] .o_data_row:contains('Held by a rule')",
        },
        {
            content: "And what will happen",
            trigger: ".nav-link[name=plan]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=plan_warehouse_id]",
        },
        {
            content: "Force it",
            trigger: ".o_statusbar_buttons button:contains('Force')",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=reason] input",
            run: "edit The buyer waits in the shop",
        },
        {
            trigger: ".modal button[name=action_apply]:contains('Force')",
            run: "click",
        },
        {
            trigger: ".modal .alert-success",
        },
        {
            trigger: ".modal .modal-footer button:contains('Close')",
            run: "click",
        },
        {
            content: "Back to the queue",
            trigger: ".o_back_button",
            run: "click",
        },
        {
            trigger: ".o_list_view:not(:has(.o_data_row:contains('TOUR-1'))) thead .o_list_record_selector input",
            run: "click",
        },
        {
            content: "Approve the rest at once",
            trigger: ".o_control_panel_actions button:contains(/^Approve$/)",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=reason] input",
            run: "edit Looked at all",
        },
        {
            trigger: ".modal button[name=action_apply]:contains(/^Approve$/)",
            run: "click",
        },
        {
            content: "A result per order",
            trigger: ".modal .o_field_widget[name=line_ids] .o_data_row:contains('TOUR-3'):contains('Approved')",
        },
    ],
});
