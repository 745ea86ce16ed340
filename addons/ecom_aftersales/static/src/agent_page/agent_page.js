import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { Component, onWillStart, useState } from "@odoo/owl";

/** All about one buyer and one order, with what can be done next. */
export class AgentPage extends Component {
    static template = "ecom_aftersales.AgentPage";
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        const params = this.props.action.params || {};
        this.state = useState({
            page: null,
            orderId: params.order_id || this.props.action.context?.active_id || false,
        });
        this.props.updateActionState?.({ active_id: this.state.orderId });
        onWillStart(() => this.load());
    }

    async load() {
        if (this.state.orderId) {
            this.state.page = await this.orm.call("ecom.order", "get_agent_page", [
                [this.state.orderId],
            ]);
        }
    }

    async show(orderId) {
        this.state.orderId = orderId;
        this.props.updateActionState?.({ active_id: orderId });
        await this.load();
    }

    open(model, id) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }

    async step(type) {
        const action = await this.orm.call("ecom.order", "action_agent_step", [
            [this.state.orderId],
            type,
        ]);
        await this.action.doAction(
            { ...action, views: [[false, "form"]] },
            { onClose: () => this.load() }
        );
    }

    newTicket() {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "ecom.ticket",
            views: [[false, "form"]],
            context: { default_order_id: this.state.orderId, default_source: "phone" },
        });
    }
}

registry.category("actions").add("ecom_aftersales.agent_page", AgentPage);
