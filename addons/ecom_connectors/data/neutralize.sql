-- A copy of the database must not speak to the shops: it has their credentials no more, and all
-- channels that have a platform are paused.
DELETE FROM ecom_credential;
UPDATE ecom_channel
   SET state = 'paused', connector_shadow = true, stock_publish = false,
       webhook_token = NULL, webhooks_registered = false
 WHERE connector NOT IN ('api', 'file');
UPDATE ecom_task SET state = 'cancelled' WHERE state = 'waiting';

-- a copy buys no labels, and asks no carrier for news
UPDATE ecom_carrier_account SET active = FALSE, test_mode = TRUE, push_token = NULL;
UPDATE ecom_label SET state = 'cancelled' WHERE state IN ('waiting', 'sending', 'voiding');
UPDATE ecom_carrier_account_field SET value = NULL;
UPDATE ecom_carrier_quote SET state = 'failed' WHERE state = 'waiting';
