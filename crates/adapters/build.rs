//! Rebuilds the crate when a migration is added or changed, which the macro that embeds migrations does not do by
//! itself.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
