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
    waiting: RefCell<Option<Waker>>,
}

impl BodyWanted {
    /// The handler waits for the body.
    pub fn say(&self) {
        self.0.said.set(true);
        if let Some(waker) = self.0.waiting.take() {
            waker.wake();
        }
    }

    /// Whether it does.
    pub fn is_said(&self) -> bool {
        self.0.said.get()
    }

    /// Another request begins.
    pub fn reset(&self) {
        self.0.said.set(false);
    }

    /// Has this woken when the handler says so.
    pub fn wait(&self, waker: &Waker) {
        match &mut *self.0.waiting.borrow_mut() {
            Some(known) => known.clone_from(waker),
            unknown => *unknown = Some(waker.clone()),
        }
    }
}
