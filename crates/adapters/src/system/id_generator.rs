//! Identifiers from the time and random bits.

use stint_domain::IdGenerator;
use uuid::Uuid;

/// Makes `UUIDv7`: 48 bits of milliseconds, then a counter that the whole process shares, then random bits. So ids
/// ascend strictly within a process, and to the millisecond between processes.
#[derive(Debug, Clone, Copy, Default)]
pub struct UuidV7Generator;

impl IdGenerator for UuidV7Generator {
    #[expect(clippy::disallowed_methods, reason = "this is the port that everything else asks")]
    fn generate(&self) -> Uuid {
        Uuid::now_v7()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_process_ascend_strictly() {
        let ids: Vec<_> = (0..10_000).map(|_| UuidV7Generator.generate()).collect();
        assert!(ids.is_sorted_by(|one, next| one < next));
    }
}
