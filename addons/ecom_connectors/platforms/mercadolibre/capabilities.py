from ..base import Capabilities

CAPABILITIES = Capabilities(
    label="Mercado Libre",
    poll=True,
    compare=True,
    credentials={"account": "Seller id", "key": "App id", "secret": "App secret", "token": "Refresh token"},
    url_help="https://api.mercadolibre.com",
    rates={"default": (5, 150)},
    page_size=50,
    notes="Built by the published contract, not tried on Mercado Libre yet. Shipments are not told: Mercado Envios "
    "prints the labels and follows the parcels itself. Stock is not told: where a seller has several origins it "
    "belongs to the origin, not to the listing. Refunds go through Mercado Pago.",
)
