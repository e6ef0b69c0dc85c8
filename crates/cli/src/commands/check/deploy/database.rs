//! Checks that ask the database: whether it answers and accepts writes, its schema, its tokens, its people.

use anyhow::Result;
use prometheus_client::registry::Registry;
use stint_domain::access::{Scope, Token};
use stint_domain::values::Timestamp;

use super::{Finding, people, queues};
use crate::settings::{DatabaseUrl, Settings};
use crate::wiring::Ports;

pub(super) async fn look(settings: &Settings) -> Vec<Finding> {
    // Connecting would create the file, but a check must change nothing.
    if let DatabaseUrl::Sqlite(path) = &settings.database.url
        && !path.exists()
    {
        return vec![Finding::serious(format!("there is no database {}", path.display()), "run `stint migrate`")];
    }
    ask(settings).await.unwrap_or_else(|error| {
        let error = crate::output::one_line(&error);
        vec![Finding::serious(error, "make sure that the database answers and fits this release (`stint migrate`)")]
    })
}

async fn ask(settings: &Settings) -> Result<Vec<Finding>> {
    let ports = Ports::connect(settings, &mut Registry::default()).await?;
    ports.require_schema().await?;
    if let Err(error) = ports.health.check().await {
        let error = crate::output::one_line(&error.into());
        return Ok(vec![Finding::serious(
            format!("the database accepts no writes: {error}"),
            "make its files, folder and disk writable, or connect to a server that is not a standby (`target_session_attrs`)",
        )]);
    }
    let (mut pages, mut seen) = (ports.all_tokens(), Seen::default());
    while let Some(tokens) = pages.next().await? {
        seen.look_at(&tokens, ports.sources.clock.now());
    }
    let mut findings = seen.findings();
    findings.extend(people::look(&ports).await?);
    findings.extend(queues::look(&ports).await);
    Ok(findings)
}

/// Findings about tokens, gathered page by page.
#[derive(Default)]
struct Seen {
    admins: Vec<Finding>,
    /// How many admin tokens there are beyond those that are named.
    more_admins: usize,
    clock: Option<Finding>,
}

impl Seen {
    /// The most admin tokens that are named; the rest is only counted.
    const NAMED: usize = 20;

    fn look_at(&mut self, tokens: &[Token], now: Timestamp) {
        let active = tokens.iter().filter(|token| token.check(now).is_ok());
        for token in active.filter(|token| token.expires_at.is_none() && token.scopes.allow(Scope::Admin)) {
            if self.admins.len() == Self::NAMED {
                self.more_admins += 1;
                continue;
            }
            self.admins.push(Finding::warning(
                format!("the admin token {} ({}) never expires", token.id, token.name),
                format!("create another one with --expires, then `stint token revoke {}`", token.id),
            ));
        }
        if let Some(token) = tokens.iter().find(|token| token.created_at > now)
            && self.clock.is_none()
        {
            let (id, created_at) = (token.id, token.created_at);
            self.clock = Some(Finding::serious(
                format!("this machine's clock says {now}, but the token {id} was created at {created_at}"),
                "set the clock, and keep it with NTP: expiry and the order of pages depend on it",
            ));
        }
    }

    fn findings(self) -> Vec<Finding> {
        let more = (self.more_admins > 0).then(|| {
            Finding::warning(
                format!("{} more admin tokens never expire", self.more_admins),
                "see `stint token list`, and revoke the ones that are not needed",
            )
        });
        self.admins.into_iter().chain(more).chain(self.clock).collect()
    }
}

#[cfg(test)]
mod tests {
    use stint_domain::access::{SecretHash, TokenKind};
    use stint_domain::values::{Subject, TokenId};
    use uuid::Uuid;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000).unwrap()
    }

    fn token(scopes: &str, expires_at: Option<Timestamp>) -> Token {
        let name = Subject::new("ops").unwrap();
        Token {
            id: TokenId::new(Uuid::from_u128(7)),
            subject: name.clone(),
            name,
            kind: TokenKind::Api,
            person: None,
            scopes: scopes.parse().unwrap(),
            capture: None,
            secret_hash: SecretHash([0; 32]),
            created_at: at(100),
            expires_at,
            revoked_at: None,
            made_by: None,
            last_used_at: None,
        }
    }

    fn tokens(tokens: &[Token], now: Timestamp) -> Vec<Finding> {
        let mut seen = Seen::default();
        for page in tokens.chunks(2) {
            seen.look_at(page, now);
        }
        seen.findings()
    }

    #[test]
    fn many_admin_tokens_without_end_are_counted() {
        let found = tokens(&vec![token("admin", None); Seen::NAMED + 3], at(200));
        assert_eq!(found.len(), Seen::NAMED + 1);
        assert!(found[Seen::NAMED].to_string().starts_with("warning: 3 more admin tokens"), "{}", found[Seen::NAMED]);
    }

    #[test]
    fn only_an_active_admin_token_without_end_is_found() {
        let now = at(200);
        assert_eq!(tokens(&[token("admin", None)], now).len(), 1);
        let revoked = Token { revoked_at: Some(at(150)), ..token("admin", None) };
        assert_eq!(tokens(&[token("read,write", None), token("admin", Some(at(300))), revoked], now), []);
    }

    #[test]
    fn a_clock_that_is_behind_is_found() {
        let found = tokens(&[token("read", None)], at(99));
        assert!(
            found[0].to_string().starts_with("serious: this machine's clock says 1970-01-01T00:01:39"),
            "{}",
            found[0]
        );
    }
}
