//! Counts of wrong passwords, so that nobody guesses for long.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use thiserror::Error;

use crate::Clock;
use crate::values::TokenId;

/// Where somebody signs in from: an address, or the first 64 bits of one in IPv6, because whoever has one of these
/// addresses has them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl From<IpAddr> for ClientAddress {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(address.into()),
            IpAddr::V6(address) => Self(Ipv6Addr::from(u128::from(address) >> 64 << 64).into()),
        }
    }
}

/// Who guesses, and at what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Guess {
    /// One handle, from one address.
    HandleFrom(String, ClientAddress),
    /// One handle, from anywhere.
    Handle(String),
    /// Any handle, from one address.
    From(ClientAddress),
    /// A browser in which somebody signed in before, or is signed in.
    Browser(TokenId),
}

impl Guess {
    /// How many wrong ones are allowed within [`Guesses::WINDOW`].
    const fn most(&self) -> u32 {
        match self {
            Self::HandleFrom(..) => 5,
            Self::Handle(_) => 50,
            Self::From(_) => 100,
            Self::Browser(_) => 10,
        }
    }
}

/// There were too many wrong passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("there were too many wrong passwords; try again in {} s", .retry_after.as_secs())]
pub struct TooManyGuesses {
    /// When the next guess is allowed; at least a second.
    pub retry_after: Duration,
}

/// Counts wrong passwords: at most 5 an hour for one handle from one address, 50 for one handle, 100 from one address,
/// whether the handles exist or not. A browser in which somebody signed in before has a count of its own, 10 an hour, so
/// nobody can lock another out of it.
///
/// The counts of at most [`Guesses::CAPACITY`] are kept, in memory; beyond that the oldest are forgotten. Each instance
/// counts for itself.
pub struct Guesses {
    clock: Arc<dyn Clock>,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    by_guess: HashMap<Guess, Count>,
    /// In the order of their first wrong password.
    oldest_first: VecDeque<(i64, Guess)>,
}

#[derive(Clone, Copy)]
struct Count {
    wrong: u32,
    /// When the first of them was, in microseconds since 1970.
    since: i64,
}

impl Guesses {
    /// For how long a wrong password counts.
    pub const WINDOW: Duration = Duration::from_hours(1);
    /// The most counts that are kept.
    pub const CAPACITY: usize = 20_000;

    /// No wrong passwords yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, counts: Mutex::default() }
    }

    /// Counts a guess before its password is looked at, so that guesses made at once count, too. Fails when there were too
    /// many wrong ones. `handle` is a folded one.
    pub(super) fn begin(
        &self,
        handle: &str,
        from: ClientAddress,
        browser: Option<TokenId>,
    ) -> Result<Begun<'_>, TooManyGuesses> {
        let guesses = match browser {
            Some(token) => vec![Guess::Browser(token)],
            None => {
                vec![Guess::HandleFrom(handle.to_owned(), from), Guess::Handle(handle.to_owned()), Guess::From(from)]
            }
        };
        let now = self.clock.now().as_micros();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.forget_before(now - window());
        let full = guesses.iter().filter_map(|guess| counts.by_guess.get(guess).filter(|it| it.wrong >= guess.most()));
        if let Some(since) = full.map(|count| count.since).max() {
            let micros = u64::try_from(since + window() - now).unwrap_or_default();
            return Err(TooManyGuesses { retry_after: Duration::from_micros(micros).max(Duration::from_secs(1)) });
        }
        for guess in &guesses {
            counts.add(guess, now);
        }
        Ok(Begun { all: self, guesses })
    }
}

/// A guess that counts as wrong until it is told to be right.
pub(super) struct Begun<'g> {
    all: &'g Guesses,
    guesses: Vec<Guess>,
}

impl Begun<'_> {
    /// The password was right, or was not looked at: the guess does not count.
    pub(super) fn forgive(self) {
        let mut counts = self.all.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for guess in &self.guesses {
            if let Some(count) = counts.by_guess.get_mut(guess) {
                count.wrong = count.wrong.saturating_sub(1);
            }
        }
    }
}

impl Counts {
    fn add(&mut self, guess: &Guess, now: i64) {
        if let Some(count) = self.by_guess.get_mut(guess) {
            count.wrong += 1;
            return;
        }
        while self.oldest_first.len() >= Guesses::CAPACITY {
            self.forget_oldest();
        }
        self.by_guess.insert(guess.clone(), Count { wrong: 1, since: now });
        self.oldest_first.push_back((now, guess.clone()));
    }

    fn forget_before(&mut self, moment: i64) {
        while self.oldest_first.front().is_some_and(|(since, _)| *since <= moment) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, guess)) = self.oldest_first.pop_front() {
            self.by_guess.remove(&guess);
        }
    }
}

const fn window() -> i64 {
    Guesses::WINDOW.as_secs().cast_signed() * 1_000_000
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use uuid::Uuid;

    use super::*;
    use crate::MockClock;
    use crate::values::Timestamp;

    const SECOND: i64 = 1_000_000;

    /// Counts of which the second value sets the time, in seconds.
    fn guesses() -> (Guesses, Arc<AtomicI64>) {
        let (mut clock, seconds) = (MockClock::new(), Arc::new(AtomicI64::new(0)));
        let read = seconds.clone();
        clock.expect_now().returning(move || Timestamp::from_micros(read.load(Ordering::Relaxed) * SECOND).unwrap());
        (Guesses::new(Arc::new(clock)), seconds)
    }

    fn from(last: u8) -> ClientAddress {
        IpAddr::from([192, 0, 2, last]).into()
    }

    /// How many of these guesses, all wrong, are let through.
    fn let_through(guesses: &Guesses, all: impl Iterator<Item = (String, ClientAddress)>) -> usize {
        all.filter(|(handle, from)| guesses.begin(handle, *from, None).is_ok()).count()
    }

    #[test]
    fn wrong_passwords_are_bounded_by_handle_and_address_by_handle_and_by_address() {
        let (one, _) = guesses();
        assert_eq!(let_through(&one, (0..9).map(|_| ("ada".to_owned(), from(1)))), 5);
        assert!(one.begin("ada", from(2), None).is_ok() && one.begin("eve", from(1), None).is_ok());
        let (by_handle, _) = guesses();
        assert_eq!(let_through(&by_handle, (0..90).map(|n| ("ada".to_owned(), from(n)))), 50);
        let (by_address, _) = guesses();
        assert_eq!(let_through(&by_address, (0..190).map(|n| (format!("h{n}"), from(1)))), 100);
    }

    #[test]
    fn a_browser_that_signed_in_before_has_a_count_of_its_own() {
        let (guesses, _) = guesses();
        let_through(&guesses, (0..60).map(|n| ("ada".to_owned(), from(n))));
        assert!(guesses.begin("ada", from(1), None).is_err());
        let (known, other) = (TokenId::new(Uuid::from_u128(1)), TokenId::new(Uuid::from_u128(2)));
        let of = |browser| (0..20).filter(|_| guesses.begin("ada", from(1), Some(browser)).is_ok()).count();
        assert_eq!([of(known), of(other)], [10, 10]);
    }

    #[test]
    fn what_is_forgiven_does_not_count() {
        let (guesses, _) = guesses();
        for _ in 0..200 {
            guesses.begin("ada", from(1), None).unwrap().forgive();
        }
        assert_eq!(let_through(&guesses, (0..9).map(|_| ("ada".to_owned(), from(1)))), 5);
    }

    #[test]
    fn an_hour_later_all_is_forgotten_and_until_then_the_rest_is_told() {
        let (guesses, seconds) = guesses();
        let_through(&guesses, (0..9).map(|_| ("ada".to_owned(), from(1))));
        seconds.store(3_000, Ordering::Relaxed);
        let refused = guesses.begin("ada", from(1), None).err().unwrap();
        assert_eq!(refused.retry_after, Duration::from_mins(10));
        seconds.store(3_600, Ordering::Relaxed);
        assert!(guesses.begin("ada", from(1), None).is_ok());
    }

    #[test]
    fn an_ipv6_address_counts_by_its_first_half_and_a_mapped_one_as_ipv4() {
        let address = |text: &str| ClientAddress::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(address("2001:db8::1"), address("2001:db8::ffff:1"));
        assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
        assert_eq!(address("::ffff:192.0.2.1"), from(1));
    }

    #[test]
    fn the_counts_are_bounded() {
        let (guesses, _) = guesses();
        for n in 0..100_000_u32 {
            let address = IpAddr::from(n.to_be_bytes()).into();
            drop(guesses.begin(&format!("h{n}"), address, None));
        }
        let counts = guesses.counts.lock().unwrap();
        assert_eq!((counts.by_guess.len(), counts.oldest_first.len()), (Guesses::CAPACITY, Guesses::CAPACITY));
    }
}
