//! The duties of the ledger's ports towards concurrent callers.
//!
//! A clause here runs real tasks on several threads. Its assertions hold for every interleaving, so it fails only
//! when a duty is broken.

pub mod archive;
pub mod audit;
pub mod guards;
pub mod isolation;
pub mod jobs;
pub mod pages;
pub mod totals;

use std::sync::Arc;

use futures::future::join_all;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::Ledger;

/// Makes one test of each duty towards concurrent callers. The argument is an `async fn() -> Ledger`.
#[macro_export]
macro_rules! concurrency {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (ledger::concurrency::totals) {
                twenty_writers_on_one_job_lose_no_minutes_and_no_version,
                twenty_writers_on_a_few_jobs_keep_every_total,
                entries_that_move_both_ways_at_once_keep_both_totals,
                batches_that_name_their_jobs_in_opposite_order_all_succeed,
                racing_repeats_of_a_record_without_a_key_count_once,
                an_archive_racing_with_records_loses_no_accepted_one_and_lets_none_in_afterwards,
                a_deletion_with_entries_racing_with_writes_leaves_nothing_behind,
                a_deletion_without_entries_racing_with_records_orphans_none,
            }
            (ledger::concurrency::audit) {
                an_audit_beside_records_sees_no_entry_without_its_minutes,
                an_audit_beside_batches_sees_all_of_each_or_nothing,
                an_audit_beside_puts_sees_all_of_each_or_nothing,
                an_audit_beside_edits_of_minutes_sees_all_of_each_or_nothing,
                an_audit_beside_moves_sees_each_entry_in_one_total,
                an_audit_beside_deletions_sees_no_minutes_without_their_entry,
                an_audit_beside_deletions_of_jobs_sees_all_of_each_or_nothing,
                a_job_and_its_entries_are_gone_at_one_moment,
            }
            (ledger::concurrency::archive) {
                an_archive_is_the_end_of_records,
                an_archive_is_the_end_of_batches,
                an_archive_is_the_end_of_puts_of_new_entries,
                an_archive_is_the_end_of_puts_that_replace,
                an_archive_is_the_end_of_edits,
                an_archive_is_the_end_of_moves_into_the_job,
                an_archive_is_the_end_of_moves_out_of_the_job,
                an_archive_is_the_end_of_deletions,
            }
            (ledger::concurrency::jobs) {
                of_racing_guarded_writes_of_a_job_one_passes,
                a_guarded_update_of_a_job_passes_only_before_any_entry,
                a_guarded_deletion_of_a_job_passes_only_before_any_entry,
            }
            (ledger::concurrency::guards) {
                sixteen_guarded_increments_lose_no_update,
                of_racing_guarded_updates_of_a_job_one_passes,
                of_racing_guarded_writes_of_an_entry_one_passes,
                of_racing_create_only_puts_one_passes,
                of_racing_creations_with_one_id_one_passes,
                of_racing_deletions_of_an_entry_one_passes,
            }
            (ledger::concurrency::isolation) {
                records_for_unknown_jobs_do_not_fail_those_for_known_ones,
                one_batchs_refusals_do_not_fail_another_batch,
                a_write_is_seen_by_the_next_read,
                a_call_that_is_given_up_happens_whole_or_not_at_all,
            }
            (ledger::concurrency::pages) {
                a_walk_through_pages_of_entries_sees_each_once_while_others_insert,
                a_walk_through_pages_of_jobs_sees_each_once_while_others_insert,
                a_walk_sees_what_is_left_while_others_delete,
                a_walk_through_jobs_sees_what_is_left_while_others_delete,
                a_walk_sees_what_kept_its_date_once_while_others_edit,
            }
        }
    };
}

/// Runs `count` tasks that start at once, each with its index, and returns their results in order.
pub(crate) async fn together<T, F>(count: usize, task: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let (start, mut tasks) = (Arc::new(Barrier::new(count)), JoinSet::new());
    for place in 0..count {
        let (start, task) = (start.clone(), task(place));
        tasks.spawn(async move {
            start.wait().await;
            (place, task.await)
        });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

impl Ledger {
    /// Runs `count` tasks on this ledger, see [`together`].
    pub(crate) async fn together<T, F>(&self, count: usize, task: impl Fn(Self, usize) -> F) -> Vec<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        together(count, |place| task(self.clone(), place)).await
    }
}

/// Like [`together`], but in turns: in even rounds on several threads, in odd rounds on one. On one thread, each task
/// runs to the next point at which it waits, and then the next task has its turn. An adapter that waits between a
/// look and a write shows it there, however busy the machine is.
pub(crate) async fn race<T, F>(round: usize, count: usize, task: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    if round.is_multiple_of(2) { together(count, task).await } else { join_all((0..count).map(task)).await }
}
