//! For whom time is logged: `created_by` in a body.

use stint_domain::ServiceError;
use stint_domain::access::Principal;
use stint_domain::people::Handle;
use stint_domain::people::services::AuthorError;
use stint_domain::values::Subject;

use crate::exchange::Call;
use crate::problem::{Code, FieldError, Problem};

impl Call {
    /// The subject of the person whom the body names at `pointer`.
    pub(super) async fn author(
        &self,
        principal: &Principal,
        handle: Handle,
        pointer: &str,
    ) -> Result<Subject, Problem> {
        self.api.people.authors.subject(principal, handle).await.map_err(|error| match error {
            ServiceError::Port(unknown @ AuthorError::Unknown(_)) => {
                let detail = unknown.to_string();
                Problem::new(Code::UnknownPerson, detail.clone()).with_errors(vec![FieldError::at(pointer, detail)])
            }
            ServiceError::Port(AuthorError::Backend(error)) => error.into(),
            ServiceError::Forbidden(missing) => missing.into(),
        })
    }
}
