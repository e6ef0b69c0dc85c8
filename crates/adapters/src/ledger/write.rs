//! The writes that are grouped, as one type, so that different writes can share a group; and the way back from the
//! outcomes of a group to the result of each port method.

use stint_domain::ledger::ports::job::Put;
use stint_domain::ledger::ports::time_entry::{
    BatchOutcome, ChangeTimeEntryError, DeleteTimeEntry, PutTimeEntry, RecordBatch, RecordBatchError, RecordTime,
    RecordTimeError, UpdateTimeEntry,
};
use stint_domain::ledger::{Applied, Idempotency, TimeEntry};
use stint_domain::values::JobId;
use stint_domain::{BackendError, BackendErrorKind};

use crate::grouping::GroupError;

/// Declares the writes: each with its command, its result and its refusal.
macro_rules! writes {
    ($($variant:ident($command:ty) -> $outcome:ty, $refusal:ident;)+) => {
        /// A write of time entries.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) enum Write {
            $($variant($command),)+
        }

        /// The outcome of a [`Write`], in the variant of the same name.
        #[derive(Debug, Clone)]
        pub(crate) enum Written {
            $($variant(Result<$outcome, $refusal>),)+
        }

        $(impl Command for $command {
            type Outcome = $outcome;
            type Refusal = $refusal;

            fn into_write(self) -> Write {
                Write::$variant(self)
            }

            fn outcome(written: Written) -> Option<Result<$outcome, $refusal>> {
                match written {
                    Written::$variant(outcome) => Some(outcome),
                    _ => None,
                }
            }
        })+
    };
}

/// The result of trying a [`Write`].
#[derive(Debug)]
pub(crate) enum Attempted {
    /// It was carried out or refused.
    Done(Written),
    /// Nothing was done yet: another transaction holds this job, which the write needs.
    #[cfg_attr(not(any(feature = "postgres", test)), expect(dead_code, reason = "who writes to SQLite holds all jobs"))]
    Held(JobId),
}

/// A port's command that can be grouped.
pub(crate) trait Command: Send + 'static {
    type Outcome: Send + 'static;
    type Refusal: From<BackendError> + Send + 'static;

    /// Wraps the command.
    fn into_write(self) -> Write;

    /// Unwraps the outcome; `None` if `written` belongs to another kind of command, which is a defect.
    fn outcome(written: Written) -> Option<Result<Self::Outcome, Self::Refusal>>;
}

/// Unwraps the outcome of a `C` that `backend` carried out.
pub(crate) fn outcome<C: Command>(backend: &'static str, written: Written) -> Result<C::Outcome, C::Refusal> {
    C::outcome(written).unwrap_or_else(|| {
        let message = "the outcome belongs to another command";
        Err(BackendError::new(backend, BackendErrorKind::Internal, message).into())
    })
}

/// The error for a write whose job was held for too long: nothing was done.
pub(crate) fn too_long(backend: &'static str, job: JobId) -> BackendError {
    let message = format!("another transaction holds the job {job} for too long");
    BackendError::new(backend, BackendErrorKind::Timeout, message)
}

/// The result of a `C` that `backend` carried out as a group of its own.
pub(crate) fn alone<C: Command>(
    backend: &'static str,
    attempted: Result<Vec<Attempted>, GroupError>,
) -> Result<C::Outcome, C::Refusal> {
    match <[Attempted; 1]>::try_from(attempted.map_err(GroupError::into_error)?) {
        Ok([Attempted::Done(written)]) => outcome::<C>(backend, written),
        Ok([Attempted::Held(job)]) => Err(too_long(backend, job).into()),
        Err(attempted) => {
            let message = format!("{} outcomes for one write", attempted.len());
            Err(BackendError::new(backend, BackendErrorKind::Internal, message).into())
        }
    }
}

writes! {
    Record(RecordTime) -> Applied<TimeEntry>, RecordTimeError;
    Batch(RecordBatch) -> Applied<BatchOutcome>, RecordBatchError;
    Put(PutTimeEntry) -> Put<TimeEntry>, ChangeTimeEntryError;
    Update(UpdateTimeEntry) -> TimeEntry, ChangeTimeEntryError;
    Delete(DeleteTimeEntry) -> (), ChangeTimeEntryError;
}

impl Write {
    /// Roughly how many rows it writes.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Batch(batch) => batch.entries.len().max(1),
            Self::Record(_) | Self::Put(_) | Self::Update(_) | Self::Delete(_) => 1,
        }
    }

    /// Whether doing it twice has the same effect as doing it once: it stores entries under their own ids and
    /// recognises a repeat.
    #[cfg(feature = "postgres")]
    pub(crate) fn is_repeatable(&self) -> bool {
        matches!(self, Self::Record(_) | Self::Batch(_))
    }

    /// Its idempotency key.
    pub(crate) fn idempotency(&self) -> Option<&Idempotency> {
        match self {
            Self::Record(record) => record.idempotency.as_ref(),
            Self::Batch(batch) => batch.idempotency.as_ref(),
            Self::Put(_) | Self::Update(_) | Self::Delete(_) => None,
        }
    }
}
