import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("ecom_agent_tour", {
    steps: () => [
        {
            content: "From the ticket to all about its order",
            trigger: "button[name=action_open_agent_page]",
            run: "click",
        },
        {
            content: "The page tells what a return would do",
            trigger: ".o_ecom_agent_page button[data-step=return]:contains(20.00)",
            run: "click",
        },
        {
            content: "Choose a reason",
            trigger: ".modal .o_field_widget[name=reason_id] input",
            run: "edit Does not work",
        },
        {
            trigger: ".ui-autocomplete a:contains(Does not work)",
            run: "click",
        },
        {
            content: "All pieces",
            trigger: ".modal button[name=action_all]",
            run: "click",
        },
        {
            trigger: ".modal .o_data_row td[name=quantity]:contains(2)",
        },
        {
            trigger: ".modal button[name=action_create]",
            run: "click",
        },
        {
            content: "The case is approved by the policy",
            trigger: ".o_form_view .o_arrow_button_current:contains(Approved)",
        },
    ],
});

registry.category("web_tour.tours").add("ecom_desk_tour", {
    steps: () => [
        {
            content: "Scan the tracking number",
            trigger: ".o_ecom_desk input[aria-label=Code]",
            run: "edit SCAN-ME",
        },
        {
            trigger: ".o_ecom_desk form button[type=submit]",
            run: "click",
        },
        {
            content: "Everything is here",
            trigger: ".o_ecom_card .o_receive_all",
            run: "click",
        },
        {
            content: "The first piece is as new",
            trigger: ".o_ecom_card .o_ecom_goods:contains(Received)",
        },
        {
            trigger: ".o_ecom_card .o_grade_a",
            run: "click",
        },
        {
            trigger: ".o_ecom_card:contains(1 graded)",
        },
        {
            content: "The second one is scratched",
            trigger: ".o_ecom_card .o_grade_b:enabled",
            run: "click",
        },
        {
            trigger: ".o_ecom_card .o_ecom_goods:contains(Graded)",
        },
    ],
});

registry.category("web_tour.tours").add("ecom_exchange_tour", {
    steps: () => [
        {
            content: "From the ticket to all about its order",
            trigger: "button[name=action_open_agent_page]",
            run: "click",
        },
        {
            trigger: ".o_ecom_agent_page button[data-step=exchange]:contains(replacement)",
            run: "click",
        },
        {
            content: "Choose a reason",
            trigger: ".modal .o_field_widget[name=reason_id] input",
            run: "edit Does not work",
        },
        {
            trigger: ".ui-autocomplete a:contains(Does not work)",
            run: "click",
        },
        {
            content: "All pieces",
            trigger: ".modal button[name=action_all]",
            run: "click",
        },
        {
            trigger: ".modal .o_data_row td[name=quantity]:contains(2)",
        },
        {
            trigger: ".modal button[name=action_create]",
            run: "click",
        },
        {
            content: "The case is approved, and its replacement is reserved",
            trigger: ".o_form_view .o_arrow_button_current:contains(Approved)",
        },
        {
            trigger: ".o_form_view .o_field_widget[name=exchange_state]:contains(Reserved)",
        },
    ],
});

// On a phone, without the web client.
registry.category("web_tour.tours").add("ecom_buyer_return_tour", {
    steps: () => [
        {
            content: "From the order",
            trigger: "#ecom_return_link a",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "What",
            trigger: "#ecom_return_request input[type=number]",
            run: "edit 1",
        },
        {
            trigger: "#ecom_return_request button[value=why]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Why",
            trigger: "#ecom_return_request select[name=reason]",
            run: "select withdrawal",
        },
        {
            trigger: "#ecom_return_request button[value=how]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "How much",
            trigger: "#return_amounts:contains(10.00)",
        },
        {
            trigger: "#ecom_return_request button[value=send]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Follow it",
            trigger: "#ecom_return_page #return_steps:contains(Approved)",
        },
        {
            content: "Wait for the page to be itself",
            trigger: "#ecom_return_page:contains(How to send it back)",
        },
    ],
});

registry.category("web_tour.tours").add("ecom_livechat_tour", {
    steps: () => [
        {
            content: "A visitor waits in the messages",
            trigger: ".o_menu_systray i[aria-label='Messages']",
            run: "click",
        },
        {
            trigger: ".o-mail-NotificationItem:contains(Visitor)",
            run: "click",
        },
        {
            trigger: ".o-mail-Message:contains(My lamp is broken)",
        },
        {
            content: "The command is offered",
            trigger: ".o-mail-Composer-input",
            run: "edit /tick",
        },
        {
            trigger: ".o-mail-Composer-suggestion:contains(Make a ticket of this chat)",
            run: "click",
        },
        {
            trigger: ".o-mail-Composer-input",
            run: "edit /ticket Broken lamp",
        },
        {
            trigger: ".o-mail-Composer-input",
            run: "press Enter",
        },
        {
            content: "The answer links to the ticket",
            trigger: ".o-mail-Message:contains(was made) a",
            run: "click",
        },
        {
            content: "The ticket is open, with what was said",
            trigger: ".o_form_view .o_field_widget[name=description] textarea:value(My lamp is broken)",
        },
    ],
});
