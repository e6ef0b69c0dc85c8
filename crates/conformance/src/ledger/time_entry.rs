//! The duties of a [`TimeEntryRepository`](stint_domain::ledger::ports::TimeEntryRepository). One module per method.

pub mod batch;
pub mod delete;
pub mod list;
pub mod owner;
pub mod put;
pub mod record;
pub mod text;
pub mod update;

/// Makes one test of each duty of a time entry repository. The argument is an `async fn() -> Ledger`.
#[macro_export]
macro_rules! time_entry_repository {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (ledger::time_entry::record) {
                a_recorded_entry_reads_back_and_is_counted,
                every_record_makes_the_next_version_of_its_job,
                recording_twice_counts_once,
                a_repeat_is_answered_though_the_job_was_archived_meanwhile,
                a_taken_entry_id_is_refused_before_anything_else,
                a_record_for_an_unknown_job_leaves_no_trace,
                a_record_for_an_archived_job_leaves_no_trace,
                a_deleted_entry_can_be_recorded_again,
                an_unknown_entry_is_not_found,
            }
            (ledger::time_entry::batch) {
                a_batch_answers_in_the_order_given_and_counts_every_entry,
                a_batch_is_one_change_of_each_job_it_touches,
                an_empty_batch_stores_nothing,
                a_per_item_batch_stores_all_valid_entries_and_answers_them_as_stored,
                an_atomic_batch_with_one_refusal_leaves_no_trace,
                an_atomic_batch_names_every_refusal_by_its_place,
                a_batch_sent_twice_counts_once,
                equal_entries_in_a_batch_are_one_entry,
                the_later_of_two_different_entries_with_one_id_is_refused,
                a_batch_that_waited_sets_no_moment_back,
                a_batch_of_a_thousand_entries_is_stored,
            }
            (ledger::time_entry::put) {
                putting_an_absent_entry_creates_and_counts_it,
                putting_a_present_entry_replaces_all_but_its_creation,
                a_put_that_names_another_job_moves_the_entry,
                putting_an_entry_twice_counts_once,
                a_put_of_an_entry_keeps_its_precondition,
                a_put_for_an_unknown_job_leaves_no_trace,
                a_put_from_or_to_an_archived_job_leaves_no_trace,
                a_put_is_refused_in_the_order_precondition_unknown_archived,
                a_put_of_an_equal_entry_is_a_change,
                a_put_of_an_entry_that_waited_sets_no_moment_back,
                of_two_archived_jobs_a_put_names_the_entrys_own,
            }
            (ledger::time_entry::update) {
                each_field_of_an_entry_changes_alone,
                an_edit_of_the_minutes_changes_the_total_by_the_difference,
                a_move_changes_both_totals,
                a_move_with_other_minutes_counts_the_new_ones,
                a_move_to_its_own_job_changes_no_total,
                an_edit_that_keeps_the_minutes_is_a_change_of_the_job_too,
                an_edit_that_waited_sets_no_moment_back,
                an_update_of_an_entry_without_changes_leaves_all_versions,
                an_edit_to_the_value_that_is_there_is_a_change,
                an_update_without_changes_is_refused_like_any_other,
                an_update_of_an_unknown_entry_is_refused_before_its_precondition,
                an_update_of_an_entry_with_a_stale_version_changes_nothing,
                an_entry_of_an_archived_job_takes_no_edit_and_no_move,
                an_archived_job_takes_no_entry_moved_in,
                of_two_archived_jobs_the_entrys_own_is_named,
                a_move_to_an_unknown_job_leaves_no_trace_and_is_refused_before_the_archived,
            }
            (ledger::time_entry::delete) {
                a_deleted_entry_is_gone_and_no_longer_counted,
                a_deletion_is_a_change_of_the_job,
                deleting_an_unknown_entry_is_refused_before_its_precondition,
                a_deletion_with_a_stale_version_changes_nothing,
                an_entry_of_an_archived_job_is_not_deleted,
            }
            (ledger::time_entry::owner) {
                an_owner_changes_what_it_logged,
                for_an_owner_the_entries_of_others_do_not_exist,
                a_put_by_an_owner_creates_where_nothing_is,
            }
            (ledger::time_entry::list) {
                entries_are_listed_latest_date_first_and_then_by_id,
                pages_of_entries_join_without_gap_or_repeat,
                the_last_full_page_of_entries_has_no_next,
                each_filter_of_entries_holds_alone,
                all_filters_of_entries_hold_together_and_across_pages,
                both_ends_of_a_date_range_are_listed,
                a_cursor_whose_entry_was_deleted_still_works,
                a_job_without_entries_lists_none,
            }
            (ledger::time_entry::text) {
                summaries_at_their_limits_read_back_unchanged,
                subjects_at_their_limits_read_back_unchanged,
                the_first_and_the_last_date_read_back_and_are_listed_in_order,
                the_least_and_the_most_minutes_are_counted,
            }
        }
    };
}
