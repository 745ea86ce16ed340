import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** What a check found in a file: how many orders, from when to when, for how much. */
export class EcomImportSummary extends Component {
    static template = "ecom_connectors.ImportSummary";
    static props = { ...standardFieldProps };

    get data() {
        return this.props.record.data;
    }

    get summary() {
        return this.data[this.props.name] || {};
    }

    get totals() {
        return Object.entries(this.summary.totals || {}).map(([currency, amount]) => {
            const [whole, cents = ""] = amount.split(".");
            const grouped = whole.replace(/\B(?=(\d{3})+$)/g, "\u202f");
            return { currency, amount: cents ? `${grouped}.${cents}` : grouped };
        });
    }
}

registry.category("fields").add("ecom_import_summary", {
    component: EcomImportSummary,
    supportedTypes: ["json"],
    fieldDependencies: [
        { name: "row_count", type: "integer" },
        { name: "parked_count", type: "integer" },
        { name: "rejected_count", type: "integer" },
    ],
});
