//! What a URL, the environment and files say about servers, logins and TLS.

mod certificates;
mod hosts;
mod tls;

use stint_adapters::postgres::test_database::connect;
