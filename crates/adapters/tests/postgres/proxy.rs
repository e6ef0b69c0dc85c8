//! A wire to the server that can be down, silent, or cut at a chosen moment.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use stint_adapters::postgres::test_database::TestDatabase;

/// A wire to a database.
pub(crate) struct Proxy {
    address: SocketAddr,
    url: String,
    cuts: Arc<Mutex<VecDeque<Cut>>>,
    gone: Arc<AtomicBool>,
}

/// When to cut the wire: as soon as a client has sent these bytes. Also whether the server still gets them, and
/// whether later connections are refused.
struct Cut {
    bytes: Vec<u8>,
    delivered: bool,
    for_good: bool,
    /// Whether the server is not told of the end, as when a host loses its power.
    unheard: bool,
}

impl Proxy {
    /// A wire at an address where nobody listens yet.
    pub(crate) fn down(database: &TestDatabase) -> Self {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        Self { address, url: database.url(), cuts: Arc::default(), gone: Arc::default() }
    }

    /// A wire that works.
    pub(crate) fn up(database: &TestDatabase) -> Self {
        let proxy = Self::down(database);
        proxy.start();
        proxy
    }

    /// The URL of the database through this wire.
    pub(crate) fn url(&self) -> String {
        let (scheme_and_user, rest) = self.url.split_once('@').unwrap();
        let (_, database) = rest.split_once('/').unwrap();
        format!("{scheme_and_user}@{}/{database}", self.address)
    }

    /// Accepts connections from now on.
    pub(crate) fn start(&self) {
        let listener = TcpListener::bind(self.address).unwrap();
        let (_, rest) = self.url.split_once('@').unwrap();
        let server = rest.split_once('/').unwrap().0.to_owned();
        let (cuts, gone) = (Arc::clone(&self.cuts), Arc::clone(&self.gone));
        thread::spawn(move || {
            for client in listener.incoming() {
                if gone.load(Ordering::SeqCst) {
                    continue;
                }
                let (client, server) = (client.unwrap(), TcpStream::connect(&server).unwrap());
                let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || std::io::copy(&mut from, &mut to).map(|_| to.shutdown(Shutdown::Both)));
                let (cuts, gone) = (Arc::clone(&cuts), Arc::clone(&gone));
                thread::spawn(move || forward(client, server, &cuts, &gone));
            }
        });
    }

    /// Cuts the connection of the next client that sends `bytes`, once, before or after the server has them. Cuts
    /// happen in the order in which they were asked for.
    pub(crate) fn cut_at(&self, bytes: &str, delivered: bool) {
        self.cuts.lock().unwrap().push_back(Cut {
            bytes: bytes.as_bytes().to_vec(),
            delivered,
            for_good: false,
            unheard: false,
        });
    }

    /// Like [`Self::cut_at`], before the server has the bytes, and later connections are refused.
    pub(crate) fn cut_for_good_at(&self, bytes: &str) {
        let cut = Cut { bytes: bytes.as_bytes().to_vec(), delivered: false, for_good: true, unheard: false };
        self.cuts.lock().unwrap().push_back(cut);
    }

    /// Like [`Self::cut_for_good_at`], and the server goes on waiting for the client.
    pub(crate) fn go_dead_at(&self, bytes: &str) {
        let cut = Cut { bytes: bytes.as_bytes().to_vec(), delivered: false, for_good: true, unheard: true };
        self.cuts.lock().unwrap().push_back(cut);
    }

    /// Whether the wire was cut as often as asked for.
    pub(crate) fn was_cut(&self) -> bool {
        self.cuts.lock().unwrap().is_empty()
    }
}

fn forward(mut client: TcpStream, mut server: TcpStream, cuts: &Mutex<VecDeque<Cut>>, gone: &AtomicBool) {
    let mut buffer = [0; 16_384];
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        let sent = &buffer[..length];
        let mut waiting = cuts.lock().unwrap();
        match waiting.pop_front() {
            Some(now) if sent.windows(now.bytes.len()).any(|window| window == now.bytes) => {
                gone.store(now.for_good, Ordering::SeqCst);
                // The client sees the end of the connection before the server's answer.
                client.shutdown(Shutdown::Both).unwrap();
                if now.delivered {
                    server.write_all(sent).unwrap();
                }
                if now.unheard {
                    // Stays open until the test's process ends.
                    std::mem::forget(server);
                    return;
                }
                break;
            }
            Some(later) => waiting.push_front(later),
            None => {}
        }
        drop(waiting);
        if server.write_all(sent).is_err() {
            break;
        }
    }
    // The server carries out what was delivered, and then reads the end of the connection.
    let _ = server.shutdown(Shutdown::Write);
}
