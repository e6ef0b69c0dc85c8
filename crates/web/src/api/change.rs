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

/// A change of one resource, if its state is the one expected.
pub(super) struct Change<I> {
    pub(super) principal: Rc<Principal>,
    pub(super) id: I,
    pub(super) precondition: Precondition,
}

impl<I: FromStr<Err = IdError>> Change<I> {
    /// Who changes what under which condition, where no query parameters are taken.
    pub(super) async fn of(call: &Call) -> Result<Self, Problem> {
        let (principal, id) = call.on(Scope::Write).await?;
        Ok(Self { principal, id, precondition: conditional::for_write(call.headers())? })
    }
}

impl Call {
    /// Who acts on which resource, where no query parameters are taken.
    pub(super) async fn on<I: FromStr<Err = IdError>>(&self, scope: Scope) -> Result<(Rc<Principal>, I), Problem> {
        let (principal, id) = (self.principal(scope).await?, self.id()?);
        Query::none(&self.request)?;
        Ok((principal, id))
    }

    /// The body that [`input!`](crate::input::input) declares.
    pub(super) async fn input<T: for<'j> Object<'j>>(&self, media: Media) -> Result<T, Problem> {
        self.body(media, self.api.limits.body_bytes).await?.parse(T::read).await
    }
}
