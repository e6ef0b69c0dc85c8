//! Checks that ask Redis: whether it answers, and whether it keeps its data.

use anyhow::{Context, Result};
use stint_adapters::capture::redis::Durability;

use super::Finding;
use crate::settings::Settings;
use crate::wiring;

pub(super) async fn look(settings: &Settings) -> Vec<Finding> {
    match ask(settings).await {
        Ok(Some(durability)) => judge(&durability),
        Ok(None) => Vec::new(),
        Err(error) => {
            let error = crate::output::one_line(&error);
            vec![Finding::serious(error, "make sure that Redis answers, and that redis.url is right")]
        }
    }
}

async fn ask(settings: &Settings) -> Result<Option<Durability>> {
    let Some(redis) = wiring::redis(settings)? else { return Ok(None) };
    let failed = || format!("cannot use the Redis {}", settings.redis.url);
    Ok(Some(redis.durability().await.with_context(failed)?))
}

fn judge(durability: &Durability) -> Vec<Finding> {
    let mut findings = Vec::new();
    if durability.eviction != "noeviction" {
        findings.push(Finding::serious(
            format!("Redis may delete queued pings: its maxmemory-policy is {}", durability.eviction),
            "set `maxmemory-policy noeviction`: then Redis refuses new pings, and their senders get 503",
        ));
    }
    if !durability.appends {
        findings.push(Finding::serious(
            "Redis keeps queued pings only in memory: they are lost when it ends",
            "set `appendonly yes`",
        ));
    } else if let Some(syncs) = durability.syncs.as_deref().filter(|syncs| *syncs != "always") {
        findings.push(Finding::warning(
            format!("a loss of power may lose accepted pings: appendfsync is {syncs}"),
            "set `appendfsync always`, unless about a second of pings may be lost",
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(appends: bool, syncs: Option<&str>, eviction: &str) -> String {
        let durability = Durability { appends, syncs: syncs.map(str::to_owned), eviction: eviction.to_owned() };
        judge(&durability).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_redis_that_may_lose_pings_is_found() {
        assert_eq!(findings(true, Some("always"), "noeviction"), "");
        assert_eq!(findings(true, None, "noeviction"), "");
        assert!(
            findings(false, Some("always"), "noeviction")
                .starts_with("serious: Redis keeps queued pings only in memory")
        );
        assert!(findings(true, Some("everysec"), "noeviction").starts_with("warning: a loss of power"));
        assert!(findings(true, None, "allkeys-lru").starts_with("serious: Redis may delete queued pings"));
    }
}
