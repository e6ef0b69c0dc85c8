//! The binary under a service manager. These tests play the manager: they hold the socket, receive notices, and pass
//! credentials.

mod notices;
mod restart;

use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::process::{Command, Stdio};

use crate::support::{Ended, Server, Stint, get};

pub(super) fn on_systemds_socket() -> Stint {
    Stint::new().migrated().set("STINT_HTTP__LISTEN", "systemd")
}

/// `stint serve` with a socket as descriptor 3, as a socket unit passes it; with `also`, once more as 4.
fn activated_with(stint: &Stint, socket: impl Into<OwnedFd>, also: &str, passed: usize) -> Command {
    let plain = stint.command(&["serve"]);
    let mut command = Command::new("sh");
    // `exec` replaces the shell, so the service has the process id in LISTEN_PID.
    let script = format!("export LISTEN_FDS={passed} LISTEN_PID=$$; exec \"$@\" 3<&0 {also} </dev/null");
    command.args(["-c", &script, "sh"]).arg(plain.get_program()).args(plain.get_args());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir(plain.get_current_dir().unwrap()).stdin(Stdio::from(socket.into()));
    command
}

pub(super) fn activated(stint: &Stint, socket: impl Into<OwnedFd>) -> Command {
    activated_with(stint, socket, "", 1)
}

#[test]
fn a_socket_of_either_kind_is_taken_over_and_left_where_it_is() {
    let stint = on_systemds_socket();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let server = Server::start(activated(&stint, socket.try_clone().unwrap()));
    assert_eq!(server.listens_on, address.to_string());
    assert!(server.get("/readyz", "").starts_with("HTTP/1.1 200 "));
    drop(server);
    TcpStream::connect(address).unwrap();

    let path = stint.path("stint.sock");
    let socket = UnixListener::bind(&path).unwrap();
    let mut server = Server::start(activated(&stint, socket.try_clone().unwrap()));
    assert_eq!(server.listens_on, format!("unix:{}", path.display()));
    assert!(get(UnixStream::connect(&path).unwrap(), "/readyz", "").starts_with("HTTP/1.1 200 "));
    server.signal("TERM");
    assert!(server.ended().success());
    UnixStream::connect(&path).unwrap();
}

#[test]
fn a_socket_without_a_file_is_taken_over() {
    let stint = on_systemds_socket();
    let name = stint.path("abstract").display().to_string();
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let socket = UnixListener::bind_addr(&address).unwrap();
    let server = Server::start(activated(&stint, socket));
    assert_eq!(server.listens_on, format!("unix:@{name}"));
    assert!(get(UnixStream::connect_addr(&address).unwrap(), "/readyz", "").starts_with("HTTP/1.1 200 "));
}

#[test]
fn what_is_no_single_listening_socket_is_refused() {
    let stint = on_systemds_socket();
    let refused = |command| {
        let complaint = Ended::of(command).failed();
        complaint.strip_prefix("cannot listen on systemd (http.listen): ").expect(&complaint).to_owned()
    };
    let listener = || TcpListener::bind("127.0.0.1:0").unwrap();
    let none = "no socket was passed (LISTEN_FDS); start the service through a socket unit, or set an address";
    assert_eq!(refused(stint.command(&["serve"])), none);
    assert_eq!(refused(activated_with(&stint, listener(), "", 0)), none);
    // The socket is meant for another process.
    let mut command = stint.command(&["serve"]);
    command.env("LISTEN_FDS", "1").env("LISTEN_PID", "1");
    assert_eq!(refused(command), none);

    let several = "2 sockets were passed (LISTEN_FDS), but the service takes only one";
    assert_eq!(refused(activated_with(&stint, listener(), "4<&0", 2)), several);

    let kind = "the passed descriptor is not a TCP or Unix stream socket";
    assert_eq!(refused(activated(&stint, UnixDatagram::unbound().unwrap())), kind);
    assert_eq!(refused(activated(&stint, std::fs::File::open("/dev/null").unwrap())), kind);

    let connection = "a connection was passed instead of a listening socket; the socket unit needs Accept=no";
    assert_eq!(refused(activated(&stint, UnixStream::pair().unwrap().0)), connection);
    let listener = listener();
    let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    assert_eq!(refused(activated(&stint, listener.accept().unwrap().0)), connection);
}

/// As a new release does before it replaces the old one.
#[test]
fn a_second_service_on_a_path_of_its_own_leaves_the_first_alone() {
    let stint = on_systemds_socket();
    let (shared, own) = (stint.path("stint.sock"), stint.path("preflight.sock"));
    let socket = UnixListener::bind(&shared).unwrap();
    let first = Server::start(activated(&stint, socket));
    let stint = stint.set("STINT_HTTP__LISTEN", format!("unix:{}", own.display()));
    let mut second = stint.serve();
    assert_ne!(first.metrics.port(), second.metrics.port());
    for path in [&shared, &own] {
        assert!(get(UnixStream::connect(path).unwrap(), "/readyz", "").starts_with("HTTP/1.1 200 "));
    }
    second.signal("TERM");
    assert!(second.ended().success());
    assert!(!own.exists());
    assert!(get(UnixStream::connect(&shared).unwrap(), "/readyz", "").starts_with("HTTP/1.1 200 "));
}

#[test]
fn the_database_may_be_named_by_a_credential() {
    let stint = Stint::new().migrated().unset("STINT_DATABASE__URL");
    std::fs::create_dir(stint.path("credentials")).unwrap();
    std::fs::write(stint.path("credentials/database.url"), "sqlite://stint.db\n").unwrap();
    let directory = stint.path("credentials").display().to_string();
    let stint = stint.set("CREDENTIALS_DIRECTORY", directory);
    assert!(stint.run(&["settings"]).succeeded().contains("# credential database.url\n"));
    assert!(stint.serve().get("/readyz", "").starts_with("HTTP/1.1 200 "));
}
