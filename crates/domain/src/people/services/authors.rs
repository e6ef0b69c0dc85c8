//! For whom time is logged.

use std::sync::Arc;

use thiserror::Error;

use crate::access::{Principal, Scope};
use crate::people::ports::PersonRepository;
use crate::people::ports::person::Account;
use crate::people::{Handle, PersonStatus};
use crate::values::Subject;
use crate::{BackendError, ServiceError};

/// Why time is not logged for somebody.
#[derive(Debug, Clone, Error)]
pub enum AuthorError {
    /// Nobody has this handle, or the person is deactivated.
    #[error("there is no active person {0}")]
    Unknown(Handle),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// The people for whom time is logged: oneself, and others with `write`.
#[derive(Clone)]
pub struct Authors {
    people: Arc<dyn PersonRepository>,
}

impl Authors {
    /// Over this port.
    pub fn new(people: &Arc<dyn PersonRepository>) -> Self {
        Self { people: people.clone() }
    }

    /// The subject under which the principal logs time of the person with this handle, in whatever case.
    pub async fn subject(&self, principal: &Principal, handle: Handle) -> Result<Subject, ServiceError<AuthorError>> {
        if handle.folded() == Handle::folded_subject(&principal.subject) {
            return Ok(principal.subject.clone());
        }
        // A caller who may not log for others does not learn who there is.
        principal.require(Scope::Write)?;
        let found = self.people.find_account(handle.clone()).await;
        match found.map_err(|error| ServiceError::Port(error.into()))? {
            Some(Account { person, .. }) if person.status == PersonStatus::Active => {
                Ok(person.handle.subject().clone())
            }
            _ => Err(ServiceError::Port(AuthorError::Unknown(handle))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::ports::MockPersonRepository;
    use crate::test::principal;

    fn authors(people: MockPersonRepository) -> Authors {
        Authors { people: Arc::new(people) }
    }

    /// The mock has no expectations: a call that reaches it fails the test.
    #[tokio::test]
    async fn oneself_is_not_looked_up_and_others_need_write() {
        let authors = authors(MockPersonRepository::new());
        let own = principal("own");
        assert_eq!(authors.subject(&own, Handle::new("ADA").unwrap()).await.unwrap(), own.subject);
        let refused = authors.subject(&own, Handle::new("eve").unwrap()).await;
        assert!(matches!(refused, Err(ServiceError::Forbidden(_))));
    }

    #[tokio::test]
    async fn a_handle_that_nobody_has_is_refused() {
        let mut people = MockPersonRepository::new();
        people.expect_find_account().return_once(|_| Ok(None));
        let refused = authors(people).subject(&principal("write"), Handle::new("eve").unwrap()).await;
        assert!(matches!(refused, Err(ServiceError::Port(AuthorError::Unknown(_)))));
    }
}
