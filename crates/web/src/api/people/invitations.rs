//! Links: `/api/v1/invitations`.

pub(in crate::api) mod routes;

use stint_domain::people::Password;

use super::session::{NO_REPLAY, begun};
use crate::exchange::{Answer, Call};
use crate::idempotency;
use crate::input::{SentSecret, input};
use crate::media::Media;
use crate::query::Query;

pub(in crate::api) const INVITATIONS: &str = "/api/v1/invitations";

input! {
    /// A link, and the password that it sets.
    pub(crate) struct AcceptInput {
        /// The secret in the link.
        required secret: SentSecret, example "stint_invitation_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
        /// The new password: 10 to 256 characters, and not easy to guess.
        required password: Password, example "correct horse battery staple";
    }
}

async fn accept(call: Call) -> Answer {
    call.api.surface.require_same_origin(&call.request)?;
    Query::none(&call.request)?;
    idempotency::none(&call.request, NO_REPLAY)?;
    let AcceptInput { secret: SentSecret(secret), password } = call.input(Media::Json).await?;
    begun(&call, &call.api.people.sessions.accept(&secret, password).await?)
}
