import { Component, onMounted, onWillUnmount, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useBus, useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

/** Packing table: scan a parcel, then its goods. Made for a phone or a scanner at a bench. */
export class EcomPack extends Component {
    static template = "ecom_order_mgmt.Pack";
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.input = useRef("input");
        this.state = useState({ parcel: null, error: "", done: "", busy: false });
        const barcode = useService("barcode");
        useBus(barcode.bus, "barcode_scanned", (ev) => this.scan(ev.detail.barcode));
        onMounted(() => this.input.el?.focus());
        onWillUnmount(() => {
            this.gone = true;
        });
    }

    get complete() {
        return this.state.parcel && this.state.parcel.missing <= 0;
    }

    get placeholder() {
        return this.state.parcel && !this.state.parcel.stopped
            ? _t("Scan goods")
            : _t("Scan a parcel, delivery or order");
    }

    async onSubmit(ev) {
        ev.preventDefault();
        const code = this.input.el.value;
        this.input.el.value = "";
        await this.scan(code);
        this.input.el?.focus();
    }

    async scan(code) {
        if (!code || this.state.busy) {
            return;
        }
        const open = this.state.parcel && !this.state.parcel.stopped;
        const packing = open && ["ready", "draft", "picking"].includes(this.state.parcel.state);
        await this.ask(() =>
            packing
                ? this.orm.call("ecom.shipment", "pack_goods", [[this.state.parcel.id], code])
                : this.orm.call("ecom.shipment", "pack_open", [code])
        );
    }

    /** Run a call and show what came of it; errors stand there until the next scan. */
    async ask(call) {
        this.state.busy = true;
        this.state.error = "";
        this.state.done = "";
        try {
            const data = await call();
            if (this.gone) {
                return;
            }
            this.state.parcel = data.id ? data : this.state.parcel;
            this.state.error = data.error || "";
        } catch (error) {
            this.state.error = error.data?.message || _t("The server did not answer. Scan again.");
        } finally {
            this.state.busy = false;
        }
        if (this.state.error && navigator.vibrate) {
            navigator.vibrate([300, 100, 300]);
        }
    }

    async pack() {
        await this.ask(() =>
            this.orm.call("ecom.shipment", "pack_close", [[this.state.parcel.id]])
        );
    }

    async ship() {
        const { id, name } = this.state.parcel;
        await this.ask(async () => {
            await this.orm.call("ecom.shipment", "action_ship", [[id]]);
            return {};
        });
        if (!this.state.error) {
            this.state.parcel = null;
            this.state.done = _t("%s has left.", name);
        }
        this.input.el?.focus();
    }

    reset() {
        this.state.parcel = null;
        this.state.error = "";
        this.state.done = "";
        this.input.el?.focus();
    }
}

registry.category("actions").add("ecom_pack", EcomPack);
