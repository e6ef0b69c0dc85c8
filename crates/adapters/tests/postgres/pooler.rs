//! A transaction pooler at its strictest: each transaction of a client gets another server session than the one
//! before, and a session that is given back may hold nothing of its client.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use stint_adapters::postgres::test_database::TestDatabase;

/// How many server sessions stand behind each client.
const SESSIONS: usize = 2;

/// A pooler before a database.
pub(crate) struct Pooler {
    address: SocketAddr,
    url: String,
    /// Whether a prepared statement was left behind in a session.
    littered: Arc<AtomicBool>,
}

/// A server session, and the named statements that it holds.
struct Session {
    wire: TcpStream,
    prepared: HashSet<Vec<u8>>,
}

impl Pooler {
    pub(crate) fn up(database: &TestDatabase) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (address, littered) = (listener.local_addr().unwrap(), Arc::<AtomicBool>::default());
        let url = database.url();
        let server = url.split_once('@').unwrap().1.split_once('/').unwrap().0.to_owned();
        let seen = Arc::clone(&littered);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server, seen) = (client.unwrap(), server.clone(), Arc::clone(&seen));
                // It ends with either side's connection.
                thread::spawn(move || serve(client, &server, &seen));
            }
        });
        Self { address, url, littered }
    }

    /// The URL of the database through the pooler.
    pub(crate) fn url(&self) -> String {
        let (scheme_and_user, rest) = self.url.split_once('@').unwrap();
        let (_, database) = rest.split_once('/').unwrap();
        format!("{scheme_and_user}@{}/{database}", self.address)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let littered = self.littered.load(Ordering::SeqCst);
        assert!(!littered || thread::panicking(), "a statement that was prepared in a transaction outlived it");
    }
}

fn serve(mut client: TcpStream, server: &str, littered: &AtomicBool) -> Option<()> {
    client.set_nodelay(true).ok()?;
    let startup = startup(&mut client)?;
    let mut sessions = Vec::new();
    for number in 0..SESSIONS {
        let mut wire = TcpStream::connect(server).ok()?;
        wire.set_nodelay(true).ok()?;
        wire.write_all(&startup).ok()?;
        let answer = until_ready(&mut wire)?;
        if number == 0 {
            client.write_all(&answer).ok()?;
        }
        sessions.push(Session { wire, prepared: HashSet::new() });
    }
    let mut now = 0;
    loop {
        let (kind, message) = message(&mut client)?;
        let session = &mut sessions[now];
        match kind {
            b'X' => return Some(()),
            b'P' => drop(session.prepared.insert(name(&message[5..]))),
            b'C' if message[5] == b'S' => drop(session.prepared.remove(&name(&message[6..]))),
            _ => {}
        }
        session.wire.write_all(&message).ok()?;
        if kind != b'S' && kind != b'Q' {
            continue;
        }
        let answer = until_ready(&mut session.wire)?;
        client.write_all(&answer).ok()?;
        if answer.ends_with(b"I") {
            session.prepared.remove(&Vec::new());
            if !session.prepared.is_empty() {
                littered.store(true, Ordering::SeqCst);
            }
            now = (now + 1) % SESSIONS;
        }
    }
}

/// The client's first message, which has no type. Encryption is refused.
fn startup(client: &mut TcpStream) -> Option<Vec<u8>> {
    loop {
        let mut length = [0; 4];
        client.read_exact(&mut length).ok()?;
        let mut message = vec![0; u32::from_be_bytes(length) as usize];
        message[..4].copy_from_slice(&length);
        client.read_exact(&mut message[4..]).ok()?;
        // SSLRequest and GSSENCRequest.
        if message.len() == 8 && message[4..6] == [0x04, 0xd2] {
            client.write_all(b"N").ok()?;
        } else {
            return Some(message);
        }
    }
}

/// A message: its type, and all its bytes.
fn message(from: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    from.read_exact(&mut head).ok()?;
    let [kind, length @ ..] = head;
    let mut message = vec![0; 1 + u32::from_be_bytes(length) as usize];
    message[..5].copy_from_slice(&head);
    from.read_exact(&mut message[5..]).ok()?;
    Some((kind, message))
}

/// All messages of the server until it is ready for the next query. The last byte is the state of its transaction.
fn until_ready(server: &mut TcpStream) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let (kind, message) = message(server)?;
        all.extend(message);
        if kind == b'Z' {
            return Some(all);
        }
    }
}

/// A text up to its NUL.
fn name(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().take_while(|byte| *byte != 0).collect()
}
