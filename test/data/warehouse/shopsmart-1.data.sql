-- A small ShopSmart of known figures, for the KPI tests. The caller has made the warehouse, in time zone
-- Asia/Kolkata, and set search_path to it. Every sale is listed; the tests derive their figures from this list.
--
--  stores     S1 Mumbai, S2 Delhi, S4 Pune: Tier 1 (S4 sells nothing); S3 Nashik, S5 Nagpur: Tier 2 (S5
--             sells nothing); S9 inferred, nothing known of it; ONLINE. Region North: S2; West: S1 S3 S4 S5
--  products   P1 Phone   Electronics  cost 60
--             P2 Shirt   Apparel      cost 8
--             P3 Mixer   Home until November 2025, then Electronics  cost 30
--             P4 Cable   Electronics  cost unknown
--             P8 inferred, nothing known of it
--  customers  C1 Silver until November 2025, then Gold; C2 Gold; C3 Silver; C4 inferred; C5 Bronze
--  promotions D1 10 to 19 October, 10 %; D2 25 December to 3 January, 10 %; D3 February 2026
--  holidays   20 October and 25 December 2025
INSERT INTO store_dim (store_id, store_name, city, city_tier, state, region, is_inferred) VALUES
  ('S1', 'Mumbai Central', 'Mumbai', 'Tier 1', 'Maharashtra', 'West', false),
  ('S2', 'Delhi Gate', 'Delhi', 'Tier 1', 'Delhi', 'North', false),
  ('S3', 'Nashik Road', 'Nashik', 'Tier 2', 'Maharashtra', 'West', false),
  ('S4', 'Pune Camp', 'Pune', 'Tier 1', 'Maharashtra', 'West', false),
  ('S5', 'Nagpur East', 'Nagpur', 'Tier 2', 'Maharashtra', 'West', false),
  ('S9', NULL, NULL, NULL, NULL, NULL, true);

INSERT INTO promotion_dim (promotion_id, promotion_name, start_date, end_date, discount_percent) VALUES
  ('D1', 'Diwali', '2025-10-10', '2025-10-19', 10),
  ('D2', 'New Year', '2025-12-25', '2026-01-03', 10),
  ('D3', 'Spring', '2026-02-01', '2026-02-10', 5);

INSERT INTO product_history (product_version, product_id, product_name, category, brand, supplier_id, price, unit_cost,
                             valid_from, valid_to, is_current, is_inferred) VALUES
  (1, 'P1', 'Phone', 'Electronics', 'Bolt', 'V1', 100, 60, '-infinity', 'infinity', true, false),
  (2, 'P2', 'Shirt', 'Apparel', 'Loom', 'V2', 20, 8, '-infinity', 'infinity', true, false),
  (3, 'P3', 'Mixer', 'Home', 'Whirl', 'V3', 50, 30, '-infinity', '2025-11-01 00:00+05:30', false, false),
  (4, 'P3', 'Mixer', 'Electronics', 'Whirl', 'V3', 50, 30, '2025-11-01 00:00+05:30', 'infinity', true, false),
  (5, 'P4', 'Cable', 'Electronics', 'Bolt', 'V1', 5, NULL, '-infinity', 'infinity', true, false),
  (6, 'P8', NULL, NULL, NULL, NULL, NULL, NULL, '-infinity', 'infinity', true, true);

INSERT INTO customer_history (customer_version, customer_id, first_name, loyalty_level, valid_from, valid_to,
                              is_current, is_inferred) VALUES
  (1, 'C1', 'Asha', 'Silver', '-infinity', '2025-11-01 00:00+05:30', false, false),
  (2, 'C1', 'Asha', 'Gold', '2025-11-01 00:00+05:30', 'infinity', true, false),
  (3, 'C2', 'Bala', 'Gold', '-infinity', 'infinity', true, false),
  (4, 'C3', 'Chitra', 'Silver', '-infinity', 'infinity', true, false),
  (5, 'C4', NULL, NULL, '-infinity', 'infinity', true, true),
  (6, 'C5', 'Deepa', 'Bronze', '-infinity', 'infinity', true, false);

UPDATE time_dim SET holiday_flag = 0, holiday_name = NULL WHERE holiday_flag = 1;
UPDATE time_dim SET holiday_flag = 1, holiday_name = 'Diwali' WHERE date_key = '2025-10-20';
UPDATE time_dim SET holiday_flag = 1, holiday_name = 'Christmas' WHERE date_key = '2025-12-25';

-- Partitions: what lies outside them has a place too.
CREATE TABLE sales_fact_rest PARTITION OF sales_fact DEFAULT;
CREATE TABLE inventory_fact_rest PARTITION OF inventory_fact DEFAULT;

CREATE TEMP TABLE sale (sold_at timestamp, order_id text, line_id int, store text, customer text, product text,
                        promotion text, units numeric, amount numeric, discount numeric, profit numeric);
INSERT INTO sale VALUES
  -- September: 140 + 200 + 50 + 20 = 410. The first order is 19:00 of 31 August in UTC
  ('2025-09-01 00:30', 'o1',  1, 'S1',     'C1', 'P1', '-',   1,  100,  0,   40),
  ('2025-09-01 00:30', 'o1',  2, 'S1',     'C1', 'P2', '-',   2,   40,  0,   24),
  ('2025-09-12 12:00', 'o2',  1, 'S2',     'C2', 'P1', '-',   2,  200,  0,   80),
  ('2025-09-20 12:00', 'o3',  1, 'ONLINE', 'C3', 'P3', '-',   1,   50,  0,   20),
  ('2025-09-28 12:00', 'o4',  1, 'S1',     '?',  'P2', '-',   1,   20,  0,   12),
  -- October: 100 - 20 + 270 + 90 + 100 + 100 + 60 = 700
  ('2025-10-05 12:00', 'o5',  1, 'S1',     'C1', 'P1', '-',   1,  100,  0,   40),
  ('2025-10-08 12:00', 'r1',  1, 'S1',     'C1', 'P2', '-',  -1,  -20,  0,  -12),
  ('2025-10-10 12:00', 'o6',  1, 'S1',     'C2', 'P1', 'D1',  2,  180, 20,   60),
  ('2025-10-10 12:00', 'o6',  2, 'S1',     'C2', 'P2', 'D1',  5,   90, 10,   50),
  ('2025-10-12 12:00', 'o7',  1, 'S2',     'C3', 'P1', 'D1',  1,   90, 10,   30),
  ('2025-10-15 12:00', 'o8',  1, 'ONLINE', '?',  'P3', '-',   2,  100,  0,   40),
  ('2025-10-19 12:00', 'o9',  1, 'S2',     '?',  'P1', '-',   1,  100,  0,   40),
  ('2025-10-20 12:00', 'o10', 1, 'S3',     'C4', 'P2', '-',   3,   60,  0,   36),
  -- November: 150 - 100 + 20 - 100 = -30: more comes back than is sold
  ('2025-11-03 12:00', 'o11', 1, 'S1',     'C1', 'P3', '-',   1,   50,  0,   20),
  ('2025-11-03 12:00', 'o11', 2, 'S1',     'C1', 'P1', '-',   1,  100,  0,   40),
  ('2025-11-10 12:00', 'r2',  1, 'S2',     'C5', 'P1', '-',  -1, -100,  0,  -40),
  ('2025-11-15 12:00', 'o12', 1, 'S9',     'C2', 'P2', '-',   1,   20,  0,   12),
  ('2025-11-20 12:00', 'r3',  1, 'ONLINE', 'C3', 'P3', '-',  -2, -100,  0,  -40),
  -- December: 30 + 18 + 12 + 100 = 160. The last order is in the last half hour of the year
  ('2025-12-05 12:00', 'o13', 1, 'S3',     'C2', 'P8', '-',   1,   30,  0, NULL),
  ('2025-12-25 12:00', 'o14', 1, 'ONLINE', 'C1', 'P4', 'D2',  4,   18,  2, NULL),
  ('2025-12-28 12:00', 'o15', 1, 'S1',     '?',  '?',  '-',   1,   12,  0, NULL),
  ('2025-12-31 23:30', 'o16', 1, 'S2',     'C3', 'P1', '-',   1,  100,  0,   40);
-- all: 410 + 700 - 30 + 160 = 1240

INSERT INTO sales_fact (time_key, store_key, product_key, customer_key, promotion_key, product_version,
                        customer_version, event_time, order_id, line_id, channel, sale_type, quantity_sold,
                        sales_amount, discount_applied, profit)
SELECT s.sold_at::date, s.store, s.product, s.customer, s.promotion, p.product_version, c.customer_version,
       s.sold_at AT TIME ZONE 'Asia/Kolkata', s.order_id, s.line_id,
       CASE WHEN s.store = 'ONLINE' THEN 'Online' ELSE 'Store' END,
       CASE WHEN s.units < 0 THEN 'Return' ELSE 'Sale' END, s.units, s.amount, s.discount, s.profit
FROM sale s
JOIN product_history p ON p.product_id = s.product
                      AND p.valid_from <= s.sold_at AT TIME ZONE 'Asia/Kolkata'
                      AND p.valid_to > s.sold_at AT TIME ZONE 'Asia/Kolkata'
JOIN customer_history c ON c.customer_id = s.customer
                       AND c.valid_from <= s.sold_at AT TIME ZONE 'Asia/Kolkata'
                       AND c.valid_to > s.sold_at AT TIME ZONE 'Asia/Kolkata';

INSERT INTO inventory_fact (time_key, store_key, product_key, product_version, event_time, supplier_id,
                            stock_on_hand, reorder_level)
SELECT i.day, i.store, i.product, p.product_version, i.day::timestamp AT TIME ZONE 'Asia/Kolkata', i.supplier,
       i.stock, i.reorder
FROM (VALUES
  ('2025-10-05'::date, '-', 'P1', 30, 15, NULL), ('2025-10-05', '-', 'P2', 40, 10, NULL),
  ('2025-11-02', '-', 'P1', 20, 15, NULL),
  ('2025-12-28', '-', 'P1', 10, 15, NULL),       ('2025-12-28', '-', 'P2', 50, 10, NULL),
  ('2025-12-28', '-', 'P3', 0, 5, 'V9'),         ('2025-12-28', '-', 'P4', 6, NULL, NULL),
  -- a store's own count beside the chain's
  ('2025-12-28', 'S3', 'P2', 3, 5, NULL)) AS i (day, store, product, stock, reorder, supplier)
JOIN product_history p ON p.product_id = i.product AND p.is_current;
