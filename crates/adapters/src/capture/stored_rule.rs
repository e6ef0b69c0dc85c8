//! A capture token's rule as columns, the same in every dialect.

use stint_domain::BackendError;
use stint_domain::capture::{CaptureRule, CaptureTarget, Gap};
use stint_domain::values::{JobId, Zone};
use uuid::Uuid;

use crate::stored_row::StoredRow;

/// The columns of a rule; all are `None` for a token that is no capture token.
#[derive(Debug, Default)]
pub(crate) struct RuleColumns<Z> {
    pub(crate) target: Option<Z>,
    pub(crate) job: Option<Uuid>,
    pub(crate) zone: Option<Z>,
    pub(crate) gap: Option<i64>,
}

impl From<Option<&CaptureRule>> for RuleColumns<&'static str> {
    fn from(rule: Option<&CaptureRule>) -> Self {
        let Some(CaptureRule { target, zone, gap }) = rule else { return Self::default() };
        let (target, job) = match target {
            CaptureTarget::Job(job) => ("job", Some(job.as_uuid())),
            CaptureTarget::Projects { create: false } => ("projects", None),
            CaptureTarget::Projects { create: true } => ("new-projects", None),
        };
        Self { target: Some(target), job, zone: Some(zone.as_str()), gap: Some(gap.as_secs().into()) }
    }
}

impl RuleColumns<String> {
    /// The rule; `None` for a token that is no capture token.
    pub(crate) fn read(self, row: impl Fn() -> StoredRow) -> Result<Option<CaptureRule>, BackendError> {
        let Some(target) = self.target else { return Ok(None) };
        let target = match (target.as_str(), self.job) {
            ("job", Some(job)) => CaptureTarget::Job(JobId::new(job)),
            ("projects", None) => CaptureTarget::Projects { create: false },
            ("new-projects", None) => CaptureTarget::Projects { create: true },
            _ => return Err(row().corrupt("capture_target", target, "is no target, or one with another job")),
        };
        let zone = self.zone.unwrap_or_default();
        let zone: Zone = zone.parse().map_err(|error| row().corrupt("capture_zone", &zone, error))?;
        let gap = self.gap.unwrap_or_default();
        let gap = Gap::new(gap).map_err(|error| row().corrupt("capture_gap", gap, error))?;
        Ok(Some(CaptureRule { target, zone, gap }))
    }
}
