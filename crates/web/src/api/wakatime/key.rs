//! Where plugins put the key: in one of many ways, each of which some plugin insists on.

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::header;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use stint_domain::TokenSecret;

use crate::percent;

/// Some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The key, if there is one: from `Authorization`, or else from `?api_key=`.
pub(super) fn of(request: &HttpRequest) -> Option<Cow<'_, str>> {
    let Some(line) = request.headers().get(header::AUTHORIZATION) else { return in_query(request.query_string()) };
    let (scheme, credentials) = line.to_str().ok()?.split_once(' ')?;
    let credentials = credentials.trim();
    if scheme.eq_ignore_ascii_case("Basic") {
        decoded(credentials).map(Cow::Owned)
    } else if scheme.eq_ignore_ascii_case("Bearer") {
        if TokenSecret::for_capture(credentials).is_ok() {
            return Some(Cow::Borrowed(credentials));
        }
        decoded(credentials).map(Cow::Owned)
    } else {
        None
    }
}

/// The user or, where that is empty, the password; also of one without a colon.
fn decoded(credentials: &str) -> Option<String> {
    let text = String::from_utf8(BASE64.decode(credentials).ok()?).ok()?;
    match text.split_once(':') {
        Some(("", password)) => Some(password.trim().to_owned()),
        Some((user, _)) => Some(user.trim().to_owned()),
        None => Some(text.trim().to_owned()),
    }
}

fn in_query(query: &str) -> Option<Cow<'_, str>> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("api_key="))?;
    percent::decode(value).ok()
}
