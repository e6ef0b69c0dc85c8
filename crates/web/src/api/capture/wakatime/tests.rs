//! The endpoints for editor plugins against mocked ports.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde_json::{Value, json};
use stint_domain::BackendErrorKind;
use stint_domain::capture::ports::MockNewProjects;
use stint_domain::capture::ports::ping::{CapturedTime, ListCaptured};
use stint_domain::capture::{PingProject, PingTarget};
use stint_domain::ledger::JobName;
use stint_domain::values::DateStamp;

use crate::test::{JOB, Ports, TestRequest, capture_secret, failure, queue, send};

const BULK: &str = "/api/wakatime/v1/users/current/heartbeats.bulk";
const BASE: &str = "/api/wakatime/v1";
const SINGLE: &str = "/api/wakatime/v1/users/current/heartbeats";
const TODAY: &str = "/api/wakatime/v1/users/current/statusbar/today";
const USER: &str = "/api/wakatime/v1/users/current";
const SUMMARIES: &str = "/api/wakatime/v1/users/current/summaries";
const ERRORS: &str = "/api/wakatime/v1/plugins/errors";

/// A request as clients send it: with a key, and without a Content-Type.
fn sent(kind: char, url: &str, body: impl std::fmt::Display) -> TestRequest {
    let key = STANDARD.encode(capture_secret(kind));
    TestRequest::post().uri(url).insert_header(("Authorization", format!("Basic {key}"))).set_payload(body.to_string())
}

fn heartbeat(time: impl Into<Value>) -> Value {
    json!({ "time": time.into(), "entity": "/src/main.rs", "type": "file", "is_write": true, "lines": 7, "x": [{}] })
}

fn statuses(reply: &Value) -> Vec<u64> {
    reply["responses"].as_array().unwrap().iter().map(|pair| pair[1].as_u64().unwrap()).collect()
}

#[actix_web::test]
async fn every_way_to_present_the_key_is_taken() {
    let (api, pushed) = queue();
    let key = capture_secret('b');
    let prefixed = format!("waka_{key}");
    let mut headers = Vec::new();
    let (upper, mixed) = (key.to_uppercase(), format!("waka_{}", key.to_uppercase()));
    for key in [&key, &prefixed, &upper, &mixed] {
        for text in [key.clone(), format!("{key}:"), format!("{key}:x"), format!(":{key}")] {
            headers.push(format!("Basic {}", STANDARD.encode(&text)));
            headers.push(format!("basic {}", STANDARD_NO_PAD.encode(&text)));
            headers.push(format!("Bearer {}", STANDARD.encode(&text)));
        }
        headers.push(format!("Bearer {key}"));
        headers.push(format!("bearer  {key} "));
    }
    let count = headers.len();
    for header in headers {
        let request = TestRequest::post().uri(BULK).insert_header(("Authorization", header.as_str()));
        assert_eq!(send(&api, request.set_payload("[{\"time\": 1700000000}]")).await.status, 201, "{header}");
    }
    assert_eq!(pushed.lock().unwrap().len(), count);
    for query in [format!("api_key={key}"), format!("a=b&api_key={mixed}&timezone=UTC")] {
        let request = || TestRequest::post().uri(&format!("{BULK}?{query}")).set_payload("[]");
        assert_eq!(send(&api, request()).await.status, 201, "{query}");
        for other in ["Basic YWRhOnNlY3JldA==", "Basic !", "Basic", "Bearer session", "Digest x"] {
            let request = request().insert_header(("Authorization", other));
            assert_eq!(send(&api, request).await.status, 201, "{other}");
        }
    }
}

#[actix_web::test]
async fn without_a_key_that_is_in_force_nothing_is_taken() {
    let api = Ports::new().api();
    let key = |kind| STANDARD.encode(capture_secret(kind));
    let (unknown, revoked) = (format!("Basic {}", key('x')), format!("Basic {}", key('o')));
    let other = format!("Bearer {}", crate::test::secret("a"));
    for url in [BULK, SINGLE, BASE, ERRORS, TODAY, USER, SUMMARIES] {
        let method = if [TODAY, USER, SUMMARIES].contains(&url) { "GET" } else { "POST" };
        let request = || TestRequest::with_uri(url).method(method.parse().unwrap()).set_payload("not read");
        let mut requests = vec![request()];
        for header in [&unknown, &revoked, &other, "Basic", "Basic !", "Digest x", "Bearer secret"] {
            requests.push(request().insert_header(("Authorization", header)));
        }
        for request in requests {
            let reply = send(&api, request).await;
            assert_eq!((reply.status.as_u16(), reply.header("content-type")), (401, "application/json"));
            assert_eq!(reply.json(), json!({ "error": "the API key is missing, unknown, expired or revoked" }));
            assert_eq!(reply.header("www-authenticate"), "Basic realm=\"stint\"");
        }
    }
}

#[actix_web::test]
async fn each_heartbeat_has_its_answer_in_order_and_bad_ones_harm_no_other() {
    let (api, pushed) = queue();
    let body = json!([
        heartbeat(1_700_000_000),
        heartbeat("1699999999.5"),
        heartbeat(1_600_000_000),
        heartbeat(1_700_090_001),
        heartbeat("soon"),
        { "entity": "no time" },
        7,
        heartbeat(1_700_003_600.0),
    ]);
    let reply = send(&api, sent('b', BULK, body)).await;
    let answer = reply.json();
    assert_eq!(reply.status, 201);
    assert_eq!(statuses(&answer), [201, 201, 400, 400, 400, 400, 400, 201]);
    let told = |place: usize| &answer["responses"][place][0];
    assert_eq!(told(0), &json!({ "data": null }));
    let reason = |place: usize, part: &str| told(place)["errors"][part][0].as_str().unwrap();
    assert_eq!(reason(2, "time"), "too old: must not be before 2023-10-31T22:13:20.000000Z");
    assert_eq!(reason(3, "time"), "in the future: must not be after 2023-11-14T23:13:20.000000Z");
    assert!(reason(4, "time").starts_with("must be a moment"));
    assert_eq!(reason(5, "time"), "must be given");
    assert_eq!(reason(6, "heartbeat"), "must be an object, got 7");
    let pushed = pushed.lock().unwrap();
    let micros: Vec<_> = pushed.iter().map(|ping| ping.at.as_micros()).collect();
    assert_eq!(micros, [1_699_999_999_500_000, 1_700_000_000_000_000, 1_700_003_600_000_000]);
    assert!(pushed.iter().all(|ping| ping.minutes.is_none() && ping.summary.is_none()));
}

/// Clients drop heartbeats that get 400, and the clock of a machine may be in the wrong zone.
#[actix_web::test]
async fn a_heartbeat_whose_time_comes_within_a_day_is_asked_for_again() {
    let (api, pushed) = queue();
    let ahead = |seconds: u32| heartbeat(1_700_003_600 + seconds);
    let body = json!([ahead(0), ahead(1), ahead(3_600), ahead(86_400), ahead(86_401)]);
    let answer = send(&api, sent('b', BULK, body)).await.json();
    assert_eq!(statuses(&answer), [201, 429, 429, 429, 400]);
    let told = json!({ "error": "in the future, send it again when its time has come" });
    assert_eq!(answer["responses"][1][0], told);
    assert_eq!(pushed.lock().unwrap().len(), 1);
}

#[actix_web::test]
async fn heartbeats_that_name_one_new_project_too_many_are_asked_for_again_in_their_places() {
    let (mut ports, mut new_projects) = (Ports::new(), MockNewProjects::new());
    new_projects.expect_admit().times(1).returning(|command| {
        Ok(command.projects.iter().map(|project| ["a", "b"].contains(&project.as_str())).collect())
    });
    ports.new_projects = Some(new_projects);
    ports.queue.expect_push().times(1).withf(|pings| pings.len() == 3).returning(|_| Ok(()));
    // They are queued in the order of their times, not in that of the request.
    let of = |project: &str, ago: u32| json!({ "time": 1_700_000_000 - ago, "project": project });
    let body = json!([of("x", 3), of("a", 1), heartbeat("soon"), of("y", 0), of("b", 9), of("a", 5), of("x", 2)]);
    let answer = send(&ports.api(), sent('c', BULK, body)).await.json();
    assert_eq!(statuses(&answer), [429, 201, 400, 429, 201, 201, 429]);
    let told = json!({ "error": "too many new projects today, send it again tomorrow" });
    assert_eq!(answer["responses"][3][0], told);
}

#[actix_web::test]
async fn a_heartbeat_that_no_parser_takes_is_told_in_its_place() {
    let (api, pushed) = queue();
    let body =
        r#"[{"time": 1, "time": 2}, {"time": 1700000000, "entity": "\udcff"}, {"time": 1e999}, {"time": 1700000000}]"#;
    let reply = send(&api, sent('b', BULK, body)).await;
    assert_eq!((reply.status.as_u16(), statuses(&reply.json())), (201, vec![400, 201, 400, 201]));
    assert_eq!(pushed.lock().unwrap().len(), 2);
}

#[actix_web::test]
async fn nothing_but_the_time_makes_a_heartbeat_fail() {
    let (api, pushed) = queue();
    let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
    let others = [
        r#""dependencies": [1e999], "x": 1, "x": 2"#.to_owned(),
        r#""project": "\udcff", "branch": "\ud800""#.to_owned(),
        r#""project": "stint\u0000""#.to_owned(),
        format!(r#""lines": {deep}"#),
        format!(r#""many": [0{}]"#, ",0".repeat(100_001)),
        r#""project": ["a"], "language": {}"#.to_owned(),
    ];
    for kind in ['b', 'c'] {
        for other in &others {
            let body = format!(r#"[{{"time": 1700000000, {other}}}]"#);
            assert_eq!(statuses(&send(&api, sent(kind, BULK, body)).await.json()), [201], "{other:.80}");
        }
    }
    pushed.lock().unwrap().clear();
    let entities: [&[u8]; 3] = [b"\xff\xfe", b"caf\xe9", b"caf\xe9"];
    for entity in entities {
        let body = [b"[{\"time\": 1700000000, \"entity\": \"".as_slice(), entity, b"\"}]"].concat();
        let reply = send(&api, sent('b', BULK, "").set_payload(body)).await;
        assert_eq!(statuses(&reply.json()), [201]);
    }
    let ids: Vec<_> = pushed.lock().unwrap().iter().map(|ping| ping.id).collect();
    assert!(ids[0] != ids[1] && ids[1] == ids[2], "{ids:?}");
}

#[actix_web::test]
async fn one_heartbeat_alone_is_taken_at_every_address() {
    let (api, pushed) = queue();
    for url in [BULK, SINGLE, BASE] {
        for body in [heartbeat(1_700_000_000), json!([heartbeat(1_700_000_000)])] {
            let reply = send(&api, sent('b', url, body)).await;
            assert_eq!((reply.status.as_u16(), reply.json()), (201, json!({ "responses": [[{ "data": null }, 201]] })));
        }
    }
    assert_eq!(pushed.lock().unwrap().len(), 6);
    let typed = sent('b', BULK, "[]").insert_header(("Content-Type", "text/plain"));
    assert_eq!(send(&api, typed).await.json(), json!({ "responses": [] }));
}

#[actix_web::test]
async fn a_heartbeat_that_is_sent_again_is_the_same_ping() {
    let (api, pushed) = queue();
    let mut other = heartbeat(1_700_000_000);
    other["entity"] = "/src/lib.rs".into();
    let mut again = heartbeat("1700000000.0");
    again["lines"] = 8.into();
    let body = json!([heartbeat(1_700_000_000), heartbeat(1_700_000_000), again, other, heartbeat(1_700_000_001)]);
    assert_eq!(statuses(&send(&api, sent('b', BULK, &body)).await.json()), [201; 5]);
    assert_eq!(statuses(&send(&api, sent('b', BULK, &body)).await.json()), [201; 5]);
    let pushed = pushed.lock().unwrap();
    let ids: Vec<_> = pushed.iter().map(|ping| ping.id).collect();
    assert!(ids[0] == ids[1] && ids[1] == ids[2] && ids[..5] == ids[5..], "{ids:?}");
    assert!(ids[3] != ids[0] && ids[4] != ids[0] && ids[3] != ids[4], "{ids:?}");
}

#[actix_web::test]
async fn the_project_picks_the_job_unless_the_token_is_bound_to_one() {
    let (api, pushed) = queue();
    let with = |project: Value| {
        let mut heartbeat = heartbeat(1_700_000_000);
        heartbeat["project"] = project;
        heartbeat
    };
    let body = json!([with("stint".into()), with(" ".into()), with(Value::Null), heartbeat(1_700_000_000)]);
    for (kind, create) in [('n', false), ('c', true)] {
        send(&api, sent(kind, BULK, &body)).await;
        let targets: Vec<_> = pushed.lock().unwrap().drain(..).map(|ping| ping.target).collect();
        let project = |project| PingTarget::Project { project, create };
        let [stint, fallback] = ["stint", "Unknown Project"].map(|name| JobName::new(name).unwrap());
        let unknown = project(PingProject::Unnamed { last: false, fallback });
        assert_eq!(targets, [project(PingProject::Named(stint)), unknown.clone(), unknown.clone(), unknown]);
    }
    let bad = json!([with(format!(" {}", "ä".repeat(121)).into()), with(7.into()), with("a\nb".into())]);
    assert_eq!(statuses(&send(&api, sent('c', BULK, &bad)).await.json()), [201; 3]);
    let targets: Vec<_> = pushed.lock().unwrap().drain(..).map(|ping| ping.target).collect();
    assert_eq!(targets, [named(&"ä".repeat(120)), unnamed(false), unnamed(false)]);
    assert_eq!(statuses(&send(&api, sent('b', BULK, &bad)).await.json()), [201; 3]);
    assert!(pushed.lock().unwrap().iter().all(|ping| ping.target == PingTarget::Job(JOB.parse().unwrap())));
}

/// The target of a ping that names a project, from a token that may create jobs.
fn named(project: &str) -> PingTarget {
    PingTarget::Project { project: PingProject::Named(JobName::new(project).unwrap()), create: true }
}

fn unnamed(last: bool) -> PingTarget {
    let fallback = JobName::new("Unknown Project").unwrap();
    PingTarget::Project { project: PingProject::Unnamed { last, fallback }, create: true }
}

#[actix_web::test]
async fn a_placeholder_is_no_project_but_means_the_last_one() {
    let (api, pushed) = queue();
    let with = |time: i64, project: &str| {
        let mut heartbeat = heartbeat(time);
        heartbeat["project"] = project.into();
        heartbeat
    };
    let body = json!([
        with(1_700_000_003, " <<LAST_PROJECT>> "),
        with(1_700_000_001, "stint"),
        with(1_700_000_002, "<<LAST_LANGUAGE>>"),
        with(1_700_000_004, "<<stint>>"),
        with(1_700_000_005, "<<>>"),
    ]);
    assert_eq!(statuses(&send(&api, sent('c', BULK, &body)).await.json()), [201; 5]);
    let targets: Vec<_> = pushed.lock().unwrap().drain(..).map(|ping| ping.target).collect();
    assert_eq!(targets, [named("stint"), unnamed(true), unnamed(true), named("<<stint>>"), named("<<>>")]);
}

#[actix_web::test]
async fn a_thousand_are_taken_and_the_others_are_to_come_again() {
    let (api, pushed) = queue();
    let many = |count: u32| Value::from((0..count).map(|i| heartbeat(1_699_999_000 + i)).collect::<Vec<_>>());
    assert_eq!(statuses(&send(&api, sent('b', BULK, many(1_000))).await.json()), [201; 1_000]);
    assert_eq!(pushed.lock().unwrap().drain(..).count(), 1_000);
    let reply = send(&api, sent('b', BULK, many(1_002))).await;
    assert_eq!(statuses(&reply.json())[999..], [201, 429, 429]);
    assert_eq!(reply.json()["responses"][1001][0], json!({ "error": "too many at once, send it again" }));
    assert_eq!(pushed.lock().unwrap().len(), 1_000);
    let reply = send(&api, sent('b', BULK, format!("[{}0]", "0,".repeat(10_000)))).await;
    assert_eq!((reply.status.as_u16(), reply.json()), (413, json!({ "error": "more than 10000 heartbeats" })));
}

#[actix_web::test]
async fn what_is_no_list_is_refused_as_a_whole() {
    let api = Ports::new().api();
    for body in ["", "[", "7", "[{}, {]"] {
        let reply = send(&api, sent('b', BULK, body)).await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (400, "application/json"), "{body}");
        assert!(reply.json()["error"].is_string());
    }
    let packed = sent('b', BULK, "[]").insert_header(("Content-Encoding", "br"));
    let reply = send(&api, packed).await;
    assert_eq!((reply.status.as_u16(), reply.header("accept-encoding")), (415, "gzip"));
    let reply = send(&api, TestRequest::delete().uri(BULK)).await;
    assert_eq!((reply.status.as_u16(), reply.header("allow")), (405, "POST"));
    assert_eq!(reply.json(), json!({ "error": format!("{BULK} takes POST, not `DELETE`") }));
}

/// People write the base URL by hand, and plugins append to it.
#[actix_web::test]
async fn doubled_and_trailing_slashes_make_no_difference() {
    let (api, pushed) = queue();
    let urls = [
        "/api/wakatime/v1/",
        "/api/wakatime/v1//",
        "/api/wakatime/v1//users/current/heartbeats",
        "/api/wakatime/v1/users/current/heartbeats/",
        "/api/wakatime/v1//users/current/heartbeats.bulk",
        "//api//wakatime//v1//users//current//heartbeats.bulk//",
    ];
    for url in urls {
        assert_eq!(send(&api, sent('b', url, "[{\"time\": 1700000000}]")).await.status, 201, "{url}");
    }
    assert_eq!(pushed.lock().unwrap().len(), urls.len());
    let report = sent('b', "/api/wakatime/v1//plugins/errors/", "{}");
    assert_eq!(send(&api, report).await.status, 201);
    let reply = send(&api, TestRequest::get().uri("/api/wakatime/v1//")).await;
    assert_eq!((reply.status.as_u16(), reply.header("allow")), (405, "POST"));
    assert_eq!(reply.json(), json!({ "error": format!("{BASE} takes POST, not `GET`") }));
    for url in ["/api/wakatime//v2", "/api/wakatimev1/", "//api/v1/jobs", "/api/v1/jobs/", "//healthz"] {
        assert_eq!(send(&api, TestRequest::get().uri(url)).await.status, 404, "{url}");
    }
}

#[actix_web::test]
async fn unknown_routes_and_wrong_methods_tell_errors_plainly() {
    let api = Ports::new().api();
    for (method, url, status) in [
        ("POST", "/api/wakatime/v2", 404),
        ("POST", "/api/wakatime/v1/users", 404),
        ("GET", BASE, 405),
        ("POST", TODAY, 405),
    ] {
        let reply = send(&api, TestRequest::with_uri(url).method(method.parse().unwrap())).await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (status, "application/json"), "{url}");
        let body = reply.json();
        assert!(body["error"].is_string() && body.as_object().unwrap().len() == 1, "{body}");
    }
}

#[actix_web::test]
async fn a_queue_or_a_look_up_that_fails_fails_the_whole_request() {
    let mut ports = Ports::new();
    ports.queue.expect_push().times(1).returning(|_| Err(failure(BackendErrorKind::Unavailable)));
    let api = ports.api();
    for kind in ['b', 'f'] {
        let reply = send(&api, sent(kind, BULK, json!([heartbeat(1_700_000_000), heartbeat("soon")]))).await;
        assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (503, "1"));
        assert_eq!(reply.json(), json!({ "error": "a backend cannot be reached or is busy" }));
    }
    // Without pings the queue is not called.
    assert_eq!(statuses(&send(&api, sent('b', BULK, "[{}]")).await.json()), [400]);
}

/// An API whose token captured this: a day, the name of a job, and microseconds each.
fn captured(expected: (&str, &str), times: &[(&str, &str, u64)]) -> crate::Api {
    let day = |text: &str| text.parse::<DateStamp>().unwrap();
    let query = ListCaptured { token: crate::test::TOKEN.parse().unwrap(), from: day(expected.0), to: day(expected.1) };
    let time = |(date, name, micros): &(&str, &str, u64)| CapturedTime {
        day: day(date),
        job: JOB.parse().unwrap(),
        name: JobName::new(name).ok(),
        micros: *micros,
    };
    let (mut ports, times) = (Ports::new(), times.iter().map(time).collect::<Vec<_>>());
    ports.pings.expect_captured().withf(move |asked| *asked == query).returning(move |_| Ok(times.clone()));
    ports.api()
}

fn text(of: &Value, name: &str) -> String {
    of[name].as_str().unwrap().to_owned()
}

fn looked_at(url: &str, method: &str) -> TestRequest {
    let key = STANDARD.encode(capture_secret('b'));
    TestRequest::with_uri(url).method(method.parse().unwrap()).insert_header(("Authorization", format!("Basic {key}")))
}

#[actix_web::test]
async fn the_status_bar_shows_today_where_the_token_is() {
    let today = "2023-11-15";
    let api = captured((today, today), &[(today, "Notes", 1_800_000_000), (today, "Research", 3_600_999_999)]);
    for method in ["GET", "HEAD"] {
        let reply = send(&api, looked_at(TODAY, method)).await;
        assert_eq!(reply.status, 200);
        if method == "GET" {
            let data = &reply.json()["data"];
            let total = json!({
                "decimal": "1.50", "digital": "1:30", "hours": 1, "minutes": 30, "text": "1 hr 30 mins",
                "total_seconds": 5400,
            });
            assert_eq!(data["grand_total"], total);
            let range = json!({
                "date": today, "start": "2023-11-14T15:00:00.000000Z", "end": "2023-11-15T14:59:59.000000Z",
                "text": "Today", "timezone": "Asia/Tokyo",
            });
            assert_eq!(data["range"], range);
            assert_eq!(data["categories"], json!([]));
            let projects = data["projects"].as_array().unwrap().iter();
            let told = |of: &'_ Value| (text(of, "name"), of["percent"].as_f64(), text(of, "text"));
            let projects: Vec<_> = projects.map(told).collect();
            let research = ("Research".to_owned(), Some(66.67), "1 hr 0 mins".to_owned());
            assert_eq!((projects.len(), &projects[0], projects[1].0.as_str()), (2, &research, "Notes"));
        }
    }
}

/// The members that plugins of browsers, and scripts, read.
#[actix_web::test]
async fn summaries_tell_each_day_and_all_of_them() {
    let api = captured(
        ("2023-11-13", "2023-11-15"),
        &[("2023-11-13", "Notes", 60_000_000), ("2023-11-13", "", 120_000_000), ("2023-11-15", "Notes", 7_200_000_000)],
    );
    let reply =
        send(&api, looked_at(&format!("{SUMMARIES}?start=2023-11-13&end=2023-11-15&timezone=UTC&x=%"), "GET")).await;
    let told = reply.json();
    let days: Vec<_> = told["data"].as_array().unwrap().iter().map(|day| day["grand_total"]["text"].clone()).collect();
    assert_eq!(days, ["3 mins", "0 secs", "2 hrs 0 mins"]);
    let texts: Vec<_> = told["data"].as_array().unwrap().iter().map(|day| day["range"]["text"].clone()).collect();
    assert_eq!(texts, ["2023-11-13", "Yesterday", "Today"]);
    // A deleted job has no name.
    assert_eq!(told["data"][0]["projects"][0]["name"], "Unknown Project");
    let total = json!({ "seconds": 7_380, "text": "2 hrs 3 mins", "decimal": "2.05", "digital": "2:03" });
    assert_eq!(told["cumulative_total"], total);
    let average = &told["daily_average"];
    assert_eq!(
        (&average["seconds"], &average["holidays"], &average["days_minus_holidays"]),
        (&3_690.into(), &1.into(), &2.into())
    );
    let ends = (told["start"].as_str().unwrap(), told["end"].as_str().unwrap());
    assert_eq!(ends, ("2023-11-12T15:00:00.000000Z", "2023-11-15T14:59:59.000000Z"));
}

#[actix_web::test]
async fn summaries_take_dates_and_the_names_of_ranges() {
    for (query, first, last) in [
        ("", "2023-11-15", "2023-11-15"),
        ("?start=today&end=today", "2023-11-15", "2023-11-15"),
        ("?start=2023-11-14T00:00:00Z&end=2023-11-14T23:59:59Z", "2023-11-14", "2023-11-14"),
        ("?start=2023-11-01", "2023-11-01", "2023-11-15"),
        ("?end=yesterday", "2023-11-14", "2023-11-14"),
        ("?range=Last+7+Days", "2023-11-09", "2023-11-15"),
        ("?range=last_30_days", "2023-10-17", "2023-11-15"),
        ("?range=Today&start=", "2023-11-15", "2023-11-15"),
        ("?range=2023-11-02", "2023-11-02", "2023-11-02"),
        ("?start=2022-11-15&end=2023-11-15", "2022-11-15", "2023-11-15"),
    ] {
        let reply = send(&captured((first, last), &[]), looked_at(&format!("{SUMMARIES}{query}"), "GET")).await;
        assert_eq!(reply.status, 200, "{query}");
    }
    let api = Ports::new().api();
    for query in ["start=x", "end=2023-02-30", "start=2023-11-16", "start=2022-11-14", "range=ever", "end=2023-11-14x"]
    {
        let reply = send(&api, looked_at(&format!("{SUMMARIES}?{query}"), "GET")).await;
        assert_eq!(reply.status, 422, "{query}");
        assert!(reply.json()["error"].is_string());
    }
}

/// A plugin that finds no user says that nobody is signed in.
#[actix_web::test]
async fn the_user_is_whom_the_key_speaks_for() {
    let reply = send(&Ports::new().api(), looked_at(&format!("{USER}?x=1"), "GET")).await;
    let user = json!({
        "id": crate::test::TOKEN, "username": "ada", "display_name": "ada", "full_name": "ada", "email": null,
        "photo": null, "timezone": "Asia/Tokyo", "timeout": 15,
    });
    assert_eq!((reply.status.as_u16(), reply.json()), (200, json!({ "data": user })));
}

#[actix_web::test]
async fn errors_of_plugins_are_taken_up_to_a_size() {
    let api = Ports::new().api();
    let reply = send(&api, sent('b', ERRORS, json!({ "plugin": "vim", "logs": "x" }))).await;
    assert_eq!((reply.status.as_u16(), reply.json()), (201, json!({})));
    assert_eq!(send(&api, sent('b', ERRORS, "x".repeat(70_000))).await.status, 413);
}
