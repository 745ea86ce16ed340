import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

// Offered in every chat, also with visitors where Odoo's live chat is installed. The server says
// who may.
registry.category("discuss.channel_commands").add("ticket", {
    condition: ({ store }) => store.self?.main_user_id?.share === false,
    help: _t("Make a ticket of this chat (/ticket subject)"),
    methodName: "execute_command_ticket",
});
