//! A client of the API: requests through `awc`, one after the other or many at once.
//!
//! Every answer is checked against the OpenAPI document when it arrives, so that the whole suite tests the document
//! too. Requests that `awc` refuses to send, such as malformed HTTP, are in [`super::raw`].

use std::future::{Future, IntoFuture};
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use actix_web::http::Method;
use awc::error::SendRequestError;
use serde_json::Value;

use super::answer::Answer;
use super::contract;

/// A consumer with a token (or none) and connections of its own.
#[derive(Clone)]
pub(super) struct Client {
    address: SocketAddr,
    token: Option<String>,
    http: awc::Client,
}

/// A request that is sent when it is awaited.
#[must_use = "a request is sent when it is awaited"]
pub(super) struct Request {
    client: Client,
    method: Method,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Client {
    /// Far longer than the server's own limits: a request that takes so long is stuck.
    const PATIENCE: Duration = Duration::from_mins(1);

    pub(super) fn new(address: SocketAddr, token: &str) -> Self {
        let connector = awc::Connector::new().timeout(Self::PATIENCE).limit(1000);
        let http = awc::Client::builder().connector(connector).timeout(Self::PATIENCE).disable_redirects().finish();
        Self { address, token: Some(token.to_owned()), http }
    }

    /// The same consumer with another token.
    pub(super) fn with_token(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// The same consumer without a token.
    pub(super) fn anonymous(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The value of the `Authorization` header, for requests written by hand.
    pub(super) fn authorization(&self) -> String {
        self.token.as_ref().map(|token| format!("Bearer {token}")).unwrap_or_default()
    }

    /// A request with any method. `target` is the part after `/api/v1`, a whole path from the server, or a path that
    /// has no base path.
    pub(super) fn request(&self, method: &str, target: impl AsRef<str>) -> Request {
        let target = target.as_ref();
        let target = match target.split(['/', '?']).nth(1) {
            Some("jobs" | "time-entries" | "capture-tokens" | "pings" | "tasks") => format!("/api/v1{target}"),
            _ => target.to_owned(),
        };
        let headers = self.token.iter().map(|token| ("authorization".to_owned(), format!("Bearer {token}"))).collect();
        Request { client: self.clone(), method: method.parse().unwrap(), target, headers, body: Vec::new() }
    }

    pub(super) fn get(&self, target: impl AsRef<str>) -> Request {
        self.request("GET", target)
    }

    pub(super) fn head(&self, target: impl AsRef<str>) -> Request {
        self.request("HEAD", target)
    }

    pub(super) fn delete(&self, target: impl AsRef<str>) -> Request {
        self.request("DELETE", target)
    }

    pub(super) fn post(&self, target: impl AsRef<str>, body: &Value) -> Request {
        self.request("POST", target).json(body)
    }

    pub(super) fn put(&self, target: impl AsRef<str>, body: &Value) -> Request {
        self.request("PUT", target).json(body)
    }

    pub(super) fn patch(&self, target: impl AsRef<str>, body: &Value) -> Request {
        self.request("PATCH", target).json(body).header("content-type", "application/merge-patch+json")
    }
}

impl Request {
    /// Sets a header, in place of an earlier one of that name.
    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub(super) fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    /// Sends the request to a server that may not be there.
    pub(super) async fn attempt(self) -> Result<Answer, SendRequestError> {
        let url = format!("http://{}{}", self.client.address, self.target);
        let mut request = self.client.http.request(self.method.clone(), url);
        for (name, value) in &self.headers {
            request = request.append_header((name.as_str(), value.as_bytes()));
        }
        let mut response = request.no_decompress().send_body(self.body).await?;
        let body = response.body().limit(64 << 20).await.map_err(|error| SendRequestError::Body(Box::new(error)))?;
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        let answer = Answer { status: response.status().as_u16(), headers: headers.collect(), body: body.to_vec() };
        contract::check(self.method.as_str(), &self.target, &answer);
        Ok(answer)
    }
}

impl IntoFuture for Request {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let what = format!("{} {}", self.method, self.target);
            self.attempt().await.unwrap_or_else(|error| panic!("{what} got no answer: {error}"))
        })
    }
}
