//! Which migrations this program has, which the database has, and whether the two fit. No I/O.

use stint_domain::NotReady;

/// A migration of this program, of the database, or of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Its directory's name, or only its version when this program does not have it.
    pub name: String,
    /// Whether the database has run it.
    pub applied: bool,
    /// Whether this program has it. A migration that it does not have comes from a newer release.
    pub embedded: bool,
}

/// A schema that fits this program.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SchemaState {
    /// Versions of expansions that a newer release has run. They deserve a warning.
    pub unknown: Vec<String>,
}

/// A migration of this program.
pub(super) struct EmbeddedMigration {
    pub(super) version: String,
    pub(super) name: String,
}

/// A migration that the database has run.
pub(crate) struct AppliedMigration {
    /// Its version, as Diesel stores it.
    pub(crate) version: String,
    /// Whether it registered itself as a contraction.
    pub(crate) contract: bool,
}

/// The two lists side by side. `embedded` is in order.
pub(super) struct Plan {
    pub(super) embedded: Vec<EmbeddedMigration>,
    pub(super) applied: Vec<AppliedMigration>,
}

impl Plan {
    pub(super) fn statuses(&self) -> Vec<MigrationStatus> {
        let own = self.embedded.iter().map(|migration| {
            let status =
                MigrationStatus { name: migration.name.clone(), applied: self.is_applied(migration), embedded: true };
            (migration.version.clone(), status)
        });
        let unknown = self.unknown().map(|migration| {
            let status = MigrationStatus { name: migration.version.clone(), applied: true, embedded: false };
            (migration.version.clone(), status)
        });
        let mut all: Vec<_> = own.chain(unknown).collect();
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        all.into_iter().map(|(_, status)| status).collect()
    }

    pub(super) fn check(&self) -> Result<SchemaState, NotReady> {
        let missing: Vec<_> =
            self.embedded.iter().filter(|one| !self.is_applied(one)).map(|one| one.name.clone()).collect();
        if !missing.is_empty() {
            return Err(NotReady::Behind(missing));
        }
        let (contracted, expanded): (Vec<_>, Vec<_>) = self.unknown().partition(|one| one.contract);
        if !contracted.is_empty() {
            return Err(NotReady::Ahead(versions(&contracted)));
        }
        Ok(SchemaState { unknown: versions(&expanded) })
    }

    fn is_applied(&self, migration: &EmbeddedMigration) -> bool {
        self.applied.iter().any(|applied| applied.version == migration.version)
    }

    fn unknown(&self) -> impl Iterator<Item = &AppliedMigration> {
        self.applied.iter().filter(|applied| self.embedded.iter().all(|own| own.version != applied.version))
    }
}

fn versions(migrations: &[&AppliedMigration]) -> Vec<String> {
    let mut versions: Vec<_> = migrations.iter().map(|migration| migration.version.clone()).collect();
    versions.sort();
    versions
}

#[cfg(test)]
mod tests {
    use super::*;

    /// This program has migrations 1 and 2. The database has run those given; `!` marks a contraction.
    fn plan(applied: &[&str]) -> Plan {
        let embedded = [("1", "1_expand_ledger"), ("2", "2_contract_ledger")];
        let applied = applied.iter().map(|text| AppliedMigration {
            version: text.trim_end_matches('!').to_owned(),
            contract: text.ends_with('!'),
        });
        Plan {
            embedded: embedded.map(|(v, n)| EmbeddedMigration { version: v.to_owned(), name: n.to_owned() }).into(),
            applied: applied.collect(),
        }
    }

    #[test]
    fn a_missing_migration_is_behind_and_named() {
        assert!(matches!(plan(&["1"]).check(), Err(NotReady::Behind(names)) if names == ["2_contract_ledger"]));
        assert!(matches!(plan(&["3!", "1"]).check(), Err(NotReady::Behind(_))));
    }

    #[test]
    fn an_unknown_contraction_is_ahead_and_an_unknown_expansion_a_warning() {
        assert!(matches!(plan(&["1", "2!", "4!", "3"]).check(), Err(NotReady::Ahead(names)) if names == ["4"]));
        assert_eq!(plan(&["4", "3", "2!", "1"]).check().unwrap().unknown, ["3", "4"]);
        assert_eq!(plan(&["2!", "1"]).check().unwrap(), SchemaState::default());
    }

    #[test]
    fn the_status_names_every_migration_in_order() {
        let statuses = plan(&["3", "1"]).statuses();
        let seen: Vec<_> = statuses.iter().map(|s| (s.name.as_str(), s.applied, s.embedded)).collect();
        assert_eq!(seen, [("1_expand_ledger", true, true), ("2_contract_ledger", false, true), ("3", true, false)]);
    }
}
