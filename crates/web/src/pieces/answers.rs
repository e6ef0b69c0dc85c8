//! How much memory large answers take while they wait for their readers: in all, and per token.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::metrics::counter::Counter;

use crate::HttpMetrics;
use crate::auth::Sender;
use crate::problem::{Code, Problem};

/// The most bytes of large answers that wait, not counting those that are the same for everybody.
const ALL: usize = 32 << 20;
/// The most bytes of one token. A single answer may be larger.
const OF_ONE: usize = ALL / 3;

/// The large answers that wait. Cloning is cheap; all clones count together.
#[derive(Clone, Debug)]
pub(crate) struct Answers(Arc<Waiting>);

#[derive(Debug)]
struct Waiting {
    all: AtomicUsize,
    of_each: Mutex<HashMap<Sender, usize>>,
    refused: Counter,
}

/// What one answer takes while it waits.
pub(super) struct Share {
    answers: Answers,
    reader: Sender,
    bytes: usize,
}

impl Answers {
    pub(crate) fn new(metrics: &HttpMetrics) -> Self {
        let refused = metrics.answers_refused();
        Self(Arc::new(Waiting { all: AtomicUsize::default(), of_each: Mutex::default(), refused }))
    }

    /// Refuses a write before it is done if too many answers of its sender wait: a write that is done has to be
    /// answered. A sender who reads its answers may write, whatever others do.
    pub(crate) fn admit(&self, reader: Sender) -> Result<(), Problem> {
        let all = self.all();
        // The usual case needs no lock.
        if all <= OF_ONE {
            return Ok(());
        }
        let its_own = self.of_each().get(&reader).copied().unwrap_or_default();
        if its_own > OF_ONE || its_own > 0 && all > ALL { Err(self.refuse()) } else { Ok(()) }
    }

    pub(super) fn refuse(&self) -> Problem {
        self.0.refused.inc();
        let detail = "too many large answers wait for their readers; read those, or ask for less at once";
        Problem::new(Code::Unavailable, detail)
    }

    pub(super) fn take(&self, reader: Sender, bytes: usize) -> Share {
        self.0.all.fetch_add(bytes, Ordering::Relaxed);
        *self.of_each().entry(reader).or_default() += bytes;
        Share { answers: self.clone(), reader, bytes }
    }

    fn all(&self) -> usize {
        self.0.all.load(Ordering::Relaxed)
    }

    fn of_each(&self) -> MutexGuard<'_, HashMap<Sender, usize>> {
        self.0.of_each.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// Whether there is room for it.
    pub(super) fn fits(&self) -> bool {
        let its_own = self.answers.of_each().get(&self.reader).copied().unwrap_or_default();
        self.answers.all() <= ALL && (its_own <= OF_ONE || its_own == self.bytes)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.answers.0.all.fetch_sub(self.bytes, Ordering::Relaxed);
        let mut of_each = self.answers.of_each();
        if let Some(its_own) = of_each.get_mut(&self.reader) {
            *its_own -= self.bytes;
            if *its_own == 0 {
                of_each.remove(&self.reader);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::registry::Registry;
    use stint_domain::values::TokenId;

    use super::*;

    const ONE: Sender = Some(TokenId::new(uuid::Uuid::from_u128(1)));
    const OTHER: Sender = Some(TokenId::new(uuid::Uuid::from_u128(2)));

    #[test]
    fn one_token_keeps_a_third_waiting_or_one_answer_and_no_other_notices() {
        let answers = Answers::new(&HttpMetrics::new(&mut Registry::default()));
        let large = answers.take(ONE, OF_ONE + 1);
        assert!(large.fits(), "the first may be large");
        assert!(!answers.take(ONE, 1).fits());
        assert!(answers.admit(ONE).is_err());
        assert!(answers.take(OTHER, OF_ONE).fits() && answers.admit(OTHER).is_ok());
        assert_eq!(answers.0.refused.get(), 1);
        drop(large);
        assert!(answers.take(ONE, 1).fits() && answers.admit(ONE).is_ok());
        assert!(answers.of_each().is_empty(), "who has nothing is forgotten");
    }

    #[test]
    fn when_all_is_taken_who_has_none_waiting_writes_but_reads_nothing_large() {
        let answers = Answers::new(&HttpMetrics::new(&mut Registry::default()));
        let (all, little) = (answers.take(None, ALL), answers.take(ONE, 1));
        assert!(answers.admit(ONE).is_err() && answers.admit(OTHER).is_ok());
        assert!(!answers.take(OTHER, 1).fits());
        drop(all);
        assert!(answers.admit(ONE).is_ok() && little.fits());
    }
}
