//! Repeatable random numbers: a small generator (`SplitMix64`) with a seed for each client.

use std::cell::Cell;

pub(super) struct Dice(Cell<u64>);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(Cell::new(seed))
    }

    /// A number below `bound`.
    pub(super) fn below(&self, bound: usize) -> usize {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap_or_default()
    }

    pub(super) fn pick<'a, T>(&self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}
