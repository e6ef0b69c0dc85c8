//! The suites of the ports that the operating system implements.

use std::sync::Arc;

use stint_adapters::system::{Argon2Passwords, RandomSecrets, SystemClock, UuidV7Generator};
use stint_conformance::Fixture;
use stint_domain::access::ports::Secrets;
use stint_domain::people::ports::Passwords;
use stint_domain::{Clock, IdGenerator};

async fn clock() -> Fixture<dyn Clock> {
    Fixture::new(Arc::new(SystemClock), ())
}

async fn ids() -> Fixture<dyn IdGenerator> {
    Fixture::new(Arc::new(UuidV7Generator), ())
}

async fn secrets() -> Fixture<dyn Secrets> {
    Fixture::new(Arc::new(RandomSecrets), ())
}

async fn passwords() -> Fixture<dyn Passwords> {
    Fixture::new(Arc::new(Argon2Passwords::start().unwrap()), ())
}

stint_conformance::clock!(clock);
stint_conformance::id_generator!(ids);
stint_conformance::secrets!(secrets);
stint_conformance::passwords!(passwords);
