//! The notices that a service manager receives.

use std::os::unix::net::UnixDatagram;

use crate::support::{PATIENCE, Stint};

/// A manager's socket for notices, and the services that send to it.
struct Manager {
    socket: UnixDatagram,
    stint: Stint,
}

impl Manager {
    fn new(stint: Stint) -> Self {
        let path = stint.path("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { socket, stint: stint.set("NOTIFY_SOCKET", path.display().to_string()) }
    }

    /// With a watchdog limit that is never reached here: what the manager does then is not tested.
    fn with_watchdog(self) -> Self {
        Self { stint: self.stint.set("WATCHDOG_USEC", "150000"), ..self }
    }

    /// The next notice.
    fn hears(&self) -> String {
        let mut notice = [0; 1024];
        let length = self.socket.recv(&mut notice).unwrap();
        String::from_utf8(notice[..length].to_vec()).unwrap()
    }

    fn hears_three_signs_of_life(&self) {
        (0..3).for_each(|_| assert_eq!(self.hears(), "WATCHDOG=1"));
    }

    /// The next notice other than the watchdog's.
    fn hears_of_a_change(&self) -> String {
        loop {
            let notice = self.hears();
            if notice != "WATCHDOG=1" {
                return notice;
            }
        }
    }
}

#[test]
fn the_service_tells_that_it_is_ready_once_it_answers_and_when_it_stops() {
    let manager = Manager::new(Stint::new().migrated());
    let mut server = manager.stint.serve();
    assert_eq!(manager.hears(), "STATUS=connecting to the database");
    assert_eq!(manager.hears(), format!("READY=1\nSTATUS=serving on {}", server.listens_on));
    assert!(server.get("/readyz", "").starts_with("HTTP/1.1 200 "));
    server.signal("TERM");
    assert_eq!(manager.hears(), "STOPPING=1\nSTATUS=draining: requests in flight finish");
    assert!(server.ended().success());
}

#[test]
fn the_worker_tells_that_it_works_and_when_it_stops() {
    let manager = Manager::new(Stint::new().migrated());
    let mut worker = manager.stint.work();
    assert_eq!(manager.hears(), "STATUS=connecting to the database");
    assert_eq!(manager.hears(), "READY=1\nSTATUS=working");
    worker.signal("TERM");
    assert_eq!(manager.hears(), "STOPPING=1\nSTATUS=finishing the current pings");
    assert!(worker.ended().success());
}

#[test]
fn whoever_cannot_start_never_says_that_it_is_ready() {
    let manager = Manager::new(Stint::new());
    for command in ["serve", "worker"] {
        manager.stint.run(&[command]).failed();
        assert_eq!(manager.hears(), "STATUS=connecting to the database");
    }
    manager.socket.set_nonblocking(true).unwrap();
    assert!(manager.socket.recv(&mut [0; 64]).is_err());
}

#[test]
fn signs_of_life_of_a_service_go_on_while_it_drains() {
    let stint = Stint::new().migrated().set("STINT_HTTP__DRAIN_DELAY", "1h");
    let manager = Manager::new(stint).with_watchdog();
    let server = manager.stint.serve();
    manager.hears_of_a_change();
    assert!(manager.hears_of_a_change().starts_with("READY=1\n"));
    manager.hears_three_signs_of_life();
    server.signal("TERM");
    assert!(manager.hears_of_a_change().starts_with("STOPPING=1\n"));
    manager.hears_three_signs_of_life();
}

#[test]
fn a_worker_gives_signs_of_life() {
    let manager = Manager::new(Stint::new().migrated()).with_watchdog();
    let _worker = manager.stint.work();
    manager.hears_of_a_change();
    assert!(manager.hears_of_a_change().starts_with("READY=1\n"));
    manager.hears_three_signs_of_life();
}
