-- Only for SQLite: Postgres reads the rows of a page in fewer steps, and an index that has them whole costs each write more.
SELECT 1;
