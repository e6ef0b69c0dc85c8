//! What a service on an asynchronous Postgres driver does when it does nothing else: one statement per request, and the
//! answer as JSON. Framework, number of threads and the members of the answers are Stint's. There is no authentication,
//! no `ETag`, no limit, no answer to a repeated key, and no check beyond what the types and the schema make.
//!
//! `bare_async ADDRESS DATABASE_URL WRITERS`: where to listen, the database of a ledger, and how many connections each HTTP
//! worker has for writes alone.

mod bodies;
mod database;

use std::env;
use std::error::Error;

use actix_web::web::{self, Data, Json, Path};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use self::bodies::{Batch, Draft, Entry, Job, Page, Results, Stored};
use self::database::Database;

const PAGE: usize = 50;

/// What fails is answered 500, with which the run fails.
type Answer = Result<HttpResponse, Box<dyn Error>>;

async fn read_job(database: Data<Database>, job: Path<Uuid>) -> Answer {
    let connection = database.reader();
    Ok(match connection.client.query_opt(&connection.read_job, &[&*job]).await? {
        Some(row) => HttpResponse::Ok().json(Job::of(&row)?),
        None => HttpResponse::NotFound().finish(),
    })
}

async fn first_page(database: Data<Database>, job: Path<Uuid>) -> Answer {
    let connection = database.reader();
    let rows = connection.client.query(&connection.first_page, &[&*job]).await?;
    let items = rows.iter().take(PAGE).map(Entry::of).collect::<Result<Vec<_>, _>>()?;
    let last = items.last().filter(|_| rows.len() > PAGE);
    let next_cursor = last.map(|last| format!("{}.{}", last.date_stamp, last.id.simple()));
    Ok(HttpResponse::Ok().json(Page { items, next_cursor }))
}

async fn log_time(request: HttpRequest, database: Data<Database>, job: Path<Uuid>, draft: Json<Draft>) -> Answer {
    let entry = Entry::new(&draft, *job);
    let answer = serde_json::to_string(&entry)?;
    let key = request.headers().get("idempotency-key").map(|key| key.to_str()).transpose()?;
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![
        &entry.id,
        &entry.related_job,
        &entry.minutes_worked,
        &entry.date_stamp,
        &entry.work_summary,
        &entry.created_at,
    ];
    let connection = database.writer();
    let statement = match &key {
        None => &connection.log_time,
        Some(key) => {
            values.extend([key as &(dyn ToSql + Sync), &answer]);
            &connection.log_time_with_key
        }
    };
    Ok(match connection.client.execute(statement, &values).await? {
        0 => HttpResponse::NotFound().finish(),
        _ => HttpResponse::Created().content_type("application/json").body(answer),
    })
}

/// If a job takes no time, the entries of the others are stored nevertheless; no workload has such a job.
async fn log_batch(database: Data<Database>, batch: Json<Batch>) -> Answer {
    let entries: Vec<_> = batch.items.iter().map(|item| Entry::new(item, item.related_job)).collect();
    let values: [&(dyn ToSql + Sync); 6] = [
        &entries.iter().map(|entry| entry.id).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.related_job).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.minutes_worked).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.date_stamp).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.work_summary).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.created_at).collect::<Vec<_>>(),
    ];
    let connection = database.writer();
    let stored = connection.client.execute(&connection.log_batch, &values).await?;
    if usize::try_from(stored)? != entries.len() {
        return Ok(HttpResponse::NotFound().finish());
    }
    let results = entries.into_iter().map(|time_entry| Stored { status: 201, time_entry }).collect();
    Ok(HttpResponse::Created().json(Results { results }))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut next = || arguments.next().ok_or("usage: bare_async ADDRESS DATABASE_URL WRITERS");
    let (address, url, writers) = (next()?, next()?, next()?.parse()?);
    let app = move || {
        let url = url.clone();
        App::new()
            .data_factory(move || Database::connect(url.clone(), writers))
            .route("/api/v1/jobs/{job}", web::get().to(read_job))
            .route("/api/v1/jobs/{job}/time-entries", web::get().to(first_page))
            .route("/api/v1/jobs/{job}/time-entries", web::post().to(log_time))
            .route("/api/v1/time-entries/batch", web::post().to(log_batch))
    };
    Ok(HttpServer::new(app).bind(address)?.run().await?)
}
