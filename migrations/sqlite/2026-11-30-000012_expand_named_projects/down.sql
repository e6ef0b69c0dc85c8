DROP INDEX pings_that_name_projects;
