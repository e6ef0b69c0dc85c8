//! The duties of a [`JobRepository`](stint_domain::ledger::ports::JobRepository). One module per method.

pub mod create;
pub mod delete;
pub mod list;
pub mod put;
pub mod text;
pub mod update;

/// Makes one test of each duty of a job repository. The argument is an `async fn() -> Ledger`.
#[macro_export]
macro_rules! job_repository {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (ledger::job::create) {
                a_new_job_reads_back_with_total_zero_and_its_first_version,
                an_archived_job_can_be_created,
                two_jobs_may_share_a_name,
                creating_twice_with_the_same_id_and_values_changes_nothing,
                creating_a_taken_id_with_other_values_is_refused,
                an_unknown_job_is_not_found,
            }
            (ledger::job::put) {
                putting_an_absent_job_creates_it,
                putting_a_present_job_replaces_name_and_status_and_keeps_the_rest,
                putting_twice_leaves_one_job_with_its_total,
                a_put_that_is_create_only_never_replaces,
                a_put_that_is_replace_only_never_creates,
                a_put_with_a_stale_version_changes_nothing,
                a_put_of_equal_values_is_a_change,
                a_put_that_waited_sets_no_moment_back,
            }
            (ledger::job::update) {
                an_update_changes_the_named_fields_alone,
                an_update_without_changes_leaves_the_version,
                an_update_to_the_value_that_is_there_is_a_change,
                an_update_of_an_unknown_job_is_refused_before_its_precondition,
                an_update_with_a_stale_version_changes_nothing,
                an_update_without_changes_checks_the_precondition_all_the_same,
                any_of_several_versions_will_do_and_none_of_none,
                an_archived_job_can_be_reopened_and_takes_time_again,
            }
            (ledger::job::delete) {
                a_deleted_job_is_gone,
                a_job_with_entries_is_not_deleted_unless_told,
                deleting_a_job_with_its_entries_leaves_no_entry_and_no_other_job_changed,
                an_archived_job_is_deleted_by_the_same_rule,
                deleting_an_unknown_job_is_refused_before_its_precondition,
                a_stale_version_is_refused_before_the_entries_are_looked_at,
                a_deleted_id_created_again_has_no_old_version,
            }
            (ledger::job::list) {
                jobs_are_listed_newest_first,
                jobs_created_at_the_same_moment_are_listed_by_id,
                pages_of_jobs_join_without_gap_or_repeat,
                the_last_full_page_of_jobs_has_no_next,
                a_listing_of_jobs_can_be_narrowed_by_status_and_name_together,
                a_cursor_whose_job_was_deleted_still_works,
                an_empty_ledger_lists_no_jobs,
            }
            (ledger::job::text) {
                names_at_their_limits_read_back_unchanged,
                names_of_before_read_back_unchanged_and_are_found,
                wildcards_and_quotes_in_a_search_are_plain_characters,
                a_search_folds_case_beyond_ascii,
                moments_read_back_to_the_microsecond,
            }
        }
    };
}
