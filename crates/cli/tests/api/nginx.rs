//! Below a path of a real nginx, which removes the path or passes it on: every URL in answers leads back through it.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::answer::Answer;
use super::ledger::{entry, text};
use super::service::Service;
use crate::support::until;

/// The sockets of nginx, by what it does with the path. Both lead to the same service.
const WAYS: [&str; 2] = ["handed-on", "taken-away"];

struct Nginx {
    folder: TempDir,
    child: Child,
    secret: String,
}

impl Nginx {
    /// An nginx that serves Stint below `/time`, on a socket for each way.
    fn before(service: &Service) -> Self {
        let (folder, upstream) = (TempDir::new().unwrap(), service.api.address());
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {kind};\n"))
            .concat();
        let server = |way: &str, target: &str| {
            format!(
                "server {{ listen unix:{way}.sock; location /time/ {{ proxy_pass http://{upstream}{target}; }} }}\n"
            )
        };
        let (handed_on, taken_away) = (server(WAYS[0], ""), server(WAYS[1], "/"));
        let configuration = format!(
            "daemon off; master_process off; pid nginx.pid; events {{}}\n\
             http {{ access_log off;\n{temporary}{handed_on}{taken_away}}}\n"
        );
        // Paths of sockets must be short: in the file they are relative to this folder.
        let configuration = configuration.replace("unix:", &format!("unix:{}/", folder.path().display()));
        fs::write(folder.path().join("nginx.conf"), configuration).unwrap();
        let child = Command::new(program())
            .args(["-e", "stderr", "-c", "nginx.conf", "-p"])
            .arg(folder.path())
            .stdin(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("nginx does not start ({error}); `infra/dev/require nginx` installs it"));
        let secret = service.api.authorization();
        Self { folder, child, secret }
    }

    fn connect(&self, way: &str) -> UnixStream {
        let socket = self.folder.path().join(format!("{way}.sock"));
        let mut stream = None;
        until("nginx listens", || {
            stream = UnixStream::connect(&socket).ok();
            stream.is_some()
        });
        stream.unwrap()
    }

    /// A request by an admin. It is HTTP/1.0, so that the answer is not chunked.
    fn ask(&self, way: &str, method: &str, target: &str, headers: &str, body: Option<&Value>) -> Answer {
        let body = body.map(Value::to_string).unwrap_or_default();
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let head = format!(
            "{method} {target} HTTP/1.0\r\nHost: stint.example\r\nAuthorization: {}\r\n\
             Content-Type: application/json\r\n{length}{headers}\r\n",
            self.secret
        );
        let (mut stream, mut raw) = (self.connect(way), Vec::new());
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        stream.read_to_end(&mut raw).unwrap();
        let end = raw.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
        let head = String::from_utf8(raw[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let answer = Answer { status, headers, body: raw[end + 4..].to_vec() };
        assert_below(&answer);
        answer
    }

    fn get(&self, way: &str, target: &str) -> Answer {
        self.ask(way, "GET", target, "", None)
    }

    fn post(&self, way: &str, target: &str, body: &Value) -> Answer {
        self.ask(way, "POST", target, "", Some(body))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Debian installs it where only root's `PATH` leads.
fn program() -> PathBuf {
    let of_root = PathBuf::from("/usr/sbin/nginx");
    if of_root.exists() { of_root } else { PathBuf::from("nginx") }
}

/// No URL of an answer may lead past the proxy. The OpenAPI document has its paths below its `servers`.
#[track_caller]
fn assert_below(answer: &Answer) {
    let is_document = answer.text().contains("\"openapi\"") || answer.text().contains("<!DOCTYPE html>");
    let headers = answer.headers.iter().map(|(_, value)| format!("\"{value}\"")).collect::<Vec<_>>().concat();
    let body = if is_document { "" } else { answer.text() };
    for start in ["api/", "ping/", "docs", "openapi.json"] {
        for before in ["\"/", "</", "\"http://", "; /"] {
            let past = format!("{before}{start}");
            assert!(!headers.contains(&past) && !body.contains(&past), "{past} leads past the proxy: {answer}");
        }
    }
}

#[actix_web::test]
async fn every_url_leads_back_through_a_proxy_that_takes_the_base_path_away_or_hands_it_on() {
    let service = Service::on_sqlite_with(&[("STINT_HTTP__BASE_PATH", "/time")]);
    let nginx = Nginx::before(&service);
    for way in WAYS {
        let get = |target: &str| nginx.get(way, target);
        let follow = |answer: &Answer| {
            let place = answer.header("location").unwrap().to_owned();
            assert_eq!(get(&place).expect(200).json()["id"], answer.json()["id"]);
            place
        };
        let job = nginx.post(way, "/time/api/v1/jobs", &json!({ "name": "Research" })).expect(201);
        let place = follow(&job);
        assert!(place.starts_with("/time/api/v1/jobs/"), "{place}");
        let entries = text(&job.json(), "time_entries");
        assert_eq!(entries, format!("{place}/time-entries"));
        for minutes in [10, 20, 30] {
            follow(&nginx.post(way, &entries, &entry(minutes)).expect(201));
        }
        let (mut next, mut pages) = (Some(format!("{entries}?limit=1")), 0);
        while let Some(target) = next {
            next = get(&target).expect(200).next_link();
            pages += 1;
        }
        assert_eq!(pages, 3);
        assert_eq!(text(&get("/time/api/v1/jobs").expect(200).json()["items"][0], "time_entries"), entries);
        for target in ["/time/api/v1/capture-tokens".to_owned(), format!("{place}/capture-tokens")] {
            let token = nginx.post(way, &target, &json!({ "name": "door" })).expect(201);
            follow(&token);
            get(&format!("{}?minutes=5&project=x", text(&token.json(), "ping_url"))).expect(202);
            let key = format!("?api_key={}", text(&token.json(), "secret"));
            let by_key = |target: &str| get(&format!("/time/api/wakatime/v1/users/current/{target}{key}"));
            by_key("statusbar/today").expect(200);
            assert!(by_key("nowhere").expect(404).json()["error"].is_string(), "plugins read no problems");
        }
        assert_eq!(get("/time/openapi.json").expect(200).json()["servers"], json!([{ "url": "/time" }]));
        let page = get("/time/docs").expect(200);
        assert!(
            page.text().contains("href=\"/time/openapi.json\"")
                && page.text().contains("<code>/time/api/v1/jobs</code>")
        );
        for target in ["/time/nowhere", "/time/api/v1/job"] {
            let problem = get(target).expect_problem(404, "route-not-found");
            assert!(text(&problem, "detail").ends_with("; /time/docs lists those there are"), "{problem}");
        }
        get("/time/readyz").expect(200);
    }
}

/// A client may repeat a request over another way, for example without the proxy.
#[actix_web::test]
async fn a_request_is_the_same_whichever_way_it_comes() {
    let service = Service::on_sqlite_with(&[("STINT_HTTP__BASE_PATH", "/time")]);
    let nginx = Nginx::before(&service);
    let (target, body) = ("/time/api/v1/jobs", json!({ "name": "Research" }));
    let create = |way| nginx.ask(way, "POST", target, "Idempotency-Key: k\r\n", Some(&body)).expect(201);
    let first = create(WAYS[0]);
    let repeats = [create(WAYS[1]), service.api.post("/jobs", &body).header("idempotency-key", "k").await.expect(201)];
    for repeat in repeats {
        assert_eq!((repeat.header("idempotency-replayed"), repeat.text()), (Some("true"), first.text()));
        assert_eq!(repeat.header("location"), first.header("location"));
    }
    for health in ["/healthz", "/readyz"] {
        service.api.get(health).await.expect(200);
    }
}
