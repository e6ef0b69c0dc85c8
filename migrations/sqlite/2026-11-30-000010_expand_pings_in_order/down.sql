DROP INDEX pings_in_order;
