//! The duties of an [`IdGenerator`].

use std::collections::HashSet;
use std::time::Duration;

use stint_domain::IdGenerator;

use crate::Fixture;
use crate::ledger::concurrency::together;

/// Makes one test of each duty of an id generator. The argument is an `async fn() -> Fixture<dyn IdGenerator>`.
#[macro_export]
macro_rules! id_generator {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (id_generator) {
                no_id_is_handed_out_twice,
                later_ids_sort_after_earlier_ones,
                ids_are_of_version_7,
            }
        }
    };
}

/// Not even when many callers ask at once.
pub async fn no_id_is_handed_out_twice(ids: Fixture<dyn IdGenerator>) {
    let handed_out = together(8, |_| {
        let ids = ids.clone();
        async move { (0..5_000).map(|_| ids.port.generate()).collect::<Vec<_>>() }
    })
    .await;
    let distinct: HashSet<_> = handed_out.into_iter().flatten().collect();
    assert_eq!(distinct.len(), 8 * 5_000);
}

/// To the millisecond.
pub async fn later_ids_sort_after_earlier_ones(ids: Fixture<dyn IdGenerator>) {
    let mut last = ids.port.generate();
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(2)).await;
        let next = ids.port.generate();
        assert!(last < next, "{last} was handed out before {next}");
        last = next;
    }
}

/// So other programs can tell the age of an id, too.
pub async fn ids_are_of_version_7(ids: Fixture<dyn IdGenerator>) {
    assert_eq!(ids.port.generate().get_version_num(), 7);
}
