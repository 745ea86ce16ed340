import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useBus, useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { Component, onMounted, onWillStart, useRef, useState } from "@odoo/owl";

/** Receives and grades what comes back: scan, look, press. Made for a phone or a hand scanner. */
export class ReceivingDesk extends Component {
    static template = "ecom_aftersales.ReceivingDesk";
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.notification = useService("notification");
        this.input = useRef("code");
        this.state = useState({
            code: "",
            cards: [],
            card: null,
            searched: "",
            busy: false,
            unknown: false,
            note: "",
        });
        const barcode = useService("barcode");
        useBus(barcode.bus, "barcode_scanned", (ev) => this.search(ev.detail.barcode));
        const code = this.props.action.params?.code;
        onWillStart(() => (code ? this.search(code) : undefined));
        onMounted(() => this.input.el?.focus());
    }

    async search(code) {
        code = (code || "").trim();
        if (!code) {
            return;
        }
        this.state.unknown = false;
        this.state.code = "";
        this.state.searched = code;
        this.state.cards = await this.orm.call("ecom.return", "find_parcel", [code]);
        this.state.card = this.state.cards.length === 1 ? this.state.cards[0] : null;
    }

    onSubmit() {
        return this.search(this.state.code);
    }

    choose(card) {
        this.state.card = card;
    }

    back() {
        Object.assign(this.state, { card: null, cards: [], searched: "", unknown: false });
        this.input.el?.focus();
    }

    /** Run one step on the case at hand, then show how it stands now. */
    async run(method, ...args) {
        if (this.state.busy) {
            return;
        }
        this.state.busy = true;
        try {
            const id = this.state.card.id;
            const name = this.state.card.name;
            await this.orm.call("ecom.return", method, [[id], ...args]);
            const cards = await this.orm.call("ecom.return", "find_parcel", [name]);
            this.state.card = cards.find((card) => card.id === id) || null;
        } finally {
            this.state.busy = false;
        }
    }

    async receive(final) {
        await this.run("action_receive", null, final);
        this.notification.add(_t("Received"), { type: "success" });
    }

    receiveOne(line) {
        return this.run("action_receive", [{ line_id: line.id, quantity: 1 }]);
    }

    nothingMore() {
        return this.run("action_receive", [], true);
    }

    async grade(line, part, grade) {
        await this.run("action_grade", [
            { line_id: line.id, product_id: part.id, grade, quantity: 1 },
        ]);
    }

    difference(kind) {
        const note = this.state.note;
        this.state.note = "";
        return this.run("action_difference", kind, null, null, 0, note);
    }

    awaits(card) {
        return ["awaiting", "in_transit"].includes(card.goods_state);
    }

    async takeIn(sku) {
        if (this.state.busy) {
            return;
        }
        this.state.busy = true;
        try {
            const card = await this.orm.call("ecom.return", "receive_unknown", [
                { lines: [{ sku, quantity: 1 }], description: this.state.note },
            ]);
            Object.assign(this.state, { card, note: "", unknown: false });
            this.notification.add(_t("It waits on the bench"), { type: "success" });
        } finally {
            this.state.busy = false;
        }
    }
}

registry.category("actions").add("ecom_aftersales.receiving_desk", ReceivingDesk);
