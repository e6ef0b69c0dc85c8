//! Where plugins put the key: there are many ways, and for each there is a plugin that knows no other.

use actix_web::HttpRequest;
use actix_web::http::header;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use stint_domain::access::TokenSecret;

use crate::percent;

/// Some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The key, if there is one: from `Authorization`, else from `?api_key=`. Browsers and proxies may put something else
/// into the header.
pub(super) fn of(request: &HttpRequest) -> Option<String> {
    let mut lines = request.headers().get_all(header::AUTHORIZATION);
    lines.find_map(|line| in_header(line.to_str().ok()?)).or_else(|| in_query(request.query_string()))
}

fn in_header(line: &str) -> Option<String> {
    let (scheme, credentials) = line.split_once(' ')?;
    let credentials = credentials.trim();
    if scheme.eq_ignore_ascii_case("Basic") {
        usable(&decoded(credentials)?)
    } else if scheme.eq_ignore_ascii_case("Bearer") {
        usable(credentials).or_else(|| usable(&decoded(credentials)?))
    } else {
        None
    }
}

/// The key in lower case, if it has the form of one. Clients accept it in upper case too.
fn usable(key: &str) -> Option<String> {
    let key = key.trim().to_ascii_lowercase();
    TokenSecret::for_capture(&key).is_ok().then_some(key)
}

/// The user name, or the password if that is empty. There may be no colon.
fn decoded(credentials: &str) -> Option<String> {
    let text = String::from_utf8(BASE64.decode(credentials).ok()?).ok()?;
    match text.split_once(':') {
        Some(("", password)) => Some(password.to_owned()),
        Some((user, _)) => Some(user.to_owned()),
        None => Some(text),
    }
}

fn in_query(query: &str) -> Option<String> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("api_key="))?;
    usable(&percent::decode(value).ok()?)
}
