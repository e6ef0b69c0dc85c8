//! How a clause becomes a test: one runtime and one fresh fixture for each.
//!
//! A clause is a public `async fn` that takes a fixture and panics when the duty is broken. The macro that an
//! adapter's author calls has the only list of a suite's clauses; a test of this crate keeps the lists complete.

use std::any::Any;
use std::collections::HashSet;
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::sync::Arc;

use stint_domain::Page;
use tokio::runtime::Builder;

/// One port of an adapter, over a fresh backend. Clones are handles to the same backend.
pub struct Fixture<P: ?Sized> {
    /// The port to test.
    pub port: Arc<P>,
    /// Keeps the backend alive, and may remove it when dropped. It stands below the port because it must be dropped
    /// last.
    pub guard: Arc<dyn Any + Send + Sync>,
}

impl<P: ?Sized> Fixture<P> {
    /// A port, and what keeps its backend alive (`()` if nothing has to).
    pub fn new(port: Arc<P>, guard: impl Any + Send + Sync) -> Self {
        Self { port, guard: Arc::new(guard) }
    }
}

impl<P: ?Sized> Clone for Fixture<P> {
    fn clone(&self) -> Self {
        Self { port: self.port.clone(), guard: self.guard.clone() }
    }
}

/// All items of a listing, page by page. `page` reads the page after a cursor; it may do more beside that.
pub(crate) async fn walk<T, C, F>(mut page: impl FnMut(Option<C>) -> F) -> Vec<T>
where
    C: Copy + Debug + PartialEq,
    F: Future<Output = Page<T, C>>,
{
    let (mut items, mut after) = (Vec::new(), None);
    loop {
        let Page { items: more, next } = page(after).await;
        items.extend(more);
        match next {
            // Otherwise a cursor before its own row would be followed for ever.
            Some(next) => assert_ne!(after.replace(next), Some(next), "the next page starts further on"),
            None => return items,
        }
    }
}

/// The outcome of a write; `None` when it was refused for this reason. Any other refusal fails the clause.
macro_rules! unless_refused {
    ($written:expr, $refusal:pat $(if $guard:expr)?) => {
        match $written {
            Ok(outcome) => Some(outcome),
            Err($refusal) $(if $guard)? => None,
            Err(error) => panic!("{error:?}"),
        }
    };
}
pub(crate) use unless_refused;

/// The ids that a walk saw, none of them twice.
pub(crate) fn each_once<I: Copy + Eq + Hash + Display>(ids: impl Iterator<Item = I>) -> HashSet<I> {
    let mut seen = HashSet::new();
    for id in ids {
        assert!(seen.insert(id), "{id} was seen twice");
    }
    seen
}

/// Runs one clause on a fresh fixture, on a runtime with several threads.
///
/// The runtime ends before the fixture is dropped. So a guard that removes a database does so when nothing uses the
/// database any more, whether the clause passed or not.
pub fn run<F: Clone>(factory: impl AsyncFnOnce() -> F, clause: impl AsyncFnOnce(F)) {
    let mut fixture = None;
    let runtime = Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime for the clause");
    runtime.block_on(async {
        let fixture = fixture.insert(factory().await);
        clause(fixture.clone()).await;
    });
}

/// Makes one `#[test]` of each clause. The path of a module comes first, then its clauses.
#[doc(hidden)]
#[macro_export]
macro_rules! clauses {
    ($factory:expr; $($module:tt { $($clause:ident),+ $(,)? })+) => {
        $($($crate::clause! { $factory, $module, $clause })+)+
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! clause {
    ($factory:expr, ($($module:tt)+), $clause:ident) => {
        #[test]
        fn $clause() {
            $crate::suite::run($factory, $crate::$($module)+::$clause);
        }
    };
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::{fs, iter};

    /// A clause that no macro names would never run.
    #[test]
    fn every_public_async_fn_of_a_suite_is_named_in_its_macro_once() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let files = files_under(&root);
        let sources: Vec<String> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
        let lines = || sources.iter().flat_map(|source| source.lines());
        let clauses: Vec<&str> = lines()
            .filter_map(|line| line.strip_prefix("pub async fn ")?.split_once('(').map(|(name, _)| name))
            .collect();
        assert!(clauses.len() > 100, "the clauses are found");
        for clause in clauses {
            let named = lines().filter(|line| line.trim() == format!("{clause},")).count();
            assert_eq!(named, 1, "{clause} is named in {named} suites");
        }
    }

    fn files_under(folder: &Path) -> Vec<std::path::PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { files_under(&path) } else { iter::once(path).collect() }).collect()
    }
}
