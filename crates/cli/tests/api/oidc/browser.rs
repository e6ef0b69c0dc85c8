//! A browser with its cookies, which follows redirects between the service and a provider, and fills in the provider's
//! forms.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::provider::HOME;
use crate::api::answer::Answer;
use crate::api::client::{Client, Request};

/// Its cookies at the service and at the provider.
#[derive(Clone)]
pub(super) struct Browser {
    service: Client,
    http: awc::Client,
    pub(super) cookies: BTreeMap<String, String>,
    at_provider: BTreeMap<String, String>,
}

impl Browser {
    pub(super) fn of(service: &Client) -> Self {
        let http = awc::Client::builder().timeout(Duration::from_mins(1)).disable_redirects().finish();
        Self { service: service.anonymous(), http, cookies: BTreeMap::new(), at_provider: BTreeMap::new() }
    }

    /// The answer of the service, whose cookies are kept.
    pub(super) async fn send(&mut self, request: Request) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = if cookies.is_empty() { request } else { request.header("cookie", cookies.join("; ")) };
        let answer = request.header("accept", "text/html,*/*;q=0.8").await;
        for line in answer.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, line)| line) {
            keep(&mut self.cookies, line);
        }
        answer
    }

    pub(super) async fn get(&mut self, target: &str) -> Answer {
        self.send(self.service.get(target)).await
    }

    /// Sends a form from a page of the service.
    pub(super) async fn post(&mut self, target: &str, form: &str) -> Answer {
        let request = self.service.request("POST", target).header("sec-fetch-site", "same-origin");
        self.send(request.body("application/x-www-form-urlencoded", form)).await
    }

    /// Begins a sign-in: where the service leads.
    pub(super) async fn leave(&mut self, target: &str) -> String {
        self.get(target).await.expect(303).header("location").unwrap().to_owned()
    }

    /// Begins what a form begins: where the page leads.
    pub(super) async fn leave_by_form(&mut self, form: &str) -> String {
        let page = self.post("/auth/oidc/start", form).await.expect(200);
        let rest = page.text().split_once("content=\"0; url=").unwrap_or_else(|| panic!("{page}")).1;
        rest.split('"').next().unwrap().replace("&amp;", "&")
    }

    /// Signs in at npm's provider with this name and agrees to everything: where the provider leads back to, at the
    /// service.
    pub(super) async fn visit(&mut self, url: &str, name: &str) -> String {
        let (mut url, mut form) = (url.to_owned(), None::<&str>);
        for _ in 0..12 {
            let (status, location, text) =
                self.exchange(&url, form.take().map(|form| form.replace("NAME", name))).await;
            if let Some(target) = location.strip_prefix(HOME) {
                return target.to_owned();
            }
            if matches!(status, 302 | 303) {
                url = if location.starts_with('/') { format!("{}{location}", origin(&url)) } else { location };
            } else if text.contains("name=\"login\"") {
                form = Some("prompt=login&login=NAME&password=any");
            } else if text.contains("value=\"consent\"") {
                form = Some("prompt=consent");
            } else {
                panic!("{status} at {url}: {text}");
            }
            if form.is_some() {
                let action = text.split_once("action=\"").unwrap_or_else(|| panic!("no form: {text}")).1;
                action.split('"').next().unwrap().clone_into(&mut url);
            }
        }
        panic!("the provider leads nowhere");
    }

    async fn exchange(&mut self, url: &str, form: Option<String>) -> (u16, String, String) {
        let cookies: Vec<_> = self.at_provider.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = if form.is_some() { self.http.post(url) } else { self.http.get(url) };
        let request = if cookies.is_empty() { request } else { request.insert_header(("cookie", cookies.join("; "))) };
        let mut answer = match form {
            Some(form) => {
                let typed = request.insert_header(("content-type", "application/x-www-form-urlencoded"));
                typed.send_body(form).await.unwrap()
            }
            None => request.send().await.unwrap(),
        };
        for line in answer.headers().get_all("set-cookie") {
            keep(&mut self.at_provider, line.to_str().unwrap());
        }
        let location = answer.headers().get("location").map(|it| it.to_str().unwrap().to_owned()).unwrap_or_default();
        let text = String::from_utf8_lossy(&answer.body().await.unwrap()).into_owned();
        (answer.status().as_u16(), location, text)
    }

    /// Signs in through npm's provider.
    pub(super) async fn sign_in(&mut self, name: &str) -> Answer {
        let url = self.leave("/auth/oidc/start").await;
        let back = self.visit(&url, name).await;
        self.get(&back).await
    }

    /// The handle of whoever is signed in here, if anybody is.
    pub(super) async fn handle(&mut self) -> Option<String> {
        let session = self.get("/api/v1/session").await;
        if session.status == 401 {
            return None;
        }
        session.expect(200).json()["person"]["handle"].as_str().map(str::to_owned)
    }

    /// Who is signed in here, and what they may do.
    pub(super) async fn session(&mut self) -> Value {
        self.get("/api/v1/session").await.expect(200).json()
    }
}

fn origin(url: &str) -> &str {
    let path = url.match_indices('/').nth(2).map_or(url.len(), |(at, _)| at);
    &url[..path]
}

/// Keeps what a `Set-Cookie` sets, or forgets what it takes away.
fn keep(cookies: &mut BTreeMap<String, String>, line: &str) {
    let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
    if value.is_empty() || line.contains("Max-Age=0") {
        cookies.remove(name);
    } else {
        cookies.insert(name.to_owned(), value.to_owned());
    }
}

/// The value of a parameter of a URL's query. The values here need no decoding.
pub(super) fn parameter<'u>(url: &'u str, name: &str) -> &'u str {
    let query = url.split_once('?').unwrap_or_else(|| panic!("no query: {url}")).1;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).unwrap_or_else(|| panic!("no {name}: {url}")).1
}
