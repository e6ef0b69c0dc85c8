//! Answers every request with as many bytes as Stint would, and has nothing behind it: the limit that HTTP itself sets
//! on this machine. Same framework, same number of threads; no routes, no authentication, no JSON, no database.
//!
//! `bare_http ADDRESS JOB PAGE ENTRY BATCH`: where to listen, and the size of each answer's body in bytes.

use std::env;
use std::io::Error;

use actix_web::http::Method;
use actix_web::http::header::ContentType;
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};

#[derive(Clone)]
struct Bodies {
    job: Bytes,
    page: Bytes,
    entry: Bytes,
    batch: Bytes,
}

/// Takes the request's body, as whoever answers a POST has to.
async fn answer(request: HttpRequest, bodies: web::Data<Bodies>, _body: Bytes) -> HttpResponse {
    let (mut response, body) = match (request.method(), request.path()) {
        (&Method::POST, path) if path.ends_with("/batch") => (HttpResponse::Created(), &bodies.batch),
        (&Method::POST, _) => (HttpResponse::Created(), &bodies.entry),
        (_, path) if path.ends_with("/time-entries") => (HttpResponse::Ok(), &bodies.page),
        _ => (HttpResponse::Ok(), &bodies.job),
    };
    response.content_type(ContentType::json()).body(body.clone())
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = env::args().skip(1);
    let mut next = || arguments.next().ok_or_else(|| Error::other("usage: bare_http ADDRESS JOB PAGE ENTRY BATCH"));
    let address = next()?;
    let mut body = || Ok::<_, Error>(Bytes::from(vec![b'x'; next()?.parse().map_err(Error::other)?]));
    let bodies = web::Data::new(Bodies { job: body()?, page: body()?, entry: body()?, batch: body()? });
    HttpServer::new(move || App::new().app_data(bodies.clone()).default_service(web::to(answer)))
        .bind(address)?
        .run()
        .await
}
