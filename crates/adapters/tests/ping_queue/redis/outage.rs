//! What happens to pings and callers when the server is down, goes down, refuses, or loses its memory.

use std::collections::HashSet;
use std::error::Error;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use redis::Value;
use stint_adapters::capture::redis::{Redis, RedisSettings};
use stint_domain::capture::ports::PingQueue;
use stint_domain::capture::ports::ping_queue::{Burial, QueueDepth, TakePings};
use stint_domain::values::PingId;
use stint_domain::{BackendError, BackendErrorKind};
use tokio::task::JoinSet;

use super::server::Server;
use super::{Keys, ping, receipts, take};
use crate::PATIENCE;
use crate::given;

/// The server is killed during pushes, on a disk that keeps what it was given.
#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_push_survives_a_killed_server() {
    let mut server = Server::started(&[]);
    let queue = server.queue();
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let mut pushers = JoinSet::new();
    for _ in 0..16 {
        let (queue, acknowledged) = (queue.clone(), acknowledged.clone());
        pushers.spawn(async move {
            let mut kept: Vec<PingId> = Vec::new();
            loop {
                let pings = vec![ping(0), ping(1)];
                let ids = [pings[0].id, pings[1].id];
                match queue.push(pings).await {
                    Ok(()) => kept.extend(ids),
                    Err(error) => return (kept, error),
                }
                acknowledged.fetch_add(2, Ordering::SeqCst);
            }
        });
    }
    while acknowledged.load(Ordering::SeqCst) < 1_000 {
        assert!(pushers.try_join_next().is_none(), "a push failed before the server was killed");
        tokio::task::yield_now().await;
    }
    server.kill();
    let mut kept = HashSet::new();
    for (ids, error) in pushers.join_all().await {
        assert!(matches!(error.kind, BackendErrorKind::Unavailable | BackendErrorKind::Timeout), "{error:?}");
        kept.extend(ids);
    }
    server.start();
    let mut there = HashSet::new();
    while queue.depth().await.unwrap().waiting > 0 {
        let taken = queue.take(take(1_000)).await.unwrap();
        queue.settle(receipts(&taken)).await.unwrap();
        there.extend(taken.into_iter().map(|delivery| delivery.ping.unwrap().id));
    }
    assert!(kept.len() >= 1_000);
    let lost: Vec<_> = kept.difference(&there).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged pings are lost", lost.len(), kept.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_is_told_at_once_and_is_found_again_when_it_is_back() {
    let mut server = Server::down(&[]);
    let queue = server.queue();
    let start = Instant::now();
    let pushes = futures::future::join_all((0..1_000).map(|at| queue.push(vec![ping(at)]))).await;
    for push in pushes {
        let error = push.unwrap_err();
        assert_eq!(error.kind, BackendErrorKind::Unavailable);
        assert!(chain(&error).contains("cannot connect to 127.0.0.1:"), "{}", chain(&error));
    }
    assert_eq!(queue.take(take(9)).await.unwrap_err().kind, BackendErrorKind::Unavailable);
    assert_eq!(queue.depth().await.unwrap_err().kind, BackendErrorKind::Unavailable);
    // If each waited for the other's time-out, they would take minutes.
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());

    server.start();
    let sent = ping(0);
    queue.push(vec![sent.clone()]).await.unwrap();
    assert_eq!(queue.take(take(9)).await.unwrap()[0].ping, Ok(sent));
    // After a mere restart it goes on as if nothing had happened, whether the connection was idle or not.
    for idle in [Duration::ZERO, Duration::from_millis(1_100)] {
        server.kill();
        server.start();
        tokio::time::sleep(idle).await;
        queue.push(vec![ping(1)]).await.unwrap();
    }
    assert_eq!(queue.depth().await.unwrap().waiting, 3);
}

/// A host that swallows everything delays each caller by its time-outs at most, and few callers that long.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers_keeps_nobody_long() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://:hunter2@{}/0", silent.local_addr().unwrap());
    let connect_timeout = Duration::from_millis(400);
    let queue = Redis::open(&RedisSettings { connect_timeout, ..given::redis(url) }).unwrap();
    let start = Instant::now();
    let pushes = futures::future::join_all((0..3_000).map(|at| queue.push(vec![ping(at)]))).await;
    for push in pushes {
        assert_eq!(push.unwrap_err().kind, BackendErrorKind::Unavailable);
    }
    // One after the other they would take five minutes.
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

/// Commands that free memory still work. Buried pings are neither lost nor in the way.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_memory_refuses_and_keeps_what_it_has() {
    let server = Server::started(&[]);
    let queue = server.queue();
    queue.push(vec![ping(0), ping(9)]).await.unwrap();
    let set = |bytes: u32| -> Value {
        let mut set = redis::cmd("CONFIG");
        set.arg("SET").arg("maxmemory").arg(bytes).query(&mut server.connection()).unwrap()
    };
    set(1);
    let error = queue.push(vec![ping(1)]).await.unwrap_err();
    assert_eq!(error.kind, BackendErrorKind::Unavailable);
    assert!(chain(&error).contains("OOM"), "{}", chain(&error));
    let taken = queue.take(take(9)).await.unwrap();
    let [settled, buried] = &receipts(&taken)[..] else { panic!("{taken:?}") };
    queue.bury(vec![Burial { receipt: buried.clone(), reason: "why".into() }]).await.unwrap();
    queue.settle(vec![settled.clone()]).await.unwrap();
    let dead = queue.dead(9).await.unwrap();
    assert_eq!(dead.iter().map(|dead| &dead.ping).collect::<Vec<_>>(), [&taken[1].ping]);
    assert_eq!(queue.depth().await.unwrap().waiting, 0);
    set(0);
    queue.push(vec![ping(2)]).await.unwrap();
    assert_eq!(queue.depth().await.unwrap().waiting, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_refuses_and_is_written_to_once_it_is_none() {
    let server = Server::started(&[]);
    let queue = server.queue();
    queue.push(vec![ping(0)]).await.unwrap();
    let replicate = |host: &str, port: &str| -> Value {
        redis::cmd("REPLICAOF").arg(host).arg(port).query(&mut server.connection()).unwrap()
    };
    replicate("127.0.0.1", "1");
    let error = queue.push(vec![ping(1)]).await.unwrap_err();
    assert_eq!(error.kind, BackendErrorKind::Unavailable, "{}", chain(&error));
    replicate("NO", "ONE");
    queue.push(vec![ping(2)]).await.unwrap();
}

/// Somebody flushed it, perhaps while a consumer was waiting.
#[tokio::test(flavor = "multi_thread")]
async fn a_flushed_server_is_used_again_by_those_who_wait() {
    let server = Server::started(&[]);
    let queue = server.queue();
    queue.push(vec![ping(0)]).await.unwrap();
    let taken = queue.take(take(9)).await.unwrap();
    let waiting = tokio::spawn({
        let queue = queue.clone();
        async move { queue.take(take(9)).await }
    });
    let clients = || -> String { redis::cmd("CLIENT").arg("LIST").query(&mut server.connection()).unwrap() };
    while !clients().contains("cmd=xreadgroup") {
        tokio::task::yield_now().await;
    }
    let _: Value = redis::cmd("FLUSHALL").query(&mut server.connection()).unwrap();
    queue.settle(receipts(&taken)).await.unwrap();
    assert_eq!(queue.depth().await.unwrap(), QueueDepth::default());
    let sent = ping(1);
    queue.push(vec![sent.clone()]).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap()[0].ping, Ok(sent));
}

/// A wrong password is reported as unavailable and not as a defect. The password is not shown.
#[tokio::test(flavor = "multi_thread")]
async fn users_have_passwords_which_are_never_shown() {
    let server =
        Server::started(&["--requirepass", "hunter2", "--user", "stint", "on", ">s3cr@t/&", "~stint:*", "+@all"]);
    let open = |who: &str| Redis::open(&given::redis(format!("redis://{who}@127.0.0.1:{}/0", server.port))).unwrap();
    for who in [":hunter2", "stint:s3cr%40t%2F%26"] {
        open(who).push(vec![ping(0)]).await.unwrap();
    }
    for who in [":hunter3", "stint:hunter3", "nobody:hunter3"] {
        let error = open(who).push(vec![ping(0)]).await.unwrap_err();
        assert_eq!(error.kind, BackendErrorKind::Unavailable);
        let shown = format!("{error:?} {}", chain(&error));
        assert!(!shown.contains("hunter"), "{shown}");
    }
    let outside = RedisSettings {
        prefix: "other:".to_owned(),
        ..given::redis(format!("redis://stint:s3cr%40t%2F%26@127.0.0.1:{}/0", server.port))
    };
    assert!(!format!("{outside:?}").contains("s3cr"), "{outside:?}");
    let error = Redis::open(&outside).unwrap().push(vec![ping(0)]).await.unwrap_err();
    assert_eq!(error.kind, BackendErrorKind::Unavailable, "{}", chain(&error));
}

/// The permissions that the adapter's docs list.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_needs_no_more_than_what_the_docs_say() {
    const NEEDED: &str = "+xadd +xlen +xrange +xrevrange +xgroup +xreadgroup +xpending +xclaim +xack +xdel +xinfo \
        +evalsha +script|load +ping +select";
    let mut arguments = vec!["--user", "stint", "on", ">hunter2", "~stint:*"];
    arguments.extend(NEEDED.split_whitespace());
    let server = Server::started(&arguments);
    let queue = Redis::open(&given::redis(format!("redis://stint:hunter2@127.0.0.1:{}/1", server.port))).unwrap();
    queue.push(vec![ping(0), ping(1)]).await.unwrap();
    queue.take(take(2)).await.unwrap();
    let taken = queue.take(TakePings { abandoned_after: Duration::ZERO, ..take(2) }).await.unwrap();
    let burial = Burial { receipt: taken[0].receipt.clone(), reason: "told so".to_owned() };
    queue.bury(vec![burial]).await.unwrap();
    queue.settle(receipts(&taken[1..])).await.unwrap();
    assert_eq!(queue.dead(9).await.unwrap().len(), 1);
    assert_eq!(queue.replay(None).await.unwrap(), 1);
    assert_eq!(queue.waiting(9).await.unwrap().len(), 1);
    assert_eq!(queue.depth().await.unwrap().waiting, 1);
}

#[test]
fn a_url_that_is_not_understood_is_told_without_its_password() {
    for url in ["hunter2", "redis://:hunter2@:x/", "redis://u:hunter2@host/nine", "rediss://u:hunter2@host/"] {
        let error = Redis::open(&given::redis(url)).err().unwrap();
        let shown = format!("{error:?} {}", chain(&error));
        assert!(shown.contains("the URL is not understood") && !shown.contains("hunter"), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_can_be_reached_by_its_socket() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("redis.sock");
    let _server = Server::started(&["--unixsocket", socket.to_str().unwrap()]);
    let queue = Redis::open(&given::redis(format!("unix://{}", socket.display()))).unwrap();
    queue.push(vec![ping(0)]).await.unwrap();
    assert_eq!(queue.depth().await.unwrap().waiting, 1);
}

/// There are more takes than connections.
#[tokio::test(flavor = "multi_thread")]
async fn takes_that_wait_keep_no_connection_from_pushes_nor_from_each_other() {
    let keys = Keys::fresh();
    let queue = keys.queue();
    let takes: Vec<_> = (0..12)
        .map(|consumer| {
            let (queue, consumer) = (queue.clone(), format!("worker-{consumer}"));
            tokio::spawn(async move { queue.take(TakePings { consumer, ..take(1) }).await.unwrap() })
        })
        .collect();
    let start = Instant::now();
    for at in 0..12 {
        queue.push(vec![ping(at)]).await.unwrap();
    }
    // The takes wait longer.
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    for taken in futures::future::join_all(takes).await {
        assert_eq!(taken.unwrap().len(), 1);
    }
}

/// The messages of the error and its causes.
fn chain(error: &BackendError) -> String {
    let mut text = error.to_string();
    let mut cause: Option<&dyn Error> = Some(error.source.as_ref());
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
