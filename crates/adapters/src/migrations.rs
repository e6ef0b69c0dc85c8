//! Runs and reverts migrations, and checks whether the schema fits this program. All SQL backends share this.
//!
//! The rule: every migration that is embedded here must have been run ([`NotReady::Behind`]). Of the migrations that
//! a newer release has run, none may be a contraction ([`NotReady::Ahead`]), because a contraction removes what this
//! program's statements need. A newer release's expansions only add, so they cause a warning and no more. Diesel
//! stores versions without names, so a contraction registers itself in the table `contract_migrations`.
//!
//! The [`Dialect`] knows how to read the tables and how to keep two migrators apart.

mod plan;

use std::sync::Arc;

use async_trait::async_trait;
use diesel::Connection;
use diesel::migration::{Migration, MigrationConnection, MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};
use stint_domain::{BackendError, BackendErrorKind, NotReady};

pub(crate) use plan::AppliedMigration;
use plan::{EmbeddedMigration, Plan};
pub use plan::{MigrationStatus, SchemaState};

/// Runs and reverts migrations of one database.
#[derive(Clone)]
pub struct Migrator(Arc<dyn Operations>);

impl Migrator {
    pub(crate) fn new(dialect: impl Dialect) -> Self {
        Self(Arc::new(Runner(dialect)))
    }

    /// Lists all migrations of this program and of the database, oldest first.
    pub async fn status(&self) -> Result<Vec<MigrationStatus>, BackendError> {
        Ok(self.0.plan().await?.statuses())
    }

    /// Runs the missing migrations, oldest first, and returns their names. A migration that fails leaves no trace.
    /// The backend decides whether those that ran before it stay.
    pub async fn up(&self) -> Result<Vec<String>, BackendError> {
        self.0.up().await
    }

    /// Reverts the newest migration and returns its name; `None` when none has been run.
    pub async fn down(&self) -> Result<Option<String>, BackendError> {
        self.0.down().await
    }

    /// Fails when the schema does not fit this program.
    pub async fn check(&self) -> Result<SchemaState, NotReady> {
        self.0.plan().await?.check()
    }
}

/// What differs between backends, and the way to the database.
pub(crate) trait Dialect: Send + Sync + 'static {
    /// The connection type of Diesel, which blocks.
    type Connection: MigrationHarness<<Self::Connection as Connection>::Backend> + MigrationConnection;

    /// The backend's name.
    const BACKEND: &'static str;
    /// The migrations of this program.
    const MIGRATIONS: EmbeddedMigrations;

    /// Reads the tables `__diesel_schema_migrations` and `contract_migrations` without changing anything. A database
    /// without these tables has run no migration.
    fn applied(&self) -> impl Future<Output = Result<Vec<AppliedMigration>, BackendError>> + Send;

    /// Runs `f`, on a thread that may block, while no other migrator runs, without the time-outs that apply to
    /// requests.
    fn exclusively<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Self::Connection) -> Result<T, BackendError> + Send + 'static,
    ) -> impl Future<Output = Result<T, BackendError>> + Send;
}

/// The migrator's operations, without the types of its backend.
#[async_trait]
trait Operations: Send + Sync {
    async fn plan(&self) -> Result<Plan, BackendError>;
    async fn up(&self) -> Result<Vec<String>, BackendError>;
    async fn down(&self) -> Result<Option<String>, BackendError>;
}

struct Runner<D>(D);

type Migrations<D> = Vec<Box<dyn Migration<<<D as Dialect>::Connection as Connection>::Backend>>>;

#[async_trait]
impl<D: Dialect> Operations for Runner<D> {
    async fn plan(&self) -> Result<Plan, BackendError> {
        let applied = self.0.applied().await?;
        let embedded = embedded::<D>()?.iter().map(|migration| described::<D>(migration.as_ref())).collect();
        Ok(Plan { embedded, applied })
    }

    async fn up(&self) -> Result<Vec<String>, BackendError> {
        let up = |connection: &mut D::Connection| {
            let mut names = Vec::new();
            for migration in connection.pending_migrations(D::MIGRATIONS).map_err(failed::<D>)? {
                connection.run_migration(migration.as_ref()).map_err(failed::<D>)?;
                names.push(migration.name().to_string());
            }
            Ok(names)
        };
        self.0.exclusively(up).await
    }

    async fn down(&self) -> Result<Option<String>, BackendError> {
        let down = |connection: &mut D::Connection| {
            let applied = connection.applied_migrations().map_err(failed::<D>)?;
            let Some(newest) = applied.first().map(ToString::to_string) else {
                return Ok(None);
            };
            let migration = embedded::<D>()?.into_iter().find(|own| own.name().version().to_string() == newest);
            let Some(migration) = migration else {
                let message = format!("the migration {newest} belongs to a newer release, which can revert it");
                return Err(BackendError::new(D::BACKEND, BackendErrorKind::Internal, message));
            };
            connection.revert_migration(migration.as_ref()).map_err(failed::<D>)?;
            Ok(Some(migration.name().to_string()))
        };
        self.0.exclusively(down).await
    }
}

fn embedded<D: Dialect>() -> Result<Migrations<D>, BackendError> {
    let mut embedded: Migrations<D> = D::MIGRATIONS.migrations().map_err(failed::<D>)?;
    embedded.sort_by_key(|migration| migration.name().version().to_string());
    Ok(embedded)
}

fn described<D: Dialect>(migration: &dyn Migration<<D::Connection as Connection>::Backend>) -> EmbeddedMigration {
    EmbeddedMigration { version: migration.name().version().to_string(), name: migration.name().to_string() }
}

fn failed<D: Dialect>(error: Box<dyn std::error::Error + Send + Sync>) -> BackendError {
    BackendError::new(D::BACKEND, BackendErrorKind::Internal, error)
}
