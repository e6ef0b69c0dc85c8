//! The time between the last accepted connection and the stop. Actix has one thread that accepts connections and others
//! that answer requests, and none of them reports its progress. When a thread that answers stops, it drops the
//! connections on which it has not started. On a busy machine no fixed delay is long enough, so the threads are asked.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use actix_web::rt;
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

/// The longest time to wait for the threads.
const LIMIT: Duration = Duration::from_secs(5);
/// The pause before the kernel is asked again whether the socket is watched: it sends no event when that ends.
const AGAIN: Duration = Duration::from_millis(5);
/// Connections accepted in the last round are handed on within this time.
const LAST_ROUND: Duration = Duration::from_millis(100);
/// After so many turns of its event loop a thread has started on all connections that it was given before.
const TURNS: usize = 100;

/// Asks the threads that accept and answer how far they are.
#[derive(Clone)]
pub(super) struct Handover {
    asked: watch::Sender<bool>,
    /// The kernel's number of the listening socket.
    socket: u64,
}

impl Handover {
    pub(super) fn of(socket: impl AsFd) -> io::Result<Self> {
        let socket: OwnedFd = socket.as_fd().try_clone_to_owned()?;
        Ok(Self { asked: watch::Sender::new(false), socket: File::from(socket).metadata()?.ino() })
    }

    /// Registers a thread that answers; each of them calls this.
    pub(super) fn join(&self) {
        let mut asked = self.asked.subscribe();
        rt::spawn(async move {
            if asked.wait_for(|asked| *asked).await.is_ok() {
                for _ in 0..TURNS {
                    yield_now().await;
                }
            }
            // Dropping the receiver is the answer.
            drop(asked);
        });
    }

    /// Returns once threads have started on all connections that were accepted before the pause, or at the limit. Tells
    /// whether it was in time.
    pub(super) async fn complete(&self) -> bool {
        let all = async {
            while is_watched(self.socket) {
                sleep(AGAIN).await;
            }
            sleep(LAST_ROUND).await;
            self.asked.send_replace(true);
            self.asked.closed().await;
        };
        let in_time = timeout(LIMIT, all).await.is_ok();
        if !in_time {
            tracing::warn!("the threads that answer are stuck; connections that were just accepted may be cut off");
        }
        in_time
    }
}

/// Whether an event loop of this process watches the socket for connections. `false` if the kernel cannot be asked.
fn is_watched(socket: u64) -> bool {
    let Ok(descriptors) = fs::read_dir("/proc/self/fdinfo") else { return false };
    let socket = format!("{socket:x}");
    let watches = |line: &str| {
        let inode = line.strip_prefix("tfd:").and_then(|line| line.split("ino:").nth(1));
        inode.and_then(|inode| inode.split_whitespace().next()) == Some(&socket)
    };
    // A descriptor that was closed meanwhile watches nothing.
    descriptors.filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok()).any(|info| info.lines().any(watches))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[actix_web::test]
    async fn a_socket_is_watched_as_long_as_an_event_loop_has_it() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let number = |socket: &TcpListener| Handover::of(socket).unwrap().socket;
        let (number, other) = (number(&socket), number(&other));
        assert!(!is_watched(number));
        socket.set_nonblocking(true).unwrap();
        let watched = tokio::net::TcpListener::from_std(socket).unwrap();
        assert!(cfg!(not(target_os = "linux")) || is_watched(number));
        assert!(!is_watched(other));
        drop(watched);
        assert!(!is_watched(number));
    }

    #[actix_web::test]
    async fn it_is_complete_once_every_thread_has_had_its_turns() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let nobody = Handover::of(&socket).unwrap();
        assert!(nobody.complete().await);

        let handover = Handover::of(&socket).unwrap();
        handover.join();
        let held = handover.asked.subscribe();
        let mut complete = Box::pin(handover.complete());
        let early = tokio::time::timeout(LAST_ROUND * 2, &mut complete).await;
        assert!(early.is_err());
        drop(held);
        assert!(complete.await);
    }
}
