//! The writes that are gathered, as one type, so that different ones can share a group; and the way back from a group's
//! outcomes to each port method's own result.

use stint_domain::ports::job::Put;
use stint_domain::ports::time_entry::{
    BatchOutcome, DeleteTimeEntry, DeleteTimeEntryError, PutTimeEntry, PutTimeEntryError, RecordBatch,
    RecordBatchError, RecordTime, RecordTimeError, UpdateTimeEntry, UpdateTimeEntryError,
};
use stint_domain::{Applied, Idempotency, TimeEntry};

/// Declares the writes: each with its command, what it answers with and how it is refused.
macro_rules! writes {
    ($($variant:ident($command:ty) -> $outcome:ty, $refusal:ty;)+) => {
        /// A write of time entries.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) enum Write {
            $($variant($command),)+
        }

        /// What became of a [`Write`], in the variant of the same name.
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

/// A port's command that can be gathered.
pub(crate) trait Command {
    type Outcome;
    type Refusal;

    /// The command among others.
    fn into_write(self) -> Write;

    /// What became of it; none, if `written` is of another kind of command, which is a defect.
    fn outcome(written: Written) -> Option<Result<Self::Outcome, Self::Refusal>>;
}

writes! {
    Record(RecordTime) -> Applied<TimeEntry>, RecordTimeError;
    Batch(RecordBatch) -> Applied<BatchOutcome>, RecordBatchError;
    Put(PutTimeEntry) -> Put<TimeEntry>, PutTimeEntryError;
    Update(UpdateTimeEntry) -> TimeEntry, UpdateTimeEntryError;
    Delete(DeleteTimeEntry) -> (), DeleteTimeEntryError;
}

impl Write {
    /// How many rows it writes, roughly.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Batch(batch) => batch.entries.len().max(1),
            Self::Record(_) | Self::Put(_) | Self::Update(_) | Self::Delete(_) => 1,
        }
    }

    /// The key that makes it happen once, if it has one.
    pub(crate) fn idempotency(&self) -> Option<&Idempotency> {
        match self {
            Self::Record(record) => record.idempotency.as_ref(),
            Self::Batch(batch) => batch.idempotency.as_ref(),
            Self::Put(_) | Self::Update(_) | Self::Delete(_) => None,
        }
    }
}
