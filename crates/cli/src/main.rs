//! The one binary of Stint: settings, logs, metrics, one file per command, and the wiring of all layers.
//!
//! Data goes to stdout, logs and complaints to stderr. Exit status 0 means done, 1 that it was not, 2 that the command
//! line was not understood. What another front end would want, too, belongs in the domain's services, not here.

mod background;
mod commands;
mod memory;
mod metrics;
mod open_files;
mod output;
mod probe;
mod server;
mod service_manager;
mod settings;
mod telemetry;
mod version;
mod wiring;

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

/// Requests allocate small things on one thread and free them on another, which this one does with less.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let cli = commands::Cli::parse();
    let system = actix_web::rt::System::new();
    let status = system.block_on(cli.run()).unwrap_or_else(|error| output::failure(&error));
    // Dropped, it would wait for whatever a thread still asks of a database, for as long as that takes.
    std::mem::forget(system);
    status
}
