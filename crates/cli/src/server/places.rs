//! The connections of one thread: how many there may be, and which makes room for a new one when there are as many. That
//! is the one that has rested longest, between requests or in the middle of a head; else the one whose answer has been
//! stuck longest. A request that is being answered is never given up for another, and a connection that was just let in
//! has a moment to send its first request: otherwise each of many newcomers would throw out the one before, and none of
//! them were answered.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

use tokio::time::Instant;

/// An answer that is stuck for less may go on at any moment.
const STUCK: Duration = Duration::from_millis(100);
/// How long a connection without an answer yet keeps its place. Silent ones keep newcomers out for no longer.
const NEW: Duration = Duration::from_millis(100);

/// Every connection's place.
#[derive(Debug)]
pub(super) struct Places {
    limit: usize,
    taken: RefCell<BTreeMap<u64, Rc<Seat>>>,
    /// Grows with each place and each rest: the smaller, the longer ago.
    clock: Cell<u64>,
}

/// What is known of one connection.
#[derive(Debug)]
struct Seat {
    let_in: Instant,
    /// Whether a request of it got an answer, or the beginning of one.
    answered: Cell<bool>,
    rests: Cell<Option<u64>>,
    stuck: Cell<Option<Instant>>,
    lost: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

/// One connection's place, which is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    id: u64,
    seat: Rc<Seat>,
    places: Rc<Places>,
}

impl Places {
    pub(super) fn new(limit: usize) -> Rc<Self> {
        Rc::new(Self { limit, taken: RefCell::default(), clock: Cell::new(0) })
    }

    /// A place for a new connection, if there is one or another connection can do without its own.
    pub(super) fn take(self: &Rc<Self>) -> Option<Place> {
        if self.taken.borrow().len() >= self.limit && !self.give_up_one() {
            return None;
        }
        let (id, seat) = (self.tick(), Rc::new(Seat::new(Instant::now())));
        self.taken.borrow_mut().insert(id, Rc::clone(&seat));
        Some(Place { id, seat, places: Rc::clone(self) })
    }

    fn give_up_one(&self) -> bool {
        let (mut taken, now) = (self.taken.borrow_mut(), Instant::now());
        let resting = || {
            let resting = taken.iter().filter_map(|(id, seat)| Some((seat.rests.get()?, *id, seat)));
            resting.filter(|(_, _, seat)| !seat.is_new(now)).map(|(since, id, _)| (since, id)).min().map(|(_, id)| id)
        };
        let stuck = || {
            let longest = taken.iter().filter_map(|(id, seat)| Some((seat.stuck.get()?, *id))).min();
            longest.filter(|(since, _)| now.duration_since(*since) >= STUCK).map(|(_, id)| id)
        };
        let Some(seat) = resting().or_else(stuck).and_then(|id| taken.remove(&id)) else { return false };
        seat.lost.set(true);
        seat.wake();
        true
    }

    /// Lets every connection look whether it is still worth waiting for.
    pub(super) fn wake_all(&self) {
        self.taken.borrow().values().for_each(|seat| seat.wake());
    }

    fn tick(&self) -> u64 {
        self.clock.replace(self.clock.get() + 1)
    }
}

impl Seat {
    fn new(let_in: Instant) -> Self {
        Self {
            let_in,
            answered: Cell::default(),
            rests: Cell::default(),
            stuck: Cell::default(),
            lost: Cell::default(),
            waker: RefCell::default(),
        }
    }

    /// Whether it has had no answer yet, and little time to ask for one.
    fn is_new(&self, now: Instant) -> bool {
        !self.answered.get() && now.duration_since(self.let_in) < NEW
    }

    fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    fn know(&self, waker: &Waker) {
        match &mut *self.waker.borrow_mut() {
            Some(known) => known.clone_from(waker),
            unknown => *unknown = Some(waker.clone()),
        }
    }
}

impl Place {
    /// Whether another connection has the place.
    pub(super) fn is_lost(&self) -> bool {
        self.seat.lost.get()
    }

    /// Nothing goes on from now on.
    pub(super) fn rests(&self, waker: &Waker) {
        if self.seat.rests.get().is_none() {
            self.seat.rests.set(Some(self.places.tick()));
        }
        self.seat.know(waker);
    }

    /// A request came.
    pub(super) fn works(&self) {
        self.seat.rests.set(None);
    }

    /// An answer has been stuck since then.
    pub(super) fn stuck(&self, since: Instant, waker: &Waker) {
        self.seat.rests.set(None);
        self.seat.stuck.set(Some(since));
        self.seat.know(waker);
    }

    /// The client has taken something of an answer.
    pub(super) fn answered(&self) {
        self.seat.answered.set(true);
    }

    /// The answer that was stuck goes on.
    pub(super) fn moves(&self) {
        self.seat.stuck.set(None);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken.borrow_mut().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place of a connection that has had an answer.
    fn answered(places: &Rc<Places>) -> Place {
        let place = places.take().unwrap();
        place.answered();
        place
    }

    #[tokio::test]
    async fn who_was_just_let_in_keeps_its_place_for_a_moment_and_no_longer() {
        let places = Places::new(2);
        let old = Rc::new(Seat::new(Instant::now() - NEW));
        places.taken.borrow_mut().insert(places.tick(), Rc::clone(&old));
        let silent = places.take().unwrap();
        silent.rests(Waker::noop());
        assert!(places.take().is_none(), "it may still send something, and the old one works");
        old.rests.set(Some(places.tick()));
        let third = places.take().unwrap();
        assert!(old.lost.get() && !silent.is_lost(), "the old one rests, though not as long");
        silent.answered();
        let fourth = places.take().unwrap();
        assert!(silent.is_lost() && !third.is_lost(), "one that has had its answer makes room at once");
        drop((third, fourth));
    }

    #[tokio::test]
    async fn who_has_rested_longest_makes_room_then_who_has_been_stuck_longest_and_nobody_who_is_answered() {
        let places = Places::new(3);
        let seats: Vec<Place> = (0..3).map(|_| answered(&places)).collect();
        assert!(places.take().is_none(), "all work");

        let waker = Waker::noop();
        seats[1].rests(waker);
        seats[0].rests(waker);
        seats[1].works();
        seats[1].rests(waker);
        let fourth = answered(&places);
        assert!(seats[0].is_lost() && !seats[1].is_lost());
        let fifth = answered(&places);
        assert!(seats[1].is_lost() && !seats[2].is_lost());

        fifth.stuck(Instant::now(), waker);
        assert!(places.take().is_none(), "not for long");
        fifth.moves();
        assert!(places.take().is_none(), "it goes on");
        fourth.stuck(Instant::now() - STUCK, waker);
        let sixth = places.take().unwrap();
        assert!(fourth.is_lost() && !fifth.is_lost());

        // Those who lost theirs had none to give back.
        drop((seats, fourth));
        let seventh = places.take();
        assert!(seventh.is_some(), "the third has gone");
        assert!(places.take().is_none());
        drop(sixth);
        assert!(places.take().is_some());
    }
}
