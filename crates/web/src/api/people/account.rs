//! One's own account: `/api/v1/me` and `/api/v1/me/password`.

pub(in crate::api) mod routes;

use actix_web::HttpResponse;
use stint_domain::people::services::AccountChanges;
use stint_domain::people::{Email, Password, PersonName, WeekStart};
use stint_domain::values::Zone;

use crate::api::answer;
use crate::auth::Anybody;
use crate::conditional::{self, ReadCondition};
use crate::exchange::{Answer, Call};
use crate::input::{AttemptedPassword, input};
use crate::media::Media;
use crate::query::Query;

pub(in crate::api) const ME: &str = "/api/v1/me";

input! {
    /// The fields of one's own account to change; what is absent stays.
    pub(crate) struct AccountPatch {
        /// Another name.
        optional name: PersonName;
        /// Another address; null takes it away.
        optional email: Option<Email>;
        /// Another zone.
        optional time_zone: Zone, example "Europe/Berlin";
        /// Another first day of weeks.
        optional week_starts_on: WeekStart;
    }
}

input! {
    /// A new password, and the old one.
    pub(crate) struct PasswordInput {
        /// The password until now.
        required old_password: AttemptedPassword, example "correct horse battery staple";
        /// The new one: 10 to 256 characters, and not easy to guess.
        required new_password: Password, example "Tr0ubadour & 3 cellos";
    }
}

impl From<AccountPatch> for AccountChanges {
    fn from(patch: AccountPatch) -> Self {
        let AccountPatch { name, email, time_zone, week_starts_on } = patch;
        Self { name, email, time_zone, week_starts_on }
    }
}

async fn read(call: Call) -> Answer {
    let principal = call.principal(Anybody).await?;
    Query::none(&call.request)?;
    let condition = ReadCondition::of(call.headers())?;
    let person = call.api.people.account.read(&principal).await?;
    answer::read(&call, &person, &condition)
}

async fn patch(call: Call) -> Answer {
    let principal = call.principal(Anybody).await?;
    Query::none(&call.request)?;
    let precondition = conditional::for_write(call.headers())?;
    let patch: AccountPatch = call.input(Media::MergePatch).await?;
    let person = call.api.people.account.update(&principal, patch.into(), precondition).await?;
    answer::own(&call, &person)
}

async fn change_password(call: Call) -> Answer {
    let principal = call.principal(Anybody).await?;
    Query::none(&call.request)?;
    let PasswordInput { old_password: AttemptedPassword(old), new_password } = call.input(Media::Json).await?;
    let passwords = (old, new_password);
    call.api.people.account.change_password(&principal, call.client(), passwords).await?;
    Ok(HttpResponse::NoContent().finish())
}
