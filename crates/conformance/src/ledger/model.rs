//! A random sequence of operations, compared with a model.
//!
//! The model keeps plain lists and no totals: it adds them up when asked. After every step the adapter must give the
//! same answer as the model, refusals included, and at the end both must have the same jobs and entries. A sequence
//! that fails is shortened as long as it still fails, and printed.

mod command;
mod reference;
mod step;

use stint_domain::ledger::ports::job::ListJobs;
use stint_domain::ledger::ports::time_entry::ListTimeEntries;

use proptest::collection::vec;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use self::reference::Reference;
use self::step::{Step, World, any_step};
use crate::Ledger;
use crate::given::delete_job_with_entries;

/// How many sequences are tried. Each is cheap in memory, and takes a few hundred round trips on a database.
const SEQUENCES: u32 = 16;
/// The most steps of a sequence.
const STEPS: usize = 40;
/// How many shorter sequences are tried when one fails.
const SHRINKS: u32 = 400;

/// Makes one test of the ledger against a model. The argument is an `async fn() -> Ledger`.
#[macro_export]
macro_rules! model {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (ledger::model) {
                a_random_sequence_of_operations_does_what_the_model_does,
            }
        }
    };
}

/// Compares answers, refusals, versions and totals.
pub async fn a_random_sequence_of_operations_does_what_the_model_does(ledger: Ledger) {
    let runtime = tokio::runtime::Handle::current();
    let config = Config { cases: SEQUENCES, max_shrink_iters: SHRINKS, failure_persistence: None, ..Config::default() };
    let result = tokio::task::block_in_place(|| {
        TestRunner::new(config)
            .run(&vec(any_step(), 1..STEPS), |steps| runtime.block_on(hold_against_the_model(&ledger, steps)))
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(why, steps)) => panic!("{why}\nafter the steps {steps:#?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

async fn hold_against_the_model(ledger: &Ledger, steps: Vec<Step>) -> Result<(), TestCaseError> {
    clear(ledger).await;
    let (mut world, mut reference) = (World::new(), Reference::default());
    for (place, step) in steps.into_iter().enumerate() {
        let command = world.command(place, &step);
        let expected = reference.apply(command.clone());
        let answer = command.clone().send_to(ledger).await;
        if answer != expected {
            return fail(&format!("{command:#?}\nwas answered with\n{answer:#?}\ninstead of\n{expected:#?}"));
        }
        world.notice(&answer);
    }
    let jobs = ledger.all_jobs(ListJobs::default()).await;
    if jobs != reference.jobs() {
        return fail(&format!("the jobs are\n{jobs:#?}\ninstead of\n{:#?}", reference.jobs()));
    }
    let entries = ledger.all_entries(ListTimeEntries::default()).await;
    if entries != reference.entries() {
        return fail(&format!("the entries are\n{entries:#?}\ninstead of\n{:#?}", reference.entries()));
    }
    ledger.assert_totals_are_sums().await;
    Ok(())
}

fn fail(why: &str) -> Result<(), TestCaseError> {
    Err(TestCaseError::fail(why.to_owned()))
}

/// One ledger serves all sequences: what the last one left is deleted.
async fn clear(ledger: &Ledger) {
    for job in ledger.all_jobs(ListJobs::default()).await {
        ledger.jobs.delete(delete_job_with_entries(job.id)).await.unwrap();
    }
}
