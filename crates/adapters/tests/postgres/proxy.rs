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
    silent: Arc<AtomicBool>,
}

/// When to cut the wire: as soon as a client has sent these bytes. Also whether the server still gets them, and
/// whether later connections are refused.
struct Cut {
    bytes: Vec<u8>,
    delivered: bool,
    for_good: bool,
    /// Whether the server is not told of the end, as when a host loses its power.
    unheard: bool,
    /// What the client gets last.
    farewell: Vec<u8>,
}

impl Proxy {
    /// A wire at an address where nobody listens yet.
    pub(crate) fn down(database: &TestDatabase) -> Self {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        Self { address, url: database.url(), cuts: Arc::default(), gone: Arc::default(), silent: Arc::default() }
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
        let (cuts, gone, silent) = (Arc::clone(&self.cuts), Arc::clone(&self.gone), Arc::clone(&self.silent));
        thread::spawn(move || {
            for client in listener.incoming() {
                if gone.load(Ordering::SeqCst) {
                    continue;
                }
                if silent.load(Ordering::SeqCst) {
                    // Stays open until the test's process ends.
                    std::mem::forget(client);
                    continue;
                }
                let (client, server) = (client.unwrap(), TcpStream::connect(&server).unwrap());
                let (from, to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let quiet = Arc::clone(&silent);
                thread::spawn(move || answer(from, to, &quiet));
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
            farewell: Vec::new(),
        });
    }

    /// Like [`Self::cut_at`], and the client is told so by a last message, as poolers do: `FATAL` with this text.
    pub(crate) fn end_at(&self, bytes: &str, delivered: bool, last_words: &str) {
        let fields = format!("SFATAL\0VFATAL\0C08P01\0M{last_words}\0\0");
        let length = u32::try_from(4 + fields.len()).unwrap().to_be_bytes();
        self.cuts.lock().unwrap().push_back(Cut {
            bytes: bytes.as_bytes().to_vec(),
            delivered,
            for_good: false,
            unheard: false,
            farewell: [b"E", &length[..], fields.as_bytes()].concat(),
        });
    }

    /// Like [`Self::cut_at`], before the server has the bytes, and later connections are refused.
    pub(crate) fn cut_for_good_at(&self, bytes: &str) {
        let cut = Cut {
            bytes: bytes.as_bytes().to_vec(),
            delivered: false,
            for_good: true,
            unheard: false,
            farewell: Vec::new(),
        };
        self.cuts.lock().unwrap().push_back(cut);
    }

    /// Like [`Self::cut_for_good_at`], and the server goes on waiting for the client.
    pub(crate) fn go_dead_at(&self, bytes: &str) {
        let cut = Cut {
            bytes: bytes.as_bytes().to_vec(),
            delivered: false,
            for_good: true,
            unheard: true,
            farewell: Vec::new(),
        };
        self.cuts.lock().unwrap().push_back(cut);
    }

    /// From now on nothing comes from the server any more, and new connections get no answer.
    pub(crate) fn fall_silent(&self) {
        self.silent.store(true, Ordering::SeqCst);
    }

    /// New connections get answers again. Those that were open stay silent.
    pub(crate) fn speak(&self) {
        self.silent.store(false, Ordering::SeqCst);
    }

    /// Whether the wire was cut as often as asked for.
    pub(crate) fn was_cut(&self) -> bool {
        self.cuts.lock().unwrap().is_empty()
    }
}

fn answer(mut server: TcpStream, mut client: TcpStream, silent: &AtomicBool) {
    let mut buffer = [0; 16_384];
    while let Ok(length @ 1..) = server.read(&mut buffer) {
        if silent.load(Ordering::SeqCst) {
            // Stays open until the test's process ends.
            std::mem::forget((server, client));
            return;
        }
        if client.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
}

fn forward(mut client: TcpStream, mut server: TcpStream, cuts: &Mutex<VecDeque<Cut>>, gone: &AtomicBool) {
    let mut buffer = [0; 16_384];
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        let sent = &buffer[..length];
        let mut waiting = cuts.lock().unwrap();
        match waiting.pop_front() {
            Some(now) if sent.windows(now.bytes.len()).any(|window| window == now.bytes) => {
                gone.store(now.for_good, Ordering::SeqCst);
                client.write_all(&now.farewell).unwrap();
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
