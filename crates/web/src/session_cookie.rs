//! The cookie that carries a session's secret (RFC 6265).
//!
//! It is `HttpOnly`, so no script reads it, and `SameSite=Lax`. Over TLS its name has a prefix by which browsers hold it to
//! this host, or at least to TLS. A second cookie carries what a browser keeps while its user is at the provider.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use stint_domain::access::services::Authenticator;

use crate::surface::Surface;

/// The cookie's name at this service.
pub(crate) const fn name_of(secure: bool, at_root: bool) -> &'static str {
    match (secure, at_root) {
        (true, true) => "__Host-stint",
        (true, false) => "__Secure-stint",
        (false, _) => "stint",
    }
}

/// What the name of the second cookie has after that of the first.
const KEPT: &str = "-oidc";
/// How long a sign-in at the provider may take.
const KEPT_FOR: Duration = Duration::from_mins(10);

/// The value of the cookie with this name.
fn value_of<'r>(name: &str, headers: &'r HeaderMap) -> Option<&'r str> {
    let pairs = headers.get_all(header::COOKIE).filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

impl Surface {
    fn cookie_name(&self) -> &'static str {
        name_of(self.public_url.is_secure(), self.base_path.as_str().is_empty())
    }

    /// The secret of the session, if the request has the cookie.
    pub(crate) fn session_of<'r>(&self, headers: &'r HeaderMap) -> Option<&'r str> {
        value_of(self.cookie_name(), headers)
    }

    /// Gives the browser this session, for as long as one may last.
    pub(crate) fn begin_session(&self, response: &mut HttpResponse, secret: &str) {
        self.set(response, "", secret, Authenticator::SESSION_LONGEST);
    }

    /// Gives the browser this session, for which a provider vouched.
    pub(crate) fn begin_session_of_provider(&self, response: &mut HttpResponse, secret: &str) {
        self.set(response, "", secret, Authenticator::SESSION_OF_PROVIDER);
    }

    /// Takes the session away from the browser.
    pub(crate) fn end_session(&self, response: &mut HttpResponse) {
        self.set(response, "", "", Duration::ZERO);
    }

    /// What the browser keeps while its user is at the provider, if the request has it.
    pub(crate) fn kept_of<'r>(&self, headers: &'r HeaderMap) -> Option<&'r str> {
        value_of(&format!("{}{KEPT}", self.cookie_name()), headers)
    }

    /// Lets the browser keep this while its user is at the provider.
    pub(crate) fn keep(&self, response: &mut HttpResponse, kept: &str) {
        self.set(response, KEPT, kept, KEPT_FOR);
    }

    /// Takes it away again.
    pub(crate) fn keep_no_longer(&self, response: &mut HttpResponse) {
        self.set(response, KEPT, "", Duration::ZERO);
    }

    fn set(&self, response: &mut HttpResponse, suffix: &str, value: &str, lasts: Duration) {
        let max_age = lasts.as_secs();
        let path = if self.base_path.as_str().is_empty() { "/" } else { self.base_path.as_str() };
        let secure = if self.public_url.is_secure() { "; Secure" } else { "" };
        let name = self.cookie_name();
        let text = format!("{name}{suffix}={value}; Path={path}; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}");
        if let Ok(mut value) = HeaderValue::try_from(text) {
            value.set_sensitive(true);
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CorsOrigins, PublicUrl};

    fn surface(public_url: &str, base_path: &str) -> Surface {
        let base_path = base_path.to_owned().try_into().unwrap();
        let public_url: PublicUrl = public_url.to_owned().try_into().unwrap();
        Surface::new(base_path, CorsOrigins::default()).reached_at(public_url)
    }

    fn set(surface: &Surface) -> String {
        let mut response = HttpResponse::Ok().finish();
        surface.begin_session(&mut response, "secret");
        response.headers().get(header::SET_COOKIE).unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn the_cookie_is_held_as_tightly_as_the_address_allows() {
        let rest = "Max-Age=7776000; HttpOnly; SameSite=Lax";
        let set = |url, base| set(&surface(url, base));
        assert_eq!(set("https://h", ""), format!("__Host-stint=secret; Path=/; {rest}; Secure"));
        assert_eq!(set("https://h", "/time"), format!("__Secure-stint=secret; Path=/time; {rest}; Secure"));
        assert_eq!(set("http://h", ""), format!("stint=secret; Path=/; {rest}"));
        assert_eq!(set("", "/time"), format!("stint=secret; Path=/time; {rest}"));
    }

    #[test]
    fn the_secret_is_read_from_the_cookie_of_this_name_alone() {
        let read = |url: &str, lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::COOKIE, HeaderValue::from_str(line).unwrap());
            }
            surface(url, "").session_of(&headers).map(str::to_owned)
        };
        assert_eq!(read("https://h", &["a=b; __Host-stint=s; c=d"]).as_deref(), Some("s"));
        assert_eq!(read("https://h", &["a=b", "__Host-stint=s"]).as_deref(), Some("s"));
        assert_eq!(read("https://h", &["stint=s"]), None, "a cookie that a subdomain could have set");
        assert_eq!(read("http://h", &["stint=s"]).as_deref(), Some("s"));
        assert_eq!(read("http://h", &["xstint=s; stint"]), None);
    }
}
