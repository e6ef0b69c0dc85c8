//! What requests to one resource have in common.

use std::rc::Rc;
use std::str::FromStr;

use stint_domain::access::Principal;
use stint_domain::ledger::Precondition;
use stint_domain::values::IdError;

use crate::auth::Needed;
use crate::conditional;
use crate::exchange::Call;
use crate::input::Object;
use crate::media::Media;
use crate::problem::Problem;
use crate::query::Query;

impl Call {
    /// Who is acting, and the id of the path. Refuses query parameters.
    pub(super) async fn on<I: FromStr<Err = IdError>>(
        &self,
        needed: impl Needed,
    ) -> Result<(Rc<Principal>, I), Problem> {
        let (principal, id) = (self.principal(needed).await?, self.id()?);
        Query::none(&self.request)?;
        Ok((principal, id))
    }

    /// The same for a change that may have a condition.
    pub(super) async fn changing<I: FromStr<Err = IdError>>(
        &self,
        needed: impl Needed,
    ) -> Result<(Rc<Principal>, I, Precondition), Problem> {
        let (principal, id) = self.on(needed).await?;
        Ok((principal, id, conditional::for_write(self.headers())?))
    }

    /// Reads a body that [`input!`](crate::input::input) declares.
    pub(super) async fn input<T: for<'j> Object<'j>>(&self, media: Media) -> Result<T, Problem> {
        self.body(media, self.api.limits.body_bytes).await?.parse(T::read).await
    }
}
