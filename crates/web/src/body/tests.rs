//! Bodies as they arrive: in pieces, compressed, too large, too many, never.

use std::time::Duration;

use actix_web::http::header;
use actix_web::test::TestRequest;
use futures::{FutureExt, stream};
use prometheus_client::registry::Registry;
use stint_domain::ledger::ports::job::Put;
use stint_domain::values::TokenId;

use super::*;
use crate::api::JOBS;
use crate::test::{self, JOB, Ports, capture_secret, job, send, sent};
use crate::{Api, HttpMetrics};

type Pieces = Vec<Result<Bytes, PayloadError>>;

/// A budget of 96 KiB for bytes of large bodies.
fn budget() -> BodyBudget {
    BodyBudget::of([96, 16, 80, 32], &HttpMetrics::new(&mut Registry::default()))
}

fn terms(limit: usize, budget: &BodyBudget) -> Terms {
    Terms { limit, deadline: Instant::now() + Duration::from_mins(1), sender: OTHER, budget: budget.clone() }
}

/// A sender of its own.
const OTHER: Sender = Some(TokenId::new(uuid::Uuid::from_u128(7)));

fn payload(pieces: impl IntoIterator<Item = Vec<u8>>) -> Payload {
    let pieces: Pieces = pieces.into_iter().map(|piece| Ok(Bytes::from(piece))).collect();
    Payload::Stream { payload: Box::pin(stream::iter(pieces)) }
}

fn gzipped() -> HttpRequest {
    TestRequest::post().insert_header((header::CONTENT_ENCODING, "gzip")).to_http_request()
}

fn announcing(length: usize) -> HttpRequest {
    TestRequest::post().insert_header((header::CONTENT_LENGTH, length)).to_http_request()
}

#[actix_web::test]
async fn a_body_is_read_whole_whatever_its_form_and_pieces() {
    let text: Vec<u8> = (0..60_000_u32).flat_map(|i| (i % 977).to_be_bytes()).collect();
    let in_pieces = |bytes: &[u8], size: usize| payload(bytes.chunks(size).map(<[u8]>::to_vec).collect::<Vec<_>>());
    let budget = BodyBudget::new(4 << 20, &HttpMetrics::new(&mut Registry::default()));
    let packed = gzip(&text);
    for size in [100, 10_000, 1 << 20] {
        for (request, sent) in
            [(announcing(text.len()), &text), (TestRequest::post().to_http_request(), &text), (gzipped(), &packed)]
        {
            let body = read(&request, &mut in_pieces(sent, size), terms(1 << 20, &budget)).await.unwrap();
            assert!(body[..] == text[..]);
        }
    }
}

#[actix_web::test]
async fn a_gzip_bomb_is_413_and_takes_no_more_than_the_limit() {
    let bomb = gzip(&vec![b' '; 50 << 20]);
    let budget = BodyBudget::new(2 << 20, &HttpMetrics::new(&mut Registry::default()));
    let problem = read(&gzipped(), &mut payload([bomb]), terms(1 << 20, &budget)).await.unwrap_err();
    assert_eq!(problem.code(), Code::BodyTooLarge);
    assert!(budget.for_bytes(None, (2 << 20) / 4 * 3, Instant::now()).await.is_ok(), "its room was given back");
}

#[actix_web::test]
async fn decoding_lets_others_have_their_turn() {
    // 4 MiB of nothing: many streams of no bytes each, and one of many bytes.
    for packed in [gzip(b"").repeat(5_000), gzip(&vec![b' '; 4 << 20])] {
        let (request, budget) = (gzipped(), BodyBudget::new(16 << 20, &HttpMetrics::new(&mut Registry::default())));
        let mut payload = payload([packed]);
        let mut reading = Box::pin(read(&request, &mut payload, terms(8 << 20, &budget)));
        let mut turns = 0;
        while reading.as_mut().now_or_never().is_none() {
            turns += 1;
        }
        assert!(turns > 10, "{turns} turns");
    }
}

#[actix_web::test]
async fn a_body_of_unknown_length_has_room_for_all_that_it_may_be_and_keeps_what_it_needs() {
    let budget = budget();
    let request = TestRequest::post().to_http_request();
    let (small, large) = ([vec![b' '; FREE]], [vec![b' '; 20 << 10], vec![b' '; 20 << 10]]);
    let all = budget.for_bytes(None, 96 << 10, Instant::now()).await.unwrap();
    let small = read(&request, &mut payload(small), terms(64 << 10, &budget)).await.unwrap();
    assert_eq!(small.len(), FREE, "a small one needs none");
    let mut sent = payload(large);
    let mut waiting = Box::pin(read(&request, &mut sent, terms(64 << 10, &budget)));
    assert!(waiting.as_mut().now_or_never().is_none());
    drop(all);
    let large = waiting.await.unwrap();
    assert_eq!(large.len(), 40 << 10);
    let rest = budget.for_bytes(None, 56 << 10, Instant::now()).await.unwrap();
    assert!(budget.for_bytes(None, FREE + 1, Instant::now()).await.is_err());
    drop((large, rest));
}

#[actix_web::test]
async fn no_more_of_a_body_is_asked_for_than_there_is_room() {
    let (budget, wanted) = (budget(), BodyWanted::default());
    // 20 KiB that compress to no less.
    let large: Vec<u8> = (0..5 << 10).flat_map(|i: u32| i.wrapping_mul(0x9e37_79b1).to_be_bytes()).collect();
    let all = budget.for_bytes(None, 96 << 10, Instant::now()).await.unwrap();
    let mut sent = payload([large.clone()]);
    let (mut source, terms) =
        (Source { payload: &mut sent, announced: Some(20 << 10), wanted: Some(&wanted) }, terms(64 << 10, &budget));
    let mut reading = Box::pin(identity(&mut source, &terms));
    assert!(reading.as_mut().now_or_never().is_none());
    assert!(!wanted.is_begun(), "asked for before there is room");
    drop(all);
    assert!(reading.await.is_ok() && wanted.is_said());
    for packed in [false, true] {
        wanted.reset();
        let all = budget.for_bytes(None, 96 << 10, Instant::now()).await.unwrap();
        let mut sent = payload([if packed { gzip(&large) } else { large.clone() }]);
        let mut source = Source { payload: &mut sent, announced: None, wanted: Some(&wanted) };
        let reading =
            async { if packed { gunzipped(&mut source, &terms).await } else { identity(&mut source, &terms).await } };
        let mut reading = Box::pin(reading);
        assert!(reading.as_mut().now_or_never().is_none());
        assert_eq!((wanted.is_begun(), wanted.is_said(), wanted.some()), (true, false, FREE), "packed: {packed}");
        drop(all);
        assert!(reading.await.is_ok() && wanted.is_said());
    }
}

#[actix_web::test]
async fn what_decodes_a_body_needs_room_however_small_the_body_is() {
    let (budget, request, packed) = (budget(), gzipped(), gzip(b"{}"));
    let decoder = budget.for_decoder(None, Instant::now()).await.unwrap();
    let (mut sent, late) = (payload([packed.clone()]), Terms { deadline: Instant::now(), ..terms(64 << 10, &budget) });
    assert!(read(&request, &mut sent, late).await.is_err());
    let mut sent = payload([packed]);
    let mut waiting = Box::pin(read(&request, &mut sent, terms(64 << 10, &budget)));
    assert!(waiting.as_mut().now_or_never().is_none());
    drop(decoder);
    let body = waiting.await.unwrap();
    let all = budget.for_bytes(None, 96 << 10, Instant::now()).await.unwrap();
    let (mut sent, late) =
        (payload([gzip(&b" ".repeat(20 << 10))]), Terms { deadline: Instant::now(), ..terms(64 << 10, &budget) });
    assert!(read(&request, &mut sent, late).await.is_err(), "what comes out at the very end needs room, too");
    drop(all);
    assert!(budget.for_decoder(None, Instant::now()).await.is_ok(), "it is given back, the body kept: {body:?}");
}

#[actix_web::test]
async fn a_body_that_never_comes_gives_its_room_back() {
    let budget = budget();
    let request = announcing(90 << 10);
    let terms = Terms { deadline: Instant::now() + Duration::from_millis(20), ..terms(90 << 10, &budget) };
    let mut never: Payload = Payload::Stream { payload: Box::pin(stream::pending()) };
    let problem = read(&request, &mut never, terms).await.unwrap_err();
    assert_eq!(problem.code(), Code::RequestTimeout);
    assert!(budget.for_bytes(None, 90 << 10, Instant::now()).await.is_ok());
}

/// A body that is too large to be worked on where it was read.
async fn large(budget: &BodyBudget) -> Body {
    let spaces = vec![b' '; LARGE + 1];
    read(&announcing(spaces.len()), &mut payload([spaces]), terms(1 << 20, budget)).await.unwrap()
}

#[actix_web::test]
async fn while_a_large_body_is_worked_on_others_have_their_turn_and_its_room_comes_back() {
    const PATIENCE: Duration = Duration::from_mins(2);
    let budget = BodyBudget::of([2 << 10, 16, 80, 32], &HttpMetrics::new(&mut Registry::default()));
    let body = large(&budget).await;
    let (others, turn) = std::sync::mpsc::channel();
    let work = body.work(0, move |body| {
        turn.recv_timeout(PATIENCE).expect("the thread of others is free");
        Ok(body.len())
    });
    let (worked, ()) = futures::join!(work, async { others.send(()).unwrap() });
    assert_eq!(worked.unwrap(), LARGE + 1);
    assert!(budget.for_bytes(None, 2 << 20, Instant::now()).await.is_ok());
}

#[actix_web::test]
async fn large_bodies_wait_for_a_thread_and_a_panic_gives_it_back() {
    let budget = BodyBudget::of([4 << 10, 16, 80, 32], &HttpMetrics::new(&mut Registry::default()));
    let mut threads = Vec::new();
    while let Some(Ok(thread)) = budget.for_work(Instant::now() + Duration::from_millis(20)).now_or_never() {
        threads.push(thread);
    }
    assert!(!threads.is_empty(), "there is one at least");
    let (mut waiting, small) =
        (large(&budget).await, read(&announcing(1), &mut payload([vec![b' ']]), terms(1, &budget)).await);
    assert!(small.unwrap().work(0, |_| Ok(())).now_or_never().is_some(), "a small one needs none");
    waiting.terms.deadline = Instant::now() + Duration::from_millis(20);
    assert_eq!(waiting.work(0, |_| Ok(())).await.unwrap_err().code(), Code::Unavailable);
    drop(threads);
    for _ in 0..2 {
        let panics = large(&budget).await.work(0, |_| -> Result<(), _> { panic!("a defect") });
        assert!(std::panic::AssertUnwindSafe(panics).catch_unwind().await.is_err());
    }
    large(&budget).await.work(0, |_| Ok(())).await.unwrap();
}

fn api_with_room(bytes: usize) -> Api {
    let api = Ports::jobs(|jobs| {
        jobs.expect_put().returning(|_| Ok(Put::Replaced(job())));
    });
    let bodies = BodyBudget::new(bytes, &api.metrics);
    Api { bodies, ..api }
}

fn put(body: &str) -> TestRequest {
    sent("PUT", &format!("{JOBS}/{JOB}"), body).insert_header((header::CONTENT_LENGTH, body.len()))
}

#[actix_web::test]
async fn who_finds_no_room_is_503_and_small_bodies_need_none() {
    let mut api = api_with_room(128 << 10);
    api.limits.request_timeout = Duration::from_millis(200);
    let spaces = " ".repeat(20 << 10);
    let large = format!(r#"{{"name": "Research"{spaces}}}"#);
    assert_eq!(send(&api, put(&large)).await.status, 200);
    let all = api.bodies.for_bytes(None, 96 << 10, Instant::now()).await.unwrap();
    let reply = send(&api, put(&large)).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str(), reply.header("retry-after")), (503, "unavailable", "1"));
    assert_eq!(send(&api, put(r#"{"name": "Research"}"#)).await.status, 200);
    drop(all);
    assert_eq!(send(&api, put(&large)).await.status, 200);
}

#[actix_web::test]
async fn values_need_room_as_well() {
    let mut api = api_with_room(128 << 10);
    api.limits.request_timeout = Duration::from_millis(200);
    let values = format!(r#"{{"name": "Research", "x": [{}0]}}"#, "0,".repeat(5_000));
    assert_eq!(send(&api, put(&values)).await.status, 422);
    let all = api.bodies.for_values(32 << 10, Instant::now()).await.unwrap();
    assert_eq!(send(&api, put(&values)).await.status, 503);
    drop(all);
    assert_eq!(send(&api, put(&values)).await.status, 422);
}

#[actix_web::test]
async fn gzip_is_read_everywhere_and_other_codings_are_refused_with_its_name() {
    let api = api_with_room(16 << 20);
    let coded = |request: TestRequest, coding: &str, body: Vec<u8>| {
        request.insert_header((header::CONTENT_ENCODING, coding)).set_payload(body)
    };
    let put = || sent("PUT", &format!("{JOBS}/{JOB}"), "");
    let packed = || gzip(br#"{"name": "Research"}"#);
    assert_eq!(send(&api, coded(put(), "gzip", packed())).await.status, 200);
    for (body, status) in [
        (gzip(b"{"), 400),
        (b"{}".to_vec(), 400),
        (packed()[..9].to_vec(), 400),
        (Vec::new(), 400),
        (gzip(b"{}"), 422),
        (gzip(&vec![b' '; (1 << 20) + 1]), 413),
    ] {
        assert_eq!(send(&api, coded(put(), "gzip", body)).await.status, status);
    }
    let ping = TestRequest::post().uri(&format!("/ping/{}", capture_secret('b')));
    let refused =
        [coded(put(), "br", packed()), coded(ping, "deflate", packed()), coded(put(), "gzip, gzip", packed())];
    for request in refused {
        let reply = send(&api, request).await;
        assert_eq!((reply.status.as_u16(), reply.header("accept-encoding")), (415, "gzip"));
    }
    let (api, pushed) = test::queue();
    let ping = TestRequest::post().uri(&format!("/ping/{}", capture_secret('b')));
    let ping = ping.insert_header((header::CONTENT_TYPE, "application/json"));
    assert_eq!(send(&api, coded(ping, "gzip", gzip(br#"{"minutes": 30}"#))).await.status, 202);
    assert_eq!(pushed.lock().unwrap()[0].minutes.unwrap().get(), 30);
}
