-- What the reports read, for the months that are there.
SELECT sum_up_sales();
