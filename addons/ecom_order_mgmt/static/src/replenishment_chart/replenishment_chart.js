import { Component, onMounted, onWillUnmount, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const HEIGHT = 260;
const MARGIN = { top: 16, right: 12, bottom: 28, left: 44 };
const DAY = 24 * 3600 * 1000;

/** A round number at or above the value, for the steps of an axis. */
export function niceCeiling(value) {
    if (!(value > 0)) {
        return 1;
    }
    const power = 10 ** Math.floor(Math.log10(value));
    return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= value);
}

/** "M x,y L x,y …" through the points; a missing value (null) starts a new line. */
export function linePath(points) {
    let pen = "M";
    const parts = [];
    for (const [x, y] of points) {
        if (y === null) {
            pen = "M";
            continue;
        }
        parts.push(`${pen}${x.toFixed(1)},${y.toFixed(1)}`);
        pen = "L";
    }
    return parts.join(" ");
}

/**
 * History, forecast band, reorder point, stock and open orders of one product and warehouse.
 * Drawn as SVG, in the width that there is: the same on a phone.
 */
export class EcomReplenishmentChart extends Component {
    static template = "ecom_order_mgmt.ReplenishmentChart";
    static props = { ...standardFieldProps };

    setup() {
        this.root = useRef("root");
        this.state = useState({ width: 640 });
        onMounted(() => {
            this.observer = new ResizeObserver(() => this.measure());
            this.observer.observe(this.root.el);
            this.measure();
        });
        onWillUnmount(() => this.observer?.disconnect());
    }

    measure() {
        const width = Math.floor(this.root.el?.clientWidth || 0);
        if (width && Math.abs(width - this.state.width) > 1) {
            this.state.width = Math.max(240, width);
        }
    }

    get data() {
        return this.props.record.data[this.props.name] || {};
    }

    get isEmpty() {
        const { history = [], forecast = [] } = this.data;
        return !history.length && !forecast.length;
    }

    /** All that the template draws, in pixels. */
    get drawing() {
        const { history = [], forecast = [], stock = [], open = [] } = this.data;
        const reorderPoint = this.data.reorder_point;
        const time = (iso) => Date.parse(iso);
        const starts = [...history, ...forecast, ...stock].map(([day]) => time(day));
        const first = Math.min(...starts);
        const last = Math.max(...starts, ...open.map(([day]) => time(day))) + 7 * DAY;
        const highest = Math.max(
            ...history.map(([, qty]) => qty || 0),
            ...forecast.map(([, , , high]) => high),
            ...stock.map(([, qty]) => qty),
            ...open.map(([, qty]) => qty),
            reorderPoint || 0
        );
        const step = niceCeiling(highest / 4);
        const steps = Math.max(1, Math.ceil(highest / step));
        const top = step * steps;
        const right = this.state.width - MARGIN.right;
        const base = HEIGHT - MARGIN.bottom;
        const x = (ms) => MARGIN.left + ((ms - first) / (last - first)) * (right - MARGIN.left);
        const y = (qty) => base - (Math.max(0, qty) / top) * (base - MARGIN.top);
        const middle = (iso) => x(time(iso) + 3.5 * DAY);
        const name = (iso) => formatDate(deserializeDate(iso));
        const bar = Math.max(1, x(first + 7 * DAY) - x(first) - 2);
        const upper = forecast.map(([day, , , high]) => [middle(day), y(high)]);
        const lower = forecast.map(([day, , low]) => [middle(day), y(low)]).reverse();
        const ticks = Array.from({ length: steps + 1 }, (_, n) => ({
            y: y(step * n),
            label: String(Math.round(step * n * 100) / 100),
        }));
        const labels = Math.max(2, Math.floor(this.state.width / 110));
        const dates = Array.from({ length: labels }, (_, n) => {
            const ms = first + ((last - first) * (n + 0.5)) / labels;
            const iso = new Date(ms).toISOString().slice(0, 10);
            return { x: x(ms), label: name(iso) };
        });
        return {
            width: this.state.width,
            height: HEIGHT,
            left: MARGIN.left,
            right,
            base,
            ticks,
            dates,
            today: forecast.length ? x(time(forecast[0][0])) : null,
            bars: history
                .filter(([, qty]) => qty !== null)
                .map(([day, qty]) => ({
                    x: x(time(day)) + 1,
                    y: y(qty),
                    width: bar,
                    height: Math.max(0, base - y(qty)),
                    title: _t("Week of %(day)s: %(qty)s", { day: name(day), qty: round(qty) }),
                })),
            gaps: history
                .filter(([, qty]) => qty === null)
                .map(([day]) => ({ x: x(time(day)) + 1, width: bar })),
            band: upper.length ? `${linePath(upper)} ${linePath(lower).replace("M", "L")} Z` : "",
            points: forecast.map(([day, qty, low, high]) => ({
                x: middle(day),
                y: y(qty),
                title: _t("Week of %(day)s: %(qty)s expected, %(low)s to %(high)s", {
                    day: name(day),
                    qty: round(qty),
                    low: round(low),
                    high: round(high),
                }),
            })),
            line: linePath(forecast.map(([day, qty]) => [middle(day), y(qty)])),
            stock: linePath(stock.map(([day, qty]) => [x(time(day)), y(qty)])),
            reorder: reorderPoint ? y(reorderPoint) : null,
            open: open.map(([day, qty]) => ({
                x: x(time(day)),
                y: y(qty),
                height: base - y(qty),
                title: _t("On its way: %(qty)s on %(day)s", { day: name(day), qty: round(qty) }),
            })),
        };
    }

    /** The chart in one sentence, for those who cannot see it. */
    get description() {
        const { history = [], forecast = [] } = this.data;
        return _t(
            "%(weeks)s weeks of demand and %(ahead)s weeks of forecast (%(unit)s per week). Reorder point: %(point)s.",
            {
                weeks: history.length,
                ahead: forecast.length,
                unit: this.data.unit || "",
                point: round(this.data.reorder_point || 0),
            }
        );
    }
}

function round(value) {
    return String(Math.round(value * 10) / 10);
}

registry.category("fields").add("ecom_replenishment_chart", {
    component: EcomReplenishmentChart,
    supportedTypes: ["json"],
});
