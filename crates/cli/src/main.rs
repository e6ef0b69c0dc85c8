//! The one binary of Stint: settings, logs, metrics, one file per command, and the wiring of all layers.
//!
//! Data goes to stdout, logs and errors to stderr. Exit status 0 means success, 1 failure, 2 that the command line was
//! not understood. Logic that another front end would need belongs in the domain's services, not here.

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

/// Requests allocate small objects on one thread and free them on another; this allocator is cheaper at that.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let cli = commands::Cli::parse();
    let system = actix_web::rt::System::new();
    let status = system.block_on(cli.run()).unwrap_or_else(|error| output::failure(&error));
    // Dropping the runtime would wait, without a limit, for threads that still ask a database.
    std::mem::forget(system);
    status
}
