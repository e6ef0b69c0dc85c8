//! What the operating system provides: the time, identifiers, random secrets; and the hashing of passwords.
//!
//! The only module that may read the clock or make ids from it; everything else uses the ports.

mod clock;
mod id_generator;
mod passwords;
mod secrets;

pub use clock::SystemClock;
pub use id_generator::UuidV7Generator;
pub use passwords::Argon2Passwords;
pub use secrets::RandomSecrets;

/// The name of this backend in errors.
const BACKEND: &str = "system";
