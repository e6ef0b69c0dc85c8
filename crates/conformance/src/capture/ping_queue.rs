//! The duties of a [`PingQueue`].
//!
//! No port can bring about a lost connection or a killed server, so these are not tested here.

pub mod dead;
pub mod take;
pub mod together;

use std::time::Duration;

use stint_domain::capture::Ping;
use stint_domain::capture::ports::PingQueue;
use stint_domain::capture::ports::ping_queue::{Burial, Delivery, Receipt, TakePings};

use crate::Fixture;

/// A ping queue without pings.
pub type Queue = Fixture<dyn PingQueue>;

/// Makes one test of each duty of a ping queue. The argument is an `async fn() -> Fixture<dyn PingQueue>`.
#[macro_export]
macro_rules! ping_queue {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (capture::ping_queue::take) {
                every_field_of_a_ping_survives,
                pings_are_handed_out_in_the_order_in_which_they_came,
                no_more_are_handed_out_than_were_asked_for,
                pushing_none_is_no_failure,
                a_taken_ping_is_not_handed_out_to_another,
                a_settled_ping_is_never_handed_out_again,
                settling_one_ping_leaves_the_others,
                settling_twice_or_what_is_unknown_is_harmless,
                an_abandoned_ping_is_handed_out_to_another_and_counted,
                abandoned_pings_are_handed_out_before_new_ones,
                a_ping_that_was_handed_on_can_still_be_settled_by_the_first,
                a_ping_that_was_handed_on_can_still_be_buried_by_the_first,
                a_take_that_is_given_up_loses_no_ping,
                a_ping_that_is_pushed_again_is_no_failure,
                everything_that_a_dead_consumer_took_is_handed_out_again,
                a_take_waits_for_a_push,
                every_take_that_waits_gets_its_ping,
                a_take_returns_when_its_wait_is_over,
                waiting_pings_are_shown_newest_first_and_no_more_than_asked_for,
                depth_tells_what_waits_and_since_when,
            }
            (capture::ping_queue::dead) {
                a_buried_ping_is_kept_with_its_reason_and_not_handed_out,
                dead_pings_are_shown_oldest_first_and_no_more_than_asked_for,
                burying_again_keeps_the_first_reason,
                burying_what_was_settled_leaves_it_settled,
                settling_late_leaves_a_buried_ping_where_it_is,
                any_text_is_a_reason,
                a_replayed_ping_is_handed_out_again_as_if_it_were_new,
                replaying_one_ping_leaves_the_others,
                replaying_all_tells_how_many,
                replaying_what_is_unknown_counts_nothing,
                a_take_waits_for_a_replay,
            }
            (capture::ping_queue::together) {
                a_thousand_pings_in_one_push_come_out_once_and_in_order,
                every_ping_of_many_pushers_is_settled_once_by_many_consumers,
                many_who_replay_and_bury_at_once_lose_nothing,
                no_method_of_the_queue_blocks_the_runtime,
            }
        }
    };
}

/// Longer than any clause takes, even on a very busy machine.
const LONG: Duration = Duration::from_mins(10);
/// Far longer than a ping takes to get through, and shorter than a test may hang.
const PATIENCE: Duration = Duration::from_mins(2);
/// The age at which a lease is abandoned where a clause waits for that.
const SOON: Duration = Duration::from_millis(60);

/// Takes what there is right now. Nothing counts as abandoned.
fn now(consumer: &str, most: usize) -> TakePings {
    TakePings { consumer: consumer.to_owned(), most, wait: Duration::ZERO, abandoned_after: LONG }
}

/// Like [`now`], and waits for a ping.
fn patiently(consumer: &str, most: usize) -> TakePings {
    TakePings { wait: PATIENCE, ..now(consumer, most) }
}

/// Waits for abandoned pings.
fn inheriting(consumer: &str, most: usize) -> TakePings {
    TakePings { abandoned_after: SOON, ..patiently(consumer, most) }
}

async fn take(queue: &Queue, command: TakePings) -> Vec<Delivery> {
    queue.port.take(command).await.unwrap()
}

/// Takes until there are `count` pings: a queue may hand out fewer at a time than there are.
async fn take_all(queue: &Queue, consumer: &str, count: usize) -> Vec<Delivery> {
    let mut taken = Vec::new();
    while taken.len() < count {
        let more = take(queue, patiently(consumer, count - taken.len())).await;
        assert!(!more.is_empty(), "{} of {count} pings came out", taken.len());
        taken.extend(more);
    }
    taken
}

fn pings(deliveries: &[Delivery]) -> Vec<Ping> {
    deliveries.iter().map(|delivery| delivery.ping.clone().unwrap()).collect()
}

fn receipts(deliveries: &[Delivery]) -> Vec<Receipt> {
    deliveries.iter().map(|delivery| delivery.receipt.clone()).collect()
}

fn burials(deliveries: &[Delivery], reason: &str) -> Vec<Burial> {
    let burial = |delivery: &Delivery| Burial { receipt: delivery.receipt.clone(), reason: reason.to_owned() };
    deliveries.iter().map(burial).collect()
}

/// Pushes pings of these seconds.
async fn push(queue: &Queue, seconds: impl IntoIterator<Item = i64>) -> Vec<Ping> {
    let pings: Vec<Ping> = seconds.into_iter().map(crate::given::ping).collect();
    queue.port.push(pings.clone()).await.unwrap();
    pings
}
