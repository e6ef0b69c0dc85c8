//! The job endpoints against a mocked port.

use serde_json::json;
use stint_domain::ledger::ports::job::{ChangeJobError, CreateJobError, EntriesOfDeleted, JobCursor, Put};
use stint_domain::ledger::{Applied, JobStatus, Precondition, PreconditionFailed};
use stint_domain::values::Version;
use stint_domain::{BackendErrorKind, Page};

use super::*;
use crate::test::{JOB, Ports, by, failure, job, send, sent};

const JOB_URL: &str = "/api/v1/jobs/00000000-0000-0000-0000-000000000005";
const NO_JOB: &str = "there is no job 00000000-0000-0000-0000-000000000005";

fn version(number: i64) -> Version {
    Version::new(number).unwrap()
}

fn failed(current: Option<i64>) -> PreconditionFailed {
    PreconditionFailed { current: current.map(version) }
}

#[actix_web::test]
async fn a_created_job_is_told_in_the_order_of_the_design_with_its_url_and_tag() {
    let api = Ports::jobs(|jobs| {
        jobs.expect_create()
            .withf(|c| c.name.as_str() == "Research" && c.status == JobStatus::Open && c.idempotency.is_none())
            .return_once(|_| Ok(Applied::now(job())));
    });
    let reply = send(&api, sent("POST", JOBS, json!({ "name": " Research " }))).await;
    assert_eq!(reply.status, 201);
    assert_eq!(reply.header("location"), JOB_URL);
    assert_eq!(reply.header("etag"), "\"17\"");
    assert_eq!(reply.header("cache-control"), "private, no-cache");
    assert_eq!(reply.header("idempotency-replayed"), "");
    let expected = format!(
        r#"{{"id":"{JOB}","name":"Research","status":"open","total_minutes":90,"time_entries":"{JOB_URL}/time-entries","created_at":"2023-11-14T22:13:20.000000Z","updated_at":"2023-11-14T22:13:20.000000Z"}}"#
    );
    assert_eq!(std::str::from_utf8(&reply.body).unwrap(), expected);
}

#[actix_web::test]
async fn a_replay_is_the_first_answer_and_says_so() {
    let body = json!({ "name": "Research" });
    let create = |replayed: bool| {
        Ports::jobs(|jobs| {
            jobs.expect_create()
                .withf(|c| c.idempotency.as_ref().is_some_and(|i| i.key.as_str() == "k 1"))
                .return_once(move |_| Ok(Applied { outcome: job(), replayed }));
        })
    };
    let request = || sent("POST", JOBS, &body).insert_header(("Idempotency-Key", "k 1"));
    let (first, again) = (send(&create(false), request()).await, send(&create(true), request()).await);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    for name in ["location", "etag", "content-type", "cache-control"] {
        assert_eq!(first.header(name), again.header(name), "{name}");
    }
}

#[actix_web::test]
async fn a_key_of_another_request_and_a_malformed_one_are_refused() {
    let api = Ports::jobs(|jobs| {
        jobs.expect_create().return_once(|_| Err(CreateJobError::KeyReused));
    });
    let request = |key: &str| sent("POST", JOBS, json!({ "name": "n" })).insert_header(("Idempotency-Key", key));
    let reply = send(&api, request("k")).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (422, "idempotency-key-reused"));
    let reply = send(&Ports::new().api(), request(&"k".repeat(256))).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, "malformed-header"));
}

#[actix_web::test]
async fn every_bad_field_of_a_job_is_told_at_once() {
    let api = Ports::new().api();
    let body = json!({ "name": "a\u{0}b", "status": "closed", "total_minutes": 5, "id": JOB });
    for (method, url) in [("POST", JOBS), ("PUT", JOB_URL), ("PATCH", JOB_URL)] {
        let reply = send(&api, sent(method, url, &body)).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (422, "validation-failed"), "{method}");
        assert_eq!(reply.places(), ["/name", "/status", "/id", "/total_minutes"], "{method}");
    }
    let reply = send(&api, sent("POST", JOBS, "{}")).await;
    assert_eq!(reply.json()["detail"], "/name: must be given");
    let reply = send(&api, sent("POST", JOBS, "[]")).await;
    assert_eq!(reply.json()["detail"], "the body must be an object, got an array");
    let reply = send(&api, sent("PATCH", JOB_URL, json!({ "status": null }))).await;
    assert_eq!(reply.places(), ["/status"]);
}

#[actix_web::test]
async fn a_read_job_carries_its_tag_and_is_not_sent_again_to_who_has_it() {
    let api = Ports::jobs(|jobs| {
        jobs.expect_find().returning(|_| Ok(Some(job())));
    });
    let reply = send(&api, by("r", "GET", JOB_URL)).await;
    assert_eq!((reply.status.as_u16(), reply.header("etag")), (200, "\"17\""));
    let reply = send(&api, by("r", "GET", JOB_URL).insert_header(("If-None-Match", "\"3\", W/\"17\""))).await;
    assert_eq!((reply.status.as_u16(), reply.header("etag")), (304, "\"17\""));
    assert!(reply.body.is_empty() && reply.header("content-type").is_empty());
    let reply = send(&api, by("r", "GET", JOB_URL).insert_header(("If-None-Match", "\"16\""))).await;
    assert_eq!(reply.status, 200);
    let reply = send(&api, by("r", "GET", JOB_URL).insert_header(("If-Match", "\"16\""))).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (412, "precondition-failed"));
    let reply = send(&api, by("r", "GET", JOB_URL).insert_header(("If-Match", "16"))).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, "malformed-header"));
}

#[actix_web::test]
async fn head_is_wherever_get_is() {
    let api = Ports::jobs(|jobs| {
        jobs.expect_find().returning(|_| Ok(Some(job())));
        jobs.expect_list().returning(|_| Ok(Page { items: vec![], next: None }));
    });
    let reply = send(&api, by("r", "HEAD", JOB_URL)).await;
    assert_eq!((reply.status.as_u16(), reply.header("etag")), (200, "\"17\""));
    for url in [JOBS, "/healthz", "/openapi.json", "/docs"] {
        assert_eq!(send(&api, by("r", "HEAD", url)).await.status, 200, "{url}");
    }
}

#[actix_web::test]
async fn a_missing_job_is_404_for_every_method_on_it() {
    let api = Ports::jobs(|jobs| {
        jobs.expect_find().returning(|_| Ok(None));
        jobs.expect_update().returning(|c| Err(ChangeJobError::NotFound(c.id)));
        jobs.expect_delete().returning(|c| Err(ChangeJobError::NotFound(c.id)));
    });
    for request in [by("r", "GET", JOB_URL), sent("PATCH", JOB_URL, "{}"), by("w", "DELETE", JOB_URL)] {
        let reply = send(&api, request).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (404, "not-found"));
        assert_eq!(reply.json()["detail"], NO_JOB);
    }
}

#[actix_web::test]
async fn an_id_that_is_no_uuid_is_named_by_every_method() {
    let api = Ports::new().api();
    for id in ["7", "%ff", "%00", "00000000000000000000000000000005", "%7B00000000-0000-0000-0000-000000000005%7D"] {
        let url = format!("{JOBS}/{id}");
        for request in [by("r", "GET", &url), sent("PUT", &url, "{}"), by("w", "DELETE", &url)] {
            let reply = send(&api, request).await;
            assert_eq!((reply.status.as_u16(), reply.code().as_str()), (422, "validation-failed"), "{id}");
            assert_eq!(reply.places(), ["id"]);
        }
    }
    let reply = send(&api, by("r", "GET", "/api/v1/jobs/seven")).await;
    assert!(reply.json()["detail"].as_str().unwrap().ends_with("got `seven`"));
}

#[actix_web::test]
async fn put_says_whether_it_created_or_replaced() {
    for (put, status, location) in [(Put::Created(job()), 201, JOB_URL), (Put::Replaced(job()), 200, "")] {
        let api = Ports::jobs(|jobs| {
            jobs.expect_put()
                .withf(|c| c.id == job().id && c.precondition == Precondition::Absent)
                .return_once(|_| Ok(put));
        });
        let body = json!({ "name": "Research", "status": "archived" });
        let reply = send(&api, sent("PUT", JOB_URL, body).insert_header(("If-None-Match", "*"))).await;
        assert_eq!((reply.status.as_u16(), reply.header("location")), (status, location));
        assert_eq!(reply.header("etag"), "\"17\"");
    }
}

#[actix_web::test]
async fn a_failed_precondition_names_the_present_tag() {
    let api = Ports::jobs(|jobs| {
        jobs.expect_put().return_once(|_| Err(failed(None).into()));
        jobs.expect_update()
            .withf(|c| c.precondition == Precondition::Version(vec![version(16)]))
            .return_once(|_| Err(failed(Some(17)).into()));
        jobs.expect_delete().return_once(|_| Err(failed(Some(17)).into()));
    });
    let stale = ("If-Match", "\"16\"");
    let reply = send(&api, sent("PUT", JOB_URL, json!({ "name": "n" })).insert_header(stale)).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (412, "precondition-failed"));
    for request in [sent("PATCH", JOB_URL, "{}"), by("w", "DELETE", JOB_URL)] {
        let reply = send(&api, request.insert_header(stale)).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (412, "precondition-failed"));
        assert!(reply.json()["detail"].as_str().unwrap().ends_with("the present ETag is \"17\""));
    }
}

#[actix_web::test]
async fn a_patch_changes_the_named_fields_alone_under_both_media_types() {
    for media_type in ["application/merge-patch+json", "application/json; charset=utf-8"] {
        let api = Ports::jobs(|jobs| {
            let only_status = JobChanges { name: None, status: Some(JobStatus::Archived) };
            jobs.expect_update().withf(move |c| c.changes == only_status).return_once(|_| Ok(job()));
        });
        let request =
            sent("PATCH", JOB_URL, json!({ "status": "archived" })).insert_header(("Content-Type", media_type));
        assert_eq!(send(&api, request).await.status, 200);
    }
}

#[actix_web::test]
async fn a_job_with_entries_is_deleted_with_them_when_told() {
    let api = Ports::jobs(|jobs| {
        jobs.expect_delete().returning(|c| match c.entries {
            EntriesOfDeleted::Refuse => Err(ChangeJobError::HasEntries(c.id)),
            EntriesOfDeleted::Delete => Ok(()),
        });
    });
    let reply = send(&api, by("w", "DELETE", JOB_URL)).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (409, "job-has-entries"));
    let reply = send(&api, by("w", "DELETE", &format!("{JOB_URL}?entries=delete"))).await;
    assert_eq!((reply.status.as_u16(), reply.body.len()), (204, 0));
    let reply = send(&api, by("w", "DELETE", &format!("{JOB_URL}?entries=keep"))).await;
    assert_eq!((reply.status.as_u16(), reply.places()), (422, vec!["entries".to_owned()]));
}

#[actix_web::test]
async fn pages_lead_to_each_other() {
    let api = Ports::jobs(|jobs| {
        jobs.expect_list().returning(|query| {
            assert_eq!((query.status, query.size.get()), (Some(JobStatus::Open), 1));
            assert_eq!(query.name_part.as_ref().map(NamePart::as_str), Some("ä &"));
            let next = query.after.is_none().then(|| JobCursor::from(&job()));
            assert!(query.after.is_none_or(|after| after == JobCursor::from(&job())));
            Ok(Page { items: vec![job()], next })
        });
    });
    let first = send(&api, by("r", "GET", &format!("{JOBS}?limit=1&status=open&q=%C3%84+%26"))).await;
    let cursor = first.json()["next_cursor"].as_str().unwrap().to_owned();
    let link = first.header("link");
    assert_eq!(link, format!("<{JOBS}?limit=1&status=open&q=%C3%84%20%26&cursor={cursor}>; rel=\"next\""));
    let next = link.trim_start_matches('<').split('>').next().unwrap();
    let last = send(&api, by("r", "GET", next)).await;
    assert_eq!((last.status.as_u16(), &last.json()["next_cursor"]), (200, &serde_json::Value::Null));
    assert_eq!(last.header("link"), "");
    for (other, what) in [("status=archived", "filters"), ("", "no filters")] {
        let reply = send(&api, by("r", "GET", &format!("{JOBS}?{other}&cursor={cursor}"))).await;
        assert_eq!((reply.status.as_u16(), reply.places()), (422, vec!["cursor".to_owned()]), "{what}");
    }
}

#[actix_web::test]
async fn every_bad_query_parameter_is_named() {
    let api = Ports::new().api();
    for (query, places) in [
        ("limit=abc", vec!["limit"]),
        ("limit=0", vec!["limit"]),
        ("limit=201", vec!["limit"]),
        ("limit=%2B5", vec!["limit"]),
        ("limit=99999999999999999999", vec!["limit"]),
        ("limit=5&limit=5", vec!["limit"]),
        ("q=", vec!["q"]),
        ("q=%00", vec!["q"]),
        ("q=%ff", vec!["q"]),
        ("status=closed&cursor=abc&colour=red", vec!["colour", "status", "cursor"]),
    ] {
        let reply = send(&api, by("r", "GET", &format!("{JOBS}?{query}"))).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (422, "validation-failed"), "{query}");
        assert_eq!(reply.places(), places, "{query}");
    }
    let reply = send(&api, by("r", "GET", &format!("{JOB_URL}?verbose=1"))).await;
    assert_eq!(reply.places(), ["verbose"]);
}

#[actix_web::test]
async fn a_failing_backend_is_503_or_500_and_tells_no_secrets() {
    use BackendErrorKind::{Corrupt, Internal, Timeout, Unavailable};
    let cases = [(Unavailable, 503, "unavailable"), (Timeout, 503, "unavailable"), (Corrupt, 500, "internal")];
    for (kind, status, code) in cases.into_iter().chain([(Internal, 500, "internal")]) {
        let mut api = Ports::jobs(|jobs| {
            jobs.expect_find().returning(move |_| Err(failure(kind)));
            jobs.expect_list().returning(move |_| Err(failure(kind)));
            jobs.expect_create().returning(move |_| Err(failure(kind).into()));
            jobs.expect_put().returning(move |_| Err(failure(kind).into()));
            jobs.expect_update().returning(move |_| Err(failure(kind).into()));
            jobs.expect_delete().returning(move |_| Err(failure(kind).into()));
        });
        let body = json!({ "name": "n" });
        for request in [
            by("r", "GET", JOB_URL),
            by("r", "GET", JOBS),
            sent("POST", JOBS, &body),
            sent("PUT", JOB_URL, &body),
            sent("PATCH", JOB_URL, &body),
            by("w", "DELETE", JOB_URL),
        ] {
            let reply = send(&api, request).await;
            assert_eq!((reply.status.as_u16(), reply.code().as_str()), (status, code), "{kind:?}");
            assert_eq!(reply.header("retry-after"), if status == 503 { "1" } else { "" });
            assert!(!String::from_utf8_lossy(&reply.body).contains("password"));
        }
        api.show_causes = true;
        let causes = send(&api, by("r", "GET", JOB_URL)).await.json()["causes"].clone();
        assert_eq!(causes, json!([format!("postgres: {kind}"), "the password of db.internal is wrong"]));
    }
}

#[actix_web::test]
async fn an_id_of_ours_that_is_taken_is_a_defect_and_no_fault_of_the_caller() {
    let api = Ports::jobs(|jobs| {
        jobs.expect_create().returning(|c| Err(CreateJobError::IdTaken(c.id)));
    });
    let reply = send(&api, sent("POST", JOBS, json!({ "name": "n" }))).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (500, "internal"));
}
