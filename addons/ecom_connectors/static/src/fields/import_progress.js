import { Component, onWillUnmount, useEffect } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const BUSY = ["checking", "running"];
const INTERVAL = 2000;

/** Progress bar of a file import; reads the record anew while the import is under way. */
export class EcomImportProgress extends Component {
    static template = "ecom_connectors.ImportProgress";
    static props = { ...standardFieldProps };

    setup() {
        this.timer = null;
        useEffect(
            (state) => {
                if (BUSY.includes(state)) {
                    this.schedule();
                }
                return () => clearTimeout(this.timer);
            },
            () => [this.props.record.data.state]
        );
        onWillUnmount(() => {
            this.gone = true;
            clearTimeout(this.timer);
        });
    }

    schedule() {
        this.timer = setTimeout(() => this.refresh(), INTERVAL);
    }

    async refresh() {
        // A page in the background needs no news.
        if (!document.hidden && !(await this.props.record.isDirty())) {
            try {
                await this.props.record.load();
            } catch {
                // The next try may find the server again.
            }
        }
        if (!this.gone && BUSY.includes(this.props.record.data.state)) {
            this.schedule();
        }
    }

    get value() {
        return Math.min(100, Math.max(0, this.props.record.data[this.props.name] || 0));
    }

    get label() {
        return `${this.value.toFixed(1)} %`;
    }
}

registry.category("fields").add("ecom_import_progress", {
    component: EcomImportProgress,
    supportedTypes: ["float", "integer"],
});
