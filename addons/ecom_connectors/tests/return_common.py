class ReturnCase:
    """With `ecom_aftersales`, and one policy of returns only. Put before the class of the shop."""

    RETURN_POLICY = {
        "name": "Test", "days_refund": 30, "days_return": 30, "auto_approve": False, "refund_on": "manual",
    }  # fmt: skip

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "ecom.return" not in cls.env:
            cls.skipTest(cls, "ecom_aftersales is not installed")
        Policy = cls.env["ecom.return.policy"]
        Policy.search([]).active = False
        cls.return_policy = Policy.create(cls.RETURN_POLICY)
