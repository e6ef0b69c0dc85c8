//! A wire to the server that can be down, silent, or cut at a chosen moment.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use stint_adapters::postgres::test_database::TestDatabase;

/// A wire to a database.
pub(super) struct Proxy {
    address: SocketAddr,
    url: String,
    cut: Arc<Mutex<Option<Cut>>>,
}

/// When to cut the wire: as soon as a client has sent these bytes, and whether the server still gets them.
struct Cut {
    bytes: Vec<u8>,
    delivered: bool,
}

impl Proxy {
    /// A wire at an address where nobody listens yet.
    pub(super) fn down(database: &TestDatabase) -> Self {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        Self { address, url: database.url(), cut: Arc::default() }
    }

    /// A wire that works.
    pub(super) fn up(database: &TestDatabase) -> Self {
        let proxy = Self::down(database);
        proxy.start();
        proxy
    }

    /// The URL of the database, over this wire.
    pub(super) fn url(&self) -> String {
        let (scheme_and_user, rest) = self.url.split_once('@').unwrap();
        let (_, database) = rest.split_once('/').unwrap();
        format!("{scheme_and_user}@{}/{database}", self.address)
    }

    /// Lets connections through from now on.
    pub(super) fn start(&self) {
        let listener = TcpListener::bind(self.address).unwrap();
        let (_, rest) = self.url.split_once('@').unwrap();
        let server = rest.split_once('/').unwrap().0.to_owned();
        let cut = Arc::clone(&self.cut);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) = (client.unwrap(), TcpStream::connect(&server).unwrap());
                let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || std::io::copy(&mut from, &mut to).map(|_| to.shutdown(Shutdown::Both)));
                let cut = Arc::clone(&cut);
                thread::spawn(move || forward(client, server, &cut));
            }
        });
    }

    /// Cuts the connection of the next client that sends `bytes`, once, before or after the server has them.
    pub(super) fn cut_at(&self, bytes: &str, delivered: bool) {
        *self.cut.lock().unwrap() = Some(Cut { bytes: bytes.as_bytes().to_vec(), delivered });
    }

    /// Whether the wire was cut.
    pub(super) fn was_cut(&self) -> bool {
        self.cut.lock().unwrap().is_none()
    }
}

fn forward(mut client: TcpStream, mut server: TcpStream, cut: &Mutex<Option<Cut>>) {
    let mut buffer = [0; 16_384];
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        let sent = &buffer[..length];
        let mut cut = cut.lock().unwrap();
        match cut.take() {
            Some(now) if sent.windows(now.bytes.len()).any(|window| window == now.bytes) => {
                // The client sees the end of the connection before the server's answer.
                client.shutdown(Shutdown::Both).unwrap();
                if now.delivered {
                    server.write_all(sent).unwrap();
                }
                break;
            }
            later => *cut = later,
        }
        drop(cut);
        if server.write_all(sent).is_err() {
            break;
        }
    }
    // What was delivered is carried out all the same; then the server reads the end of the connection.
    let _ = server.shutdown(Shutdown::Write);
}
