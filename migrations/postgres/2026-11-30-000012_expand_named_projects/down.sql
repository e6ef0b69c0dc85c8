DROP INDEX CONCURRENTLY IF EXISTS pings_that_name_projects;
