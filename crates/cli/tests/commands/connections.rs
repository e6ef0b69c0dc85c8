//! Hostile and unusual connections: how much memory they may take, how long they may last, how they are answered.

mod heads;
mod limits;
mod unread;

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use crate::support::{PATIENCE, Server};

/// A connection of either kind.
trait Connection: Read + Write + Send {}

impl<T: Read + Write + Send> Connection for T {}

fn connect(server: &Server) -> Box<dyn Connection> {
    if let Some(path) = server.listens_on.strip_prefix("unix:") {
        let stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        return Box::new(stream);
    }
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    Box::new(stream)
}

/// Reads one answer, head and body.
fn answer(stream: &mut impl Read) -> io::Result<(String, Vec<u8>)> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body)?;
    Ok((head, body))
}

/// The status of the next answer.
fn status(stream: &mut impl Read) -> u16 {
    answer(stream).unwrap().0[9..12].parse().unwrap()
}
