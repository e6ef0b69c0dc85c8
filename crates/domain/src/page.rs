//! Pages of a listing. Cursors are typed here; only the web crate turns them into the opaque text that clients see.

use thiserror::Error;

/// One page, and where the next one starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, C> {
    /// Never more items than the caller asked for.
    pub items: Vec<T>,
    /// The place after the last item; `None` on the last page.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// Makes a page of the first `size` of `items`. A backend fetches one item more than the page holds, so that it
    /// knows whether another page follows.
    pub fn of(mut items: Vec<T>, size: PageSize, cursor: impl FnOnce(&T) -> C) -> Self {
        let more = items.len() > size.get();
        items.truncate(size.get());
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }

    /// The same page of other items.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U, C> {
        Page { items: self.items.into_iter().map(f).collect(), next: self.next }
    }
}

/// Declares the place in a listing right after an item: the listing's key, and the id, which breaks ties.
macro_rules! cursor {
    ($(#[$doc:meta])* $name:ident: after $item:ty, by $key:ident: $key_type:ty, id: $id_type:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            #[doc = concat!("The item's `", stringify!($key), "`.")]
            pub $key: $key_type,
            /// The item's id, which breaks ties.
            pub id: $id_type,
        }

        impl From<&$item> for $name {
            fn from(item: &$item) -> Self {
                Self { $key: item.$key, id: item.id }
            }
        }
    };
}
pub(crate) use cursor;

/// The most items on a page: 1 to 200, by default 50.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PageSize(u16);

/// A page size outside 1 to 200.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be a whole number from 1 to {}", PageSize::MAX)]
pub struct PageSizeError;

impl PageSize {
    /// The largest allowed page size.
    pub const MAX: u16 = 200;

    /// [`Self::MAX`] as a page size.
    pub const LARGEST: Self = Self(Self::MAX);

    /// Takes a number from 1 to 200.
    pub fn new(size: u64) -> Result<Self, PageSizeError> {
        match u16::try_from(size) {
            Ok(size @ 1..=Self::MAX) => Ok(Self(size)),
            _ => Err(PageSizeError),
        }
    }

    /// Between 1 and [`Self::MAX`].
    pub const fn get(self) -> usize {
        self.0 as usize
    }

    /// How many rows to fetch: one more than the page holds, to know whether another page follows.
    pub const fn with_lookahead(self) -> i64 {
        self.0 as i64 + 1
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(50)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_next_only_when_something_follows() {
        let two = PageSize::new(2).unwrap();
        assert_eq!(Page::of(vec![1, 2, 3], two, |&i| i), Page { items: vec![1, 2], next: Some(2) });
        assert_eq!(Page::of(vec![1, 2], two, |&i| i), Page { items: vec![1, 2], next: None });
        assert_eq!(PageSize::new(0), Err(PageSizeError));
        assert_eq!(PageSize::new(201), Err(PageSizeError));
    }
}
