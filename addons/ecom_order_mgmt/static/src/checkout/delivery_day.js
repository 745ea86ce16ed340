import { Interaction } from "@web/public/interaction";
import { registry } from "@web/core/registry";
import { rpc } from "@web/core/network/rpc";

/**
 * The day of delivery under a method that asks for one, in website_sale's checkout. Which days
 * there are, and whether one can be had, is decided by the server (controllers/checkout.py).
 */
export class DeliveryDay extends Interaction {
    static selector = "#shop_checkout";
    dynamicContent = {
        "[name='o_delivery_radio']": { "t-on-change": (ev) => this.show(ev.currentTarget) },
    };

    async willStart() {
        const radio = this.el.querySelector("[name='o_delivery_radio']:checked");
        if (radio) {
            await this.show(radio);
        }
    }

    async show(radio) {
        this.el.querySelector(".o_ecom_delivery_day")?.remove();
        if (radio.dataset.deliveryType !== "ecom_option") {
            return;
        }
        const data = await this.waitFor(
            rpc("/shop/ecom_delivery/days", { dm_id: radio.dataset.dmId })
        );
        // Another method may have been chosen in the meantime.
        if (data.choices.length && radio.checked) {
            this.render(radio, data);
        }
    }

    render(radio, data) {
        this.el.querySelector(".o_ecom_delivery_day")?.remove();
        const box = document.createElement("div");
        box.className = "o_ecom_delivery_day mt-2";
        const label = document.createElement("label");
        label.className = "form-label mb-1";
        label.htmlFor = "o_ecom_delivery_day";
        label.textContent = data.label;
        const select = document.createElement("select");
        select.className = "form-select";
        select.id = "o_ecom_delivery_day";
        for (const [key, text] of data.choices) {
            select.add(new Option(text, key, false, key === data.chosen));
        }
        box.append(label, select);
        if (data.error) {
            const error = document.createElement("div");
            error.className = "text-danger mt-1";
            error.setAttribute("role", "alert");
            error.textContent = data.error;
            box.append(error);
        }
        radio.closest("[name='o_delivery_method']").append(box);
        this.addListener(select, "change", () => this.choose(radio, select));
    }

    async choose(radio, select) {
        const buttons = [...document.getElementsByName("website_sale_main_button")];
        // Nobody goes on to pay before the day is kept.
        const open = buttons.filter((button) => !button.classList.contains("disabled"));
        open.forEach((button) => button.classList.add("disabled"));
        select.disabled = true;
        try {
            const data = await this.waitFor(
                rpc("/shop/ecom_delivery/choose", {
                    dm_id: radio.dataset.dmId,
                    key: select.value,
                })
            );
            this.render(radio, data);
        } finally {
            select.disabled = false;
            open.forEach((button) => button.classList.remove("disabled"));
        }
    }
}

registry.category("public.interactions").add("ecom_order_mgmt.delivery_day", DeliveryDay);
