//! Many clients at once: totals equal sums, every acknowledged write is there, and no update is lost.
//!
//! `STINT_TEST_STRESS_SECONDS` makes the long test longer than its four seconds.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::{Value, json};

use super::client::Client;
use super::dice::Dice;
use super::ledger::{chosen_id, entry, entry_of, id};
use super::service::{Service, on_both_databases};

on_both_databases!(
    thirty_two_clients_on_the_same_jobs_lose_nothing_and_count_nothing_twice,
    sixteen_clients_incrementing_with_if_match_lose_no_update,
    racing_edits_and_moves_of_one_entry_leave_one_of_their_answers,
    racing_deletions_of_one_entry_take_its_minutes_off_once,
    racing_puts_create_once,
    archiving_happens_before_or_after_a_racing_entry,
    deleting_a_job_while_time_is_logged_leaves_no_entry_behind,
);

/// A client that logs, edits, moves and deletes its own entries, on jobs that it shares with all others.
struct Worker {
    api: Client,
    dice: Dice,
    jobs: Vec<String>,
    /// Every entry, as in the last answer about it.
    answered: BTreeMap<String, Value>,
    deleted: Vec<String>,
}

impl Worker {
    fn new(api: &Client, seed: u64, jobs: &[String]) -> Self {
        let (answered, deleted) = (BTreeMap::new(), Vec::new());
        Self { api: api.clone(), dice: Dice::new(seed), jobs: jobs.to_vec(), answered, deleted }
    }

    async fn work_until(mut self, end: Instant) -> Self {
        while Instant::now() < end {
            self.step().await;
        }
        self
    }

    async fn step(&mut self) {
        let minutes = self.dice.below(300) as u64 + 1;
        let job = self.dice.pick(&self.jobs).clone();
        let own: Vec<_> = self.answered.keys().cloned().collect();
        if own.is_empty() {
            return self.log(&job, minutes).await;
        }
        let target = self.dice.pick(&own).clone();
        let path = format!("/time-entries/{target}");
        match self.dice.below(10) {
            0..4 => self.log(&job, minutes).await,
            4 => self.change(self.api.patch(path, &json!({ "minutes_worked": minutes })).await),
            5 => self.change(self.api.patch(path, &json!({ "related_job": job })).await),
            6 => self.change(self.api.put(path, &entry_of(&job, minutes)).await),
            7 => self.change(self.api.put(format!("/time-entries/{}", chosen_id()), &entry_of(&job, minutes)).await),
            8 => self.batch(&job, minutes).await,
            _ => {
                let answer = self.api.delete(path).await;
                if answer.status == 204 {
                    self.answered.remove(&target);
                    self.deleted.push(target);
                } else {
                    answer.expect_problem(409, "job-archived");
                }
            }
        }
    }

    async fn log(&mut self, job: &str, minutes: u64) {
        let answer = self.api.post(format!("/jobs/{job}/time-entries"), &entry(minutes)).await;
        self.change(answer);
    }

    async fn batch(&mut self, job: &str, minutes: u64) {
        let items = [entry_of(job, minutes), entry_of(&self.jobs[0], 1), entry_of(&chosen_id(), 1)];
        let answer = self.api.post("/time-entries/batch", &json!({ "mode": "per_item", "items": items })).await;
        for result in answer.expect(207).json()["results"].as_array().unwrap() {
            if let Some(entry) = result.get("time_entry") {
                self.answered.insert(id(entry), entry.clone());
            }
        }
    }

    fn change(&mut self, answer: super::answer::Answer) {
        if matches!(answer.status, 200 | 201) {
            let entry = answer.json();
            self.answered.insert(id(&entry), entry);
        } else {
            answer.expect_problem(409, "job-archived");
        }
    }
}

async fn thirty_two_clients_on_the_same_jobs_lose_nothing_and_count_nothing_twice(service: Service) {
    let seconds = std::env::var("STINT_TEST_STRESS_SECONDS").ok().map_or(4, |seconds| seconds.parse().unwrap());
    let end = Instant::now() + Duration::from_secs(seconds);
    let api = &service.api;
    let mut jobs = Vec::new();
    for name in ["hot", "warm", "sometimes archived"] {
        jobs.push(api.new_job(name).await);
    }
    let toggle = async {
        let target = format!("/jobs/{}", jobs[2]);
        for status in ["archived", "open"].into_iter().cycle() {
            api.patch(&target, &json!({ "status": status })).await.expect(200);
            actix_web::rt::time::sleep(Duration::from_millis(50)).await;
            if Instant::now() > end {
                break;
            }
        }
    };
    let workers = (0..32).map(|seed| Worker::new(api, seed, &jobs).work_until(end));
    let (workers, ()) = futures::join!(join_all(workers), toggle);

    let (_, entries) = api.everything().await;
    let stored: BTreeMap<_, _> = entries.into_iter().map(|entry| (id(&entry), entry)).collect();
    let answered: BTreeMap<_, _> = workers.iter().flat_map(|worker| worker.answered.clone()).collect();
    assert!(answered.len() > 100, "too little happened: {}", answered.len());
    assert_eq!(stored, answered, "what is stored is what was answered last");
    assert!(workers.iter().flat_map(|worker| &worker.deleted).all(|id| !stored.contains_key(id)));
    service.assert_totals_are_sums().await;
}

async fn sixteen_clients_incrementing_with_if_match_lose_no_update(service: Service) {
    let api = &service.api;
    let job = api.new_job("Counter").await;
    let target = format!("/time-entries/{}", id(&api.log(&job, 1).await));
    join_all((0..16).map(|_| increment(api, &target, 5))).await;
    assert_eq!(api.get(&target).await.json()["minutes_worked"], 81);
    assert_eq!(api.total(&job).await, 81);
}

/// Adds a minute that many times: reads, adds one, and writes with `If-Match`.
pub(super) async fn increment(api: &Client, target: &str, times: usize) {
    for _ in 0..times {
        loop {
            let read = api.get(target).await.expect(200);
            let minutes = read.json()["minutes_worked"].as_u64().unwrap();
            let change = json!({ "minutes_worked": minutes + 1 });
            let answer = api.patch(target, &change).header("if-match", read.etag()).await;
            if answer.status == 200 {
                assert_eq!(answer.json()["minutes_worked"], minutes + 1);
                break;
            }
            answer.expect_problem(412, "precondition-failed");
        }
    }
}

async fn racing_edits_and_moves_of_one_entry_leave_one_of_their_answers(service: Service) {
    let api = &service.api;
    let jobs = [api.new_job("A").await, api.new_job("B").await, api.new_job("C").await];
    let target = format!("/time-entries/{}", id(&api.log(&jobs[0], 1).await));
    let answers = join_all((0..30_usize).map(|at| {
        let (target, jobs) = (&target, &jobs);
        async move {
            let (job, minutes) = (&jobs[at % 3], at as u64 + 2);
            match at % 2 {
                0 => api.patch(target, &json!({ "related_job": job, "minutes_worked": minutes })).await.expect(200),
                _ => api.put(target, &entry_of(job, minutes)).await.expect(200),
            }
        }
    }))
    .await;
    let last = api.get(&target).await.expect(200);
    let same: Vec<_> = answers.iter().filter(|answer| answer.etag() == last.etag()).collect();
    assert_eq!(same.len(), 1, "every change has an ETag of its own, and the last one is there");
    assert_eq!(same[0].text(), last.text());
    service.assert_totals_are_sums().await;
}

async fn racing_deletions_of_one_entry_take_its_minutes_off_once(service: Service) {
    let api = &service.api;
    let job = api.new_job("A").await;
    api.log(&job, 100).await;
    let target = format!("/time-entries/{}", id(&api.log(&job, 7).await));
    let mut statuses = join_all((0..10).map(|_| async { api.delete(&target).await.status })).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 404, 404, 404, 404, 404, 404, 404, 404, 404]);
    assert_eq!(api.total(&job).await, 100);
}

async fn racing_puts_create_once(service: Service) {
    let api = &service.api;
    let job = api.new_job("A").await;
    for (target, body) in [
        (format!("/jobs/{}", chosen_id()), json!({ "name": "x" })),
        (format!("/time-entries/{}", chosen_id()), entry_of(&job, 5)),
    ] {
        let mut statuses = join_all((0..10).map(|_| async { api.put(&target, &body).await.status })).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 200, 200, 201]);
        let send = || async { api.put(&target, &body).header("if-none-match", "*").await.status };
        assert_eq!(join_all((0..3).map(|_| send())).await, [412, 412, 412]);
        let target = target.replace("ca11", "ca12");
        let send = || async { api.put(&target, &body).header("if-none-match", "*").await.status };
        let mut statuses = join_all((0..10).map(|_| send())).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 412, 412, 412, 412, 412, 412, 412, 412, 412]);
    }
    assert_eq!(api.total(&job).await, 10);
}

async fn archiving_happens_before_or_after_a_racing_entry(service: Service) {
    let api = &service.api;
    for _ in 0..10 {
        let job = api.new_job("Closing").await;
        let target = format!("/jobs/{job}/time-entries");
        let log = || async { api.post(&target, &entry(1)).await.status };
        let archive =
            async { api.patch(format!("/jobs/{job}"), &json!({ "status": "archived" })).await.expect(200).json() };
        let (before, archived, after) =
            futures::join!(join_all((0..4).map(|_| log())), archive, join_all((0..4).map(|_| log())));
        let logged = before.iter().chain(&after).filter(|status| **status == 201).count() as u64;
        assert!(before.iter().chain(&after).all(|status| matches!(status, 201 | 409)));
        // Nothing was counted after the job was archived.
        assert_eq!((api.total(&job).await, archived["total_minutes"].as_u64()), (logged, Some(logged)));
    }
    service.assert_totals_are_sums().await;
}

async fn deleting_a_job_while_time_is_logged_leaves_no_entry_behind(service: Service) {
    let api = &service.api;
    for _ in 0..10 {
        let job = api.new_job("Going").await;
        let target = format!("/jobs/{job}/time-entries");
        let log = || async { api.post(&target, &entry(1)).await.status };
        let delete = async { api.delete(format!("/jobs/{job}?entries=delete")).await.expect(204) };
        let (before, _, after) =
            futures::join!(join_all((0..4).map(|_| log())), delete, join_all((0..4).map(|_| log())));
        assert!(before.iter().chain(&after).all(|status| matches!(status, 201 | 404)));
    }
    assert_eq!(api.everything().await, (vec![], vec![]));
}
