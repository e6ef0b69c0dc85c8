//! What requests to one resource have in common.

use std::rc::Rc;
use std::str::FromStr;

use stint_domain::access::{Principal, Scope};
use stint_domain::ledger::Precondition;
use stint_domain::values::IdError;

use crate::conditional;
use crate::exchange::Call;
use crate::input::Object;
use crate::media::Media;
use crate::problem::Problem;
use crate::query::Query;

/// A request to change one resource, and its condition.
pub(super) struct Change<I> {
    pub(super) principal: Rc<Principal>,
    pub(super) id: I,
    pub(super) precondition: Precondition,
}

impl<I: FromStr<Err = IdError>> Change<I> {
    /// Refuses query parameters.
    pub(super) async fn of(call: &Call) -> Result<Self, Problem> {
        let (principal, id) = call.on(Scope::Write).await?;
        Ok(Self { principal, id, precondition: conditional::for_write(call.headers())? })
    }
}

impl Call {
    /// Who is acting, and the id of the path. Refuses query parameters.
    pub(super) async fn on<I: FromStr<Err = IdError>>(&self, scope: Scope) -> Result<(Rc<Principal>, I), Problem> {
        let (principal, id) = (self.principal(scope).await?, self.id()?);
        Query::none(&self.request)?;
        Ok((principal, id))
    }

    /// Reads a body that [`input!`](crate::input::input) declares.
    pub(super) async fn input<T: for<'j> Object<'j>>(&self, media: Media) -> Result<T, Problem> {
        self.body(media, self.api.limits.body_bytes).await?.parse(T::read).await
    }
}
