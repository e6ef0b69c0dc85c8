//! The connections of one thread: how many there may be, and which makes room for a new one when there are as many. That
//! is the one that has rested longest, between requests or in the middle of a head; else the one whose answer has been
//! stuck longest. A request that is being answered is never given up for another.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

use tokio::time::Instant;

/// An answer that is stuck for less may go on at any moment.
const STUCK: Duration = Duration::from_millis(250);

/// Every connection's place.
#[derive(Debug)]
pub(super) struct Places {
    limit: usize,
    taken: RefCell<BTreeMap<u64, Rc<Seat>>>,
    /// Grows with each place and each rest: the smaller, the longer ago.
    clock: Cell<u64>,
}

/// What is known of one connection.
#[derive(Debug, Default)]
struct Seat {
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
        let (id, seat) = (self.tick(), Rc::new(Seat::default()));
        self.taken.borrow_mut().insert(id, Rc::clone(&seat));
        Some(Place { id, seat, places: Rc::clone(self) })
    }

    fn give_up_one(&self) -> bool {
        let mut taken = self.taken.borrow_mut();
        let resting = || taken.iter().filter_map(|(id, seat)| Some((seat.rests.get()?, *id))).min().map(|(_, id)| id);
        let stuck = || {
            let longest = taken.iter().filter_map(|(id, seat)| Some((seat.stuck.get()?, *id))).min();
            longest.filter(|(since, _)| since.elapsed() >= STUCK).map(|(_, id)| id)
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

    /// The answer goes on.
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

    #[tokio::test]
    async fn who_has_rested_longest_makes_room_then_who_has_been_stuck_longest_and_nobody_who_is_answered() {
        let places = Places::new(3);
        let seats: Vec<Place> = (0..3).map(|_| places.take().unwrap()).collect();
        assert!(places.take().is_none(), "all work");

        let waker = Waker::noop();
        seats[1].rests(waker);
        seats[0].rests(waker);
        seats[1].works();
        seats[1].rests(waker);
        let fourth = places.take().unwrap();
        assert!(seats[0].is_lost() && !seats[1].is_lost());
        let fifth = places.take().unwrap();
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
