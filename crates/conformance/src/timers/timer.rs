//! The duties of a [`TimerRepository`], and those of a person repository that concern timers.

pub mod calls;
pub mod discard;
pub mod races;
pub mod start;
pub mod stop;
pub mod update;

use std::any::Any;
use std::sync::Arc;

use stint_domain::access::ports::TokenRepository;
use stint_domain::ledger::ports::LedgerAdapter;
use stint_domain::ledger::{Job, JobStatus, Precondition, TimeEntry, WorkSummary};
use stint_domain::people::Person;
use stint_domain::people::ports::PersonRepository;
use stint_domain::timers::ports::TimerRepository;
use stint_domain::timers::ports::timer::{
    DiscardTimer, StartTimer, StopTimer, StoppedTimer, TimerChanges, UpdateTimer,
};
use stint_domain::timers::{Timer, TimerEnd};
use stint_domain::values::{JobId, TimerId};

use crate::People;
use crate::given::{at, delete_job_with_entries, entries_of, fresh, set_status};

/// An adapter over a fresh, empty ledger, with its people and timers.
#[derive(Clone)]
pub struct Timers {
    /// Jobs, entries, tokens and people.
    pub people: People,
    /// The adapter's timers, over the same ledger.
    pub timers: Arc<dyn TimerRepository>,
}

/// Makes one test of each duty of a timer repository. The argument is an `async fn() -> Timers`.
#[macro_export]
macro_rules! timer_repository {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (timers::timer::start) {
                a_timer_runs_for_its_person_alone,
                a_start_ends_the_timer_that_runs_and_logs_its_time,
                a_timer_starts_on_an_open_job_only,
                a_timer_starts_for_an_active_person_only,
                a_timer_starts_no_earlier_than_the_one_that_runs,
                a_start_needs_the_time_of_the_running_timer_to_be_logged,
            }
            (timers::timer::stop) {
                a_stop_logs_the_time_and_ends_the_timer,
                a_stop_logs_the_time_up_to_the_end_that_was_told,
                a_stop_logs_one_entry_for_each_day_of_the_persons_zone,
                a_stop_logs_a_whole_day_on_which_the_clocks_change,
                a_stop_below_half_a_minute_logs_nothing,
                a_repeated_stop_returns_the_same_entries_and_logs_nothing,
                a_repeated_stop_shows_the_entries_as_they_are,
                a_timer_that_the_person_never_had_is_not_found,
                a_timer_of_more_than_a_day_stops_when_its_end_is_told,
                a_timer_of_a_job_that_takes_no_time_stops_with_another_job,
                a_taken_entry_id_is_refused_and_the_timer_goes_on,
            }
            (timers::timer::update) {
                each_field_of_a_timer_changes_alone,
                an_update_of_a_timer_without_fields_changes_nothing,
                an_update_of_a_timer_keeps_its_precondition,
                a_timer_moves_to_an_open_job_only,
                without_a_running_timer_there_is_nothing_to_update,
            }
            (timers::timer::discard) {
                a_discarded_timer_was_never_there,
                a_discard_keeps_its_precondition,
                a_deactivation_throws_the_running_timer_away_and_no_other,
            }
            (timers::timer::races) {
                of_racing_starts_one_timer_runs,
                of_racing_starts_of_timers_with_a_past_the_time_counts_once,
                racing_stops_make_one_set_of_entries,
                a_stop_and_a_start_that_race_log_the_time_once,
                no_timer_runs_that_starts_during_a_deactivation,
            }
            (timers::timer::calls) {
                a_stop_that_is_given_up_happens_whole_or_not_at_all,
                a_start_that_is_given_up_happens_whole_or_not_at_all,
                no_method_of_timers_blocks_the_runtime,
            }
        }
    };
}

impl Timers {
    /// The ports of an adapter that implements all of them. `guard` keeps its database alive (`()` if nothing has
    /// to).
    pub fn new<A>(adapter: A, guard: impl Any + Send + Sync) -> Self
    where
        A: LedgerAdapter + TokenRepository + PersonRepository + TimerRepository + Clone + 'static,
    {
        Self { timers: Arc::new(adapter.clone()), people: People::new(adapter, guard) }
    }

    async fn open_job(&self) -> Job {
        self.people.ledger.open_job().await
    }

    /// Starts a timer of the person, which must not be refused.
    async fn start(&self, command: StartTimer) -> Timer {
        self.timers.start(command).await.unwrap().timer
    }

    /// Stops a timer, which must not be refused.
    async fn stop(&self, command: StopTimer) -> StoppedTimer {
        self.timers.stop(command).await.unwrap()
    }

    async fn running(&self, person: &Person) -> Option<Timer> {
        self.timers.find(person.id).await.unwrap()
    }

    async fn entries(&self, job: JobId) -> Vec<TimeEntry> {
        self.people.ledger.time_entries.list(entries_of(job)).await.unwrap().items
    }

    async fn job(&self, id: JobId) -> Job {
        self.people.ledger.jobs.find(id).await.unwrap().expect("the job is there")
    }

    async fn archive(&self, id: JobId) {
        self.people.ledger.jobs.update(set_status(id, JobStatus::Archived)).await.unwrap();
    }

    async fn delete(&self, id: JobId) {
        self.people.ledger.jobs.delete(delete_job_with_entries(id)).await.unwrap();
    }

    /// Fails unless the total of each job is the sum of its entries.
    async fn assert_sums(&self) {
        let report = self.people.ledger.totals.audit().await.unwrap();
        assert_eq!(report.drifts, []);
    }
}

/// A timer of the person on this job, started at the start of the suite's time.
pub(crate) fn start(person: &Person, job: &Job) -> StartTimer {
    start_at(person, job, 0)
}

/// Like [`start()`], so many seconds later.
fn start_at(person: &Person, job: &Job, seconds: i64) -> StartTimer {
    StartTimer {
        id: TimerId::new(fresh()),
        person: person.id,
        related_job: job.id,
        work_summary: WorkSummary::new("read the field notes").unwrap(),
        started_at: Some(at(seconds)),
        at: at(seconds),
    }
}

/// A stop of the timer so many seconds after the start of the suite's time.
fn stop_at(timer: &Timer, seconds: i64) -> StopTimer {
    StopTimer { person: timer.person, id: timer.id, end: TimerEnd::Now, related_job: None, at: at(seconds) }
}

/// An update of no field.
fn update(person: &Person) -> UpdateTimer {
    UpdateTimer { person: person.id, changes: TimerChanges::default(), precondition: Precondition::None }
}

fn discard(person: &Person) -> DiscardTimer {
    DiscardTimer { person: person.id, precondition: Precondition::None }
}

/// The dates and minutes of entries.
fn times(entries: &[TimeEntry]) -> Vec<(String, u16)> {
    entries.iter().map(|entry| (entry.date_stamp.to_string(), entry.minutes_worked.get())).collect()
}

fn time(date: &str, minutes: u16) -> (String, u16) {
    (date.to_owned(), minutes)
}
