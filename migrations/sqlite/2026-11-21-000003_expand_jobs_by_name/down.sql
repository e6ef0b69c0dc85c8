DROP INDEX jobs_open_by_name;
