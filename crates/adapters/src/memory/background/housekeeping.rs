//! Housekeeping in memory. The first use of a key is stored beside the ledger, which does not need it.

use std::collections::HashMap;
use std::sync::MutexGuard;

use async_trait::async_trait;
use stint_domain::BackendError;
use stint_domain::access::{Token, TokenKind};
use stint_domain::background::ports::Housekeeping;
use stint_domain::ledger::Idempotency;
use stint_domain::values::Timestamp;

use crate::memory::Memory;
use crate::memory::state::FirstUses;

impl Memory {
    /// Notes when a key was first used.
    pub(in crate::memory) fn note_first_use(&self, idempotency: Option<&Idempotency>, at: Timestamp) {
        if let Some(Idempotency { token, key, .. }) = idempotency {
            self.first_uses().entry((*token, key.clone())).or_insert(at);
        }
    }

    /// Lock this after the ledger.
    fn first_uses(&self) -> MutexGuard<'_, FirstUses> {
        self.first_uses.lock().expect("no call panics while it holds the keys' first uses")
    }
}

#[async_trait]
impl Housekeeping for Memory {
    async fn prune_idempotency_keys(&self, before: Timestamp) -> Result<u64, BackendError> {
        let (mut ledger, mut first_uses) = (self.ledger(), self.first_uses());
        let all = first_uses.len();
        first_uses.retain(|key, at| {
            let is_old = *at < before;
            if is_old {
                ledger.outcomes.remove(key);
            }
            !is_old
        });
        Ok((all - first_uses.len()) as u64)
    }

    async fn prune_pings(&self, before: Timestamp) -> Result<u64, BackendError> {
        Ok(self.capture().forget(before))
    }

    async fn prune_task_runs(&self, before: Timestamp) -> Result<u64, BackendError> {
        let mut runs = self.task_runs();
        let mut latest = HashMap::new();
        for run in runs.iter() {
            let place = latest.entry(run.task.clone()).or_insert((run.due, run.attempt));
            *place = (run.due, run.attempt).max(*place);
        }
        let all = runs.len();
        runs.retain(|run| run.ended_at.is_none_or(|at| at >= before) || latest[&run.task] == (run.due, run.attempt));
        Ok((all - runs.len()) as u64)
    }

    async fn prune_sessions(&self, before: Timestamp) -> Result<u64, BackendError> {
        let mut tokens = self.tokens();
        let passes = |token: &Token| matches!(token.kind, TokenKind::Session | TokenKind::Invitation);
        let ended = |token: &Token| [token.revoked_at, token.expires_at].into_iter().flatten().min();
        let all = tokens.len();
        tokens.retain(|token| !passes(token) || ended(token).is_none_or(|at| at >= before));
        Ok((all - tokens.len()) as u64)
    }
}
