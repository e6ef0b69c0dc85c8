//! The entity tag of a version: in double quotes, always strong, another whenever the representation is.

use std::fmt::Write as _;

use actix_web::http::header::HeaderValue;
use stint_domain::values::Version;

/// The entity tag of a version.
pub(crate) fn etag(version: Version) -> HeaderValue {
    let mut text = String::with_capacity(24);
    // Writing to a string never fails, and a number in quotes is always a header value.
    let _ = write!(text, "\"{version}\"");
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}
