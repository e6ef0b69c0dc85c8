//! Builds again when a migration is added or changed, which the macro that embeds them does not do by itself.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
