//! Serves the storage: the first argument says where, 127.0.0.1:8080 unless given.

use std::env;
use std::error::Error;
use std::sync::Arc;

use actix_web::HttpServer;
use prometheus_client::registry::Registry;
use stint_domain::HealthCheck;

use stint_adapter_template::Store;
use stint_adapter_template::api::{api, first_token};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let store = Arc::new(Store::default());
    store.check().await?;
    let api = api(&store, &mut Registry::default());
    let server = HttpServer::new(move || stint_web::app(api.clone())).bind(&address)?;
    // This storage begins empty each time. One that does not gets a command of its own for the first token.
    let secret = first_token(store).await?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    println!("an admin token: {secret}");
    Ok(server.run().await?)
}
