//! The user of a key. Plugins ask for it first; without an answer they say that nobody is signed in.

use serde::Serialize;
use stint_domain::access::Capturer;
use utoipa::ToSchema;
use uuid::Uuid;

/// The user of the key.
#[derive(Serialize, ToSchema)]
#[schema(as = WakaTimeUser)]
pub(crate) struct UserBody<'a> {
    data: User<'a>,
}

/// For whom the token acts. There are no addresses or pictures here.
#[derive(Serialize, ToSchema)]
#[schema(as = WakaTimeUserData)]
struct User<'a> {
    /// The token's id.
    id: Uuid,
    /// The token's subject, as in the other names.
    username: &'a str,
    display_name: &'a str,
    full_name: &'a str,
    #[schema(required)]
    email: Option<&'a str>,
    #[schema(required)]
    photo: Option<&'a str>,
    /// The token's time zone.
    timezone: &'static str,
    /// The token's gap, in minutes.
    timeout: u32,
}

impl<'a> UserBody<'a> {
    pub(super) fn of(capturer: &'a Capturer) -> Self {
        let name = capturer.subject.as_str();
        let data = User {
            id: capturer.token.as_uuid(),
            username: name,
            display_name: name,
            full_name: name,
            email: None,
            photo: None,
            timezone: capturer.rule.zone.as_str(),
            timeout: capturer.rule.gap.as_secs().div_ceil(60),
        };
        Self { data }
    }
}
