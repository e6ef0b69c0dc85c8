DROP TABLE capture_new_projects;
