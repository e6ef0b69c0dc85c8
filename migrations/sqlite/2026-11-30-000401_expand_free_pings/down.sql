DROP INDEX ping_queue_free;
