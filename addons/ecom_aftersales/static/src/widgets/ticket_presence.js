import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Component, onMounted, onWillUnmount, onWillUpdateProps, useState } from "@odoo/owl";

const INTERVAL = 20000;

/** Warns an agent when a colleague has the same ticket open. */
export class TicketPresence extends Component {
    static template = "ecom_aftersales.TicketPresence";
    static props = { "*": true };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ others: [] });
        onMounted(() => {
            this.ping(this.props);
            this.timer = setInterval(() => this.ping(this.props), INTERVAL);
        });
        onWillUpdateProps((props) => this.ping(props));
        onWillUnmount(() => {
            this.gone = true;
            clearInterval(this.timer);
        });
    }

    async ping(props) {
        const id = props.record.resId;
        if (!id || document.hidden) {
            return;
        }
        const others = await this.orm.silent.call("ecom.ticket", "presence_ping", [[id]]);
        if (!this.gone && id === this.props.record.resId) {
            this.state.others = others;
        }
    }

    get names() {
        return this.state.others.join(", ");
    }
}

registry.category("view_widgets").add("ecom_ticket_presence", { component: TicketPresence });
