//! By which a handler tells its connection that it waits for the request's body.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;

/// Whether the handler of the request in hand waits for the body. A server puts one into the data of each connection, so
/// that it need not read, nor ask a client for, what nobody may want; without one, nothing is told. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct BodyWanted(Rc<Wish>);

#[derive(Debug, Default)]
struct Wish {
    said: Cell<bool>,
    /// How many bytes are waited for, as long as not all are.
    some: Cell<Option<usize>>,
    waiting: RefCell<Option<Waker>>,
}

impl BodyWanted {
    /// The handler waits for the body, and has room for all of it.
    pub fn say(&self) {
        self.0.said.set(true);
        self.wake();
    }

    /// The handler waits for the body, and has room for no more than so many bytes of it yet.
    pub fn say_some(&self, bytes: usize) {
        self.0.some.set(Some(bytes));
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = self.0.waiting.take() {
            waker.wake();
        }
    }

    /// Whether it has room for all of it.
    pub fn is_said(&self) -> bool {
        self.0.said.get()
    }

    /// Whether it waits for any of it.
    pub fn is_begun(&self) -> bool {
        self.is_said() || self.0.some.get().is_some()
    }

    /// How many bytes it has room for, if not for all.
    pub fn some(&self) -> usize {
        self.0.some.get().unwrap_or_default()
    }

    /// So many bytes are on their way to it.
    pub fn pass(&self, bytes: usize) {
        self.0.some.set(self.0.some.get().map(|some| some.saturating_sub(bytes)));
    }

    /// Another request begins.
    pub fn reset(&self) {
        self.0.said.set(false);
        self.0.some.set(None);
    }

    /// Has this woken when the handler says so.
    pub fn wait(&self, waker: &Waker) {
        match &mut *self.0.waiting.borrow_mut() {
            Some(known) => known.clone_from(waker),
            unknown => *unknown = Some(waker.clone()),
        }
    }
}
