-- Pings that may be taken, in order: those that were set aside are passed over unread, however many there are.
CREATE INDEX ping_queue_free ON ping_queue (place) WHERE buried_at IS NULL;
