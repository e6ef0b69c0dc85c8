//! The bridge over a pool without a database: a connection is a number.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::sync::oneshot;

use super::*;

#[derive(Debug, Default)]
struct Numbers(AtomicUsize);

impl ManageConnection for Numbers {
    type Connection = usize;
    type Error = Infallible;

    fn connect(&self) -> Result<usize, Infallible> {
        Ok(self.0.fetch_add(1, Ordering::SeqCst))
    }

    fn is_valid(&self, _: &mut usize) -> Result<(), Infallible> {
        Ok(())
    }

    fn has_broken(&self, _: &mut usize) -> bool {
        std::thread::panicking()
    }
}

fn blocking(size: u32, max_waiting: usize, max_wait: Duration) -> Blocking<Numbers> {
    let pool = Pool::builder().max_size(size).test_on_check_out(false).build(Numbers::default()).unwrap();
    Blocking::new("numbers", pool, QueueLimits { max_waiting, max_wait })
}

/// Occupies one connection, which is taken when this returns, until the sender is dropped.
async fn occupy(blocking: &Blocking<Numbers>) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (started, has_started) = oneshot::channel();
    let blocking = blocking.clone();
    tokio::spawn(async move {
        blocking
            .run(move |_| {
                started.send(()).unwrap();
                let _ = released.recv();
                Ok::<_, BackendError>(())
            })
            .await
    });
    has_started.await.unwrap();
    release
}

async fn number(blocking: &Blocking<Numbers>) -> Result<usize, BackendError> {
    blocking.run(|number| Ok(*number)).await
}

const LONG: Duration = Duration::from_mins(1);

#[tokio::test]
async fn no_more_threads_block_than_there_are_connections() {
    let blocking = blocking(3, 1_000, LONG);
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let runs = (0..60).map(|_| {
        let (blocking, running, most) = (blocking.clone(), Arc::clone(&running), Arc::clone(&most));
        tokio::spawn(async move {
            blocking
                .run(move |_| {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(2));
                    running.fetch_sub(1, Ordering::SeqCst);
                    Ok::<_, BackendError>(())
                })
                .await
        })
    });
    for run in runs.collect::<Vec<_>>() {
        run.await.unwrap().unwrap();
    }
    assert_eq!(most.load(Ordering::SeqCst), 3);
    assert_eq!((blocking.metrics().in_use.get(), blocking.metrics().waiting.get()), (0, 0));
}

#[tokio::test]
async fn a_caller_over_the_bound_is_refused_at_once_and_the_one_before_it_is_served() {
    let blocking = blocking(1, 1, LONG);
    let release = occupy(&blocking).await;
    let mut waiter = Box::pin(number(&blocking));
    assert!(poll_once(&mut waiter).await.is_none());
    let refused = number(&blocking).await.unwrap_err();
    assert_eq!(refused.kind, BackendErrorKind::Unavailable);
    assert_eq!(refused.source.to_string(), "1 callers already wait for a connection");
    drop(release);
    waiter.await.unwrap();
}

#[tokio::test]
async fn waiting_too_long_is_unavailable() {
    let blocking = blocking(1, 10, Duration::from_millis(20));
    let _release = occupy(&blocking).await;
    let refused = number(&blocking).await.unwrap_err();
    assert_eq!(refused.kind, BackendErrorKind::Unavailable);
    assert_eq!(refused.source.to_string(), "no connection was free within 20ms");
}

#[tokio::test]
async fn a_panic_is_an_internal_error_and_loses_neither_permit_nor_pool() {
    let blocking = blocking(1, 10, LONG);
    let first = number(&blocking).await.unwrap();
    let error = blocking.run(|_| -> Result<(), BackendError> { panic!("boom {}", 7) }).await.unwrap_err();
    assert_eq!(error.kind, BackendErrorKind::Internal);
    assert_eq!(error.source.to_string(), "a panic below the port: boom 7");
    assert_ne!(number(&blocking).await.unwrap(), first, "the connection of the panic was used again");
    assert_eq!(blocking.metrics().in_use.get(), 0);
}

#[tokio::test]
async fn a_caller_that_goes_away_while_waiting_leaves_its_place() {
    let blocking = blocking(1, 1, LONG);
    let release = occupy(&blocking).await;
    let mut gone = Box::pin(number(&blocking));
    assert!(poll_once(&mut gone).await.is_none());
    assert_eq!(blocking.metrics().waiting.get(), 1);
    drop(gone);
    assert_eq!(blocking.metrics().waiting.get(), 0);
    let mut next = Box::pin(number(&blocking));
    assert!(poll_once(&mut next).await.is_none());
    drop(release);
    next.await.unwrap();
}

/// Polls a future once and returns its output if it is ready.
async fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}
