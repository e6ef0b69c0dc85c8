//! The entity tag of a version: in double quotes, and always strong.

use std::fmt::Write as _;

use actix_web::http::header::HeaderValue;
use stint_domain::values::Version;

pub(crate) fn etag(version: Version) -> HeaderValue {
    let mut text = String::with_capacity(24);
    // Writing to a string never fails, and a number in quotes is a valid header value.
    let _ = write!(text, "\"{version}\"");
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}
