//! Checks that somebody can administer accounts.

use anyhow::Result;
use stint_domain::access::Role;
use stint_domain::people::PersonStatus;
use stint_domain::people::ports::person::ListPeople;

use super::Finding;
use crate::wiring::Ports;

/// A service that only programs use needs no people, so this is no more than a warning.
pub(super) async fn look(ports: &Ports) -> Result<Option<Finding>> {
    let (role, status) = (Some(Role::Admin), Some(PersonStatus::Active));
    let query = ListPeople { role, status, ..ListPeople::default() };
    let admins = ports.people().list(query).await?;
    Ok(admins.items.is_empty().then(|| {
        Finding::warning(
            "no active person is an admin: nobody can invite people or change roles over the API",
            "`stint person create --handle NAME --role admin` prints the link by which the first one signs in; \
             `stint person role NAME admin` makes one of somebody who has an account",
        )
    }))
}
