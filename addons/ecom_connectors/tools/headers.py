"""Which field a column header means: names that shops and platforms use.

English, Chinese and German. Compared without case, blanks and punctuation. A header that is not
known stays unassigned; a wrong assignment would cost more than a missing one.
"""

import re
import unicodedata

from .columns import FIELDS

ALIASES = {
    "external_id": "order number|order no|order id|order|ordernumber|invoice no|invoice number|invoice|"
    "order reference|order ref|amazon-order-id|sales record number|external id|channel order|"
    "document number|订单编号|订单号|订单|主订单编号|交易编号|平台订单号|订单id|單號|訂單編號|"
    "bestellnummer|auftragsnummer|bestell-nr|bestellnr|auftrag|rechnungsnummer|rechnungsnr|belegnummer",
    "number": "display number|order name|订单名称|anzeigenummer",
    "placed_at": "order date|date|invoice date|purchase date|purchase-date|created at|order time|placed at|"
    "paid date|order created|created|ordered on|date created|下单时间|订单创建时间|创建时间|订单时间|"
    "订单日期|日期|拍下时间|成交时间|bestelldatum|datum|auftragsdatum|rechnungsdatum|bestellt am|kaufdatum",
    "updated_at": "updated at|last updated|last-updated-date|modified|date modified|修改时间|更新时间|"
    "geändert am|aktualisiert",
    "status": "status|order status|订单状态|交易状态|auftragsstatus|bestellstatus",
    "currency": "currency|currency code|币种|货币|币别|währung|waehrung",
    "total": "total|order total|grand total|total amount|amount total|订单金额|订单总额|总金额|应付金额|"
    "买家应付货款|gesamtbetrag|gesamtsumme|summe|bestellsumme|bruttobetrag",
    "line.sku": "sku|seller sku|lineitem sku|stock code|stockcode|item code|product code|article number|"
    "item number|item no|item sku|product sku|variant sku|商品编码|商家编码|商品编号|货号|商品sku|"
    "sku编码|规格编码|外部系统编号|artikelnummer|artikel-nr|artikelnr|artnr|produktnummer",
    "line.name": "description|product|product name|item|item name|item title|lineitem name|title|"
    "product title|product-name|商品名称|商品标题|宝贝标题|标题|品名|货品名称|artikel|artikelbezeichnung|"
    "bezeichnung|produkt|produktname|artikelname|beschreibung",
    "line.barcode": "barcode|ean|upc|gtin|ean13|条形码|条码|商品条码|strichcode",
    "line.listing_id": "listing id|variant id|product id|asin|item id|商品id|宝贝id|sku id|angebotsnummer",
    "line.quantity": "quantity|qty|lineitem quantity|quantity purchased|quantity-purchased|pieces|"
    "units|数量|商品数量|购买数量|件数|订购数量|menge|anzahl|stück|stückzahl",
    "line.unit_price": "unit price|unitprice|price|lineitem price|item price|price each|单价|商品单价|"
    "价格|商品价格|销售单价|einzelpreis|preis|stückpreis|e-preis",
    "line.discount": "discount|line discount|lineitem discount|discount amount|item discount|"
    "优惠金额|商品优惠|折扣金额|rabatt|rabattbetrag|nachlass",
    "line.discount_percent": "discount %|discount percent|disc %|折扣率|rabatt %|rabatt in %|rabattsatz",
    "line.total": "line total|subtotal line|amount|line amount|item total|item-price|row total|金额|"
    "小计|商品金额|商品总价|positionssumme|zeilensumme|gesamtpreis|betrag",
    "line.tax_rate": "tax rate|tax %|vat %|vat rate|tax percent|税率|mwst|mwst %|steuersatz|ust %|mwst-satz",
    "line.tax_amount": "tax|tax amount|vat|vat amount|item-tax|税额|税金|mwst-betrag|steuer|steuerbetrag",
    "line.id": "line id|line|line number|line no|order-item-id|order item id|position|子订单编号|行号|"
    "明细编号|pos|positionsnummer",
    "line.kind": "line kind|line type|item type|行类型|positionsart",
    "line.note": "line note|item note|customization|商品备注|定制信息|positionsnotiz",
    "shipping_amount": "shipping|shipping amount|shipping cost|shipping price|shipping charge|postage|"
    "freight|delivery cost|运费|邮费|买家应付邮费|快递费|versandkosten|versand|porto|fracht",
    "gift_wrap_amount": "gift wrap|gift wrap price|包装费|geschenkverpackung",
    "fee_amount": "fee|handling fee|surcharge|手续费|服务费|gebühr|zuschlag",
    "discount_amount": "order discount|discount total|coupon amount|total discount|订单优惠|优惠券金额|"
    "店铺优惠|bestellrabatt|gutscheinbetrag|gesamtrabatt",
    "discount_code": "discount code|coupon|coupon code|voucher|优惠码|优惠券|gutschein|gutscheincode",
    "payment_amount": "paid amount|amount paid|paid|实付金额|实收金额|买家实际支付金额|支付金额|bezahlt|"
    "zahlbetrag",
    "gift_card_amount": "gift card|gift card amount|store credit|礼品卡|礼品卡金额|geschenkkarte",
    "payment_method": "payment method|payment type|支付方式|付款方式|zahlungsart|zahlungsmethode",
    "payment_state": "payment status|financial status|支付状态|付款状态|zahlungsstatus",
    "paid_at": "paid at|payment date|date paid|付款时间|支付时间|订单付款时间|bezahlt am|zahlungsdatum",
    "customer.external_id": "customer id|customerid|buyer id|customer number|customer no|member id|"
    "买家id|客户编号|会员号|买家会员名|买家昵称|kundennummer|kunden-nr|kundennr",
    "customer.name": "customer|customer name|buyer|buyer name|buyer-name|name|client|first name|last name|"
    "客户|客户名称|客户姓名|买家|买家姓名|买家名称|kunde|kundenname|käufer|vorname|nachname",
    "customer.company": "company|company name|公司|公司名称|firma",
    "customer.email": "email|e-mail|customer email|buyer email|buyer-email|email address|邮箱|电子邮件|"
    "买家邮箱|e-mail-adresse|mail",
    "customer.phone": "phone|telephone|customer phone|buyer phone|buyer-phone-number|mobile|手机|"
    "买家手机|电话|telefon|telefonnummer|handy",
    "customer.vat": "vat number|vat id|tax id|税号|ust-id|ust-idnr|umsatzsteuer-id",
    "shipping_address.name": "recipient|recipient name|ship to|ship to name|shipping name|"
    "recipient-name|delivery name|receiver|收件人|收货人|收货人姓名|收件人姓名|empfänger|liefername",
    "shipping_address.company": "shipping company|ship company|收货公司|lieferfirma",
    "shipping_address.street": "address|address 1|address1|shipping address|shipping address1|"
    "ship address|ship-address-1|shipping street|street|delivery address|收货地址|收件地址|详细地址|地址|"
    "收件人地址|adresse|straße|strasse|lieferadresse|lieferstraße|anschrift",
    "shipping_address.street2": "address 2|address2|shipping address2|ship-address-2|street 2|地址2|"
    "adresszusatz|straße 2",
    "shipping_address.district": "district|county|区|区县|收货区县|stadtteil|bezirk",
    "shipping_address.city": "city|shipping city|ship city|ship-city|town|城市|市|收货城市|ort|stadt|"
    "lieferort",
    "shipping_address.zip": "zip|zip code|postcode|postal code|shipping zip|ship postcode|"
    "ship-postal-code|邮编|邮政编码|plz|postleitzahl|lieferplz",
    "shipping_address.state": "state|province|region|shipping province|shipping state|ship-state|省|省份|"
    "收货省份|bundesland|provinz",
    "shipping_address.country": "country|country code|shipping country|ship country|ship-country|"
    "destination|国家|收货国家|国家地区|land|lieferland|ländercode",
    "shipping_address.phone": "shipping phone|ship phone|ship-phone-number|recipient phone|收件人电话|"
    "收货人电话|收货人手机|收件人手机|联系手机|联系电话|lieferung telefon",
    "billing_address.name": "billing name|bill to|invoice name|账单姓名|rechnungsempfänger|rechnungsname",
    "billing_address.company": "billing company|账单公司|rechnungsfirma",
    "billing_address.street": "billing address|billing address1|billing street|账单地址|rechnungsadresse|"
    "rechnungsstraße",
    "billing_address.street2": "billing address2|rechnungsadresse 2",
    "billing_address.city": "billing city|账单城市|rechnungsort",
    "billing_address.zip": "billing zip|billing postcode|账单邮编|rechnungsplz",
    "billing_address.state": "billing province|billing state|账单省份",
    "billing_address.country": "billing country|账单国家|rechnungsland",
    "billing_address.phone": "billing phone|账单电话",
    "buyer_message": "buyer message|customer note|notes|note|comment|buyer note|message|买家留言|留言|"
    "买家备注|bemerkung|kommentar|nachricht|hinweis",
    "seller_memo": "seller memo|internal note|卖家备注|商家备注|备注|订单备注|interne notiz|notiz",
    "delivery_option": "shipping method|delivery option|ship service level|ship-service-level|carrier|"
    "运送方式|配送方式|快递公司|物流公司|versandart|lieferart",
    "ship_by": "ship by|latest ship date|latest-ship-date|最晚发货时间|发货截止时间|versand bis",
    "deliver_from": "deliver from|delivery from|delivery window start|送达时间起|liefern ab|lieferung ab",
    "deliver_by": "deliver by|delivery date|latest delivery date|送达时间|期望送达时间|lieferdatum|"
    "liefern bis",
    "type": "document type|transaction type|单据类型|belegart",
    "order_external_id": "original order|refunded order|original invoice|原订单号|原订单编号|"
    "ursprungsbestellung",
    "reason": "refund reason|return reason|退款原因|erstattungsgrund",
}


def normalised(header):
    """Header without case, blanks and punctuation; CJK and umlauts stay."""
    text = unicodedata.normalize("NFKC", header).casefold()
    return re.sub(r"[\W_]+", "", text.replace("%", "percent"))


_KNOWN = {}
for _path, _names in ALIASES.items():
    for _name in _names.split("|"):
        _KNOWN.setdefault(normalised(_name), _path)
    _KNOWN.setdefault(normalised(_path), _path)
for _path, _field in FIELDS.items():
    _KNOWN.setdefault(normalised(_field.label), _path)


def field_of(header):
    """Path of the field that a header means, or None."""
    text = normalised(header)
    return _KNOWN.get(text) or _KNOWN.get(re.sub(r"\d+$", "", text) if len(text) > 12 else "")


def propose(header):
    """{column: path} for a header. A field that takes one column gets the first that means it."""
    proposal, taken = {}, set()
    for name in header:
        path = field_of(name)
        if path and (path not in taken or FIELDS[path].joined):
            proposal[name] = path
            taken.add(path)
    return proposal
