//! The duties of a [`PingRepository`].

pub mod beside;
pub mod count;
pub mod edit;
pub mod find;
pub mod full;
pub mod jobs;
pub mod last_project;
mod model;
pub mod order;
pub mod project;
pub mod refuse;
pub mod retract;

use std::any::Any;
use std::sync::Arc;

use stint_domain::access::ports::TokenRepository;
use stint_domain::access::{Token, TokenKind};
use stint_domain::capture::ports::PingRepository;
use stint_domain::capture::ports::ping::{LogPings, RetractPing, RetractPingError};
use stint_domain::capture::{CaptureRule, CaptureTarget, CapturedDay, Gap, Ping, PingOutcome, PingTarget};
use stint_domain::ledger::TimeEntry;
use stint_domain::ledger::ports::LedgerAdapter;
use stint_domain::values::{JobId, PingId, TimeEntryId, Timestamp, Zone};

use crate::Ledger;
use crate::given::{at, date, entries_of, minutes, ping, subject, summary, token_of};

/// An adapter over a fresh, empty ledger, with its pings and tokens.
#[derive(Clone)]
pub struct Capture {
    /// Jobs, entries and the audit.
    pub ledger: Ledger,
    /// The adapter's pings, over the same ledger.
    pub pings: Arc<dyn PingRepository>,
    /// The adapter's tokens, over the same ledger.
    pub tokens: Arc<dyn TokenRepository>,
}

/// Makes one test of each duty of a ping repository. The argument is an `async fn() -> Capture`.
#[macro_export]
macro_rules! ping_repository {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (capture::ping::count) {
                a_ping_with_minutes_is_an_entry_of_its_own,
                signals_less_than_the_gap_apart_prove_the_time_between_them,
                each_local_day_has_its_share_of_a_span,
                an_entry_has_the_summary_of_its_days_latest_signal,
                less_than_a_minute_makes_no_entry,
                a_day_has_at_most_1440_minutes,
                streams_of_two_tokens_are_apart,
                a_ping_counts_once_and_keeps_its_first_outcome,
                a_thousand_pings_at_once_each_count,
                logging_none_is_no_failure,
            }
            (capture::ping::jobs) {
                the_time_between_two_neighbours_belongs_to_the_job_of_the_earlier_one,
                a_ping_that_comes_late_takes_time_from_the_job_that_had_it,
                at_the_same_moment_the_time_after_it_belongs_to_the_higher_id,
                each_jobs_share_is_cut_at_midnight,
                a_jobs_summary_is_that_of_its_own_pings,
                pings_with_minutes_divide_no_time,
                a_ping_that_would_take_time_from_a_changed_entry_is_ignored,
                time_for_a_changed_entry_of_another_job_is_dropped,
                a_retraction_that_would_only_add_to_a_changed_entry_is_carried_out,
                time_for_an_archived_job_is_dropped,
                time_that_was_dropped_stays_so_whatever_comes_or_goes_in_it,
                a_retraction_that_would_change_an_archived_jobs_time_is_refused,
                time_for_a_job_that_is_gone_is_dropped,
                time_that_was_dropped_does_not_come_back_with_its_job,
            }
            (capture::ping::edit) {
                an_edit_that_changes_no_minutes_date_or_job_leaves_the_entry_to_capture,
                a_summary_that_somebody_wrote_stays,
                an_edit_of_the_minutes_after_one_of_the_summary_makes_it_theirs,
                an_entry_that_was_deleted_and_made_anew_is_theirs,
                a_ping_whose_entry_got_another_summary_alone_can_be_taken_back,
            }
            (capture::ping::last_project) {
                a_ping_without_a_project_has_the_last_one_that_its_token_named,
                pings_that_are_logged_together_tell_each_other_the_project,
                what_comes_later_changes_no_last_project,
                pings_that_do_not_count_name_no_last_project,
            }
            (capture::ping::refuse) {
                pings_for_a_job_that_is_missing_or_archived_are_ignored,
                a_derived_entry_that_somebody_changed_is_theirs,
                a_derived_entry_that_somebody_deleted_stays_deleted,
                a_day_that_was_detached_stays_so,
                a_derived_entry_that_somebody_moved_is_theirs,
                a_derived_entry_that_got_another_date_is_theirs,
                an_entry_that_has_a_pings_id_already_is_left_alone,
                one_pings_refusal_does_not_fail_another,
            }
            (capture::ping::project) {
                a_project_stands_for_the_open_job_of_its_name,
                a_project_that_stands_for_none_gets_a_job_if_the_token_may_create_one,
                a_project_keeps_its_job_whatever_that_is_called_later,
                a_project_that_is_composed_stands_for_the_job_of_one_stored_in_parts,
                a_project_whose_job_is_gone_gets_another,
                a_ping_that_is_known_makes_no_job_again,
                a_ping_that_may_not_create_a_job_does_not_get_that_of_a_later_one,
                twenty_callers_that_meet_a_new_project_make_one_job,
            }
            (capture::ping::retract) {
                an_entry_of_its_own_goes_with_its_ping,
                taking_a_signal_back_leaves_what_the_others_prove,
                taking_a_ping_back_again_changes_nothing,
                a_ping_of_an_archived_job_is_not_taken_back,
                a_ping_whose_entry_somebody_changed_is_not_taken_back,
                an_entry_that_somebody_made_in_its_place_is_theirs,
                a_ping_whose_entry_is_gone_can_be_taken_back,
                an_unknown_ping_is_not_taken_back,
                a_ping_that_was_taken_back_does_not_come_again,
            }
            (capture::ping::find) {
                a_logged_ping_reads_back_as_it_was_sent,
                pings_are_listed_latest_first_page_by_page,
                a_walk_through_pings_sees_each_once_while_others_are_logged,
                a_listing_can_be_narrowed,
                a_listing_can_be_of_one_subject,
                captured_time_is_that_of_the_token_and_the_day,
                captured_time_is_told_by_day_and_job,
                a_token_shows_when_it_was_last_used,
            }
            (capture::ping::beside) {
                an_audit_beside_pings_sees_no_minute_without_its_entry,
                an_archive_is_the_end_of_pings,
                a_call_that_is_given_up_logs_all_its_pings_or_none,
                no_method_of_pings_blocks_the_runtime,
            }
            (capture::ping::order) {
                any_order_and_any_grouping_give_the_same_ledger,
                any_order_beside_an_archived_job_gives_the_same_ledger,
                pings_that_were_taken_back_might_as_well_not_have_been_sent,
                no_moment_of_a_token_counts_twice,
                twenty_callers_at_once_give_the_same_ledger,
                pings_entries_and_retractions_meet_without_harm,
            }
        }
    };
}

/// The usual rule of these clauses: this job, midnight of UTC, a gap of 15 minutes.
pub(crate) fn rule(job: JobId) -> CaptureRule {
    CaptureRule { target: CaptureTarget::Job(job), zone: Zone::UTC, gap: Gap::default() }
}

/// So many minutes after the first midnight (UTC) of the suite's time.
pub(crate) fn minute(minutes: i64) -> Timestamp {
    // The suite's time starts at 22:13:20.
    at(6_400 + minutes * 60)
}

impl Capture {
    /// The ports of an adapter that implements all of them. `guard` keeps its database alive (`()` if nothing has
    /// to).
    pub fn new<A>(adapter: A, guard: impl Any + Send + Sync) -> Self
    where
        A: LedgerAdapter + PingRepository + TokenRepository + Clone + 'static,
    {
        let (pings, tokens) = (Arc::new(adapter.clone()), Arc::new(adapter.clone()));
        Self { ledger: Ledger::new(adapter, guard), pings, tokens }
    }

    /// Stores a capture token with this `rule`.
    pub(crate) async fn token(&self, rule: CaptureRule) -> Token {
        self.token_of("ada", rule).await
    }

    /// Stores a capture token that speaks for this subject.
    pub(crate) async fn token_of(&self, name: &str, rule: CaptureRule) -> Token {
        let token = Token { subject: subject(name), capture: Some(rule), ..token_of(TokenKind::Capture) };
        self.tokens.create(token.clone()).await.unwrap();
        token
    }

    /// An open job and a token for it.
    pub(crate) async fn job_and_token(&self) -> (JobId, Token) {
        let job = self.ledger.open_job().await.id;
        (job, self.token(rule(job)).await)
    }

    /// Logs the pings together.
    pub(crate) async fn log(&self, pings: &[Ping]) -> Vec<PingOutcome> {
        self.pings.log(LogPings { pings: pings.to_vec(), at: minute(10_000) }).await.unwrap()
    }

    /// Logs a ping alone.
    pub(crate) async fn log_one(&self, ping: &Ping) -> Vec<PingOutcome> {
        self.log(std::slice::from_ref(ping)).await
    }

    pub(crate) async fn retract(&self, id: PingId) -> Result<(), RetractPingError> {
        self.pings.retract(RetractPing { id, at: minute(20_000) }).await
    }

    /// The job's entries as (date, minutes), earliest first.
    pub(crate) async fn days(&self, job: JobId) -> Vec<(String, u16)> {
        let mut entries = self.ledger.all_entries(entries_of(job)).await;
        entries.reverse();
        entries.iter().map(|entry| (entry.date_stamp.to_string(), entry.minutes_worked.get())).collect()
    }

    /// The one entry of the job.
    pub(crate) async fn only_entry(&self, job: JobId) -> TimeEntry {
        let entries = self.ledger.all_entries(entries_of(job)).await;
        <[TimeEntry; 1]>::try_from(entries).map(|[entry]| entry).expect("the job has one entry")
    }
}

/// A ping of the token's stream, so many minutes after midnight.
pub(crate) fn signal(token: &Token, minutes: i64) -> Ping {
    let rule = token.capture.unwrap();
    let CaptureTarget::Job(job) = rule.target else { panic!("the token is for a job") };
    let (subject, target, zone, gap) = (token.subject.clone(), PingTarget::Job(job), rule.zone, rule.gap);
    let (at, received_at) = (minute(minutes), minute(minutes + 1));
    Ping { token: token.id, subject, target, zone, gap, at, received_at, ..ping(0) }
}

/// Like [`signal`], with a summary.
pub(crate) fn telling(token: &Token, at: i64, text: &str) -> Ping {
    Ping { summary: Some(summary(text)), ..signal(token, at) }
}

/// A ping with so many minutes.
pub(crate) fn worked(token: &Token, at: i64, number: i64) -> Ping {
    Ping { minutes: Some(minutes(number)), ..signal(token, at) }
}

/// The id of the derived entry of the token and the job on this date.
pub(crate) fn derived(token: &Token, job: JobId, day: &str) -> TimeEntryId {
    CapturedDay { job, token: token.id, date: date(day) }.entry_id()
}

pub(crate) fn expected(days: &[(&str, u16)]) -> Vec<(String, u16)> {
    days.iter().map(|(day, minutes)| ((*day).to_owned(), *minutes)).collect()
}
