//! Background work: draining the ping queue into the ledger, and tasks at their times.
//!
//! It knows no database and no queue: what it needs stands in the domain's ports, and the binary fills it in.
