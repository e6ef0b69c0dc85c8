//! What the operator decides about accounts.

use crate::access::Role;

/// How people may sign in, and who may become a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleRules {
    /// Whether people may sign in with a password that this service keeps.
    pub local_passwords: bool,
    /// Whether somebody whom the provider vouches for becomes a person at their first sign-in.
    pub create_people: bool,
    /// The roles that the provider's claim gives; `None` leaves roles to admins.
    pub roles: Option<RoleTable>,
}

impl Default for PeopleRules {
    fn default() -> Self {
        Self { local_passwords: true, create_people: false, roles: None }
    }
}

/// Which value of the provider's claim gives which role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleTable(Vec<(String, Role)>);

impl RoleTable {
    /// The rows in the order in which they are tried.
    pub fn new(rows: Vec<(String, Role)>) -> Self {
        Self(rows)
    }

    /// The role of the first row whose value is among these.
    pub fn role_of(&self, values: &[String]) -> Option<Role> {
        self.0.iter().find(|(value, _)| values.contains(value)).map(|(_, role)| *role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_row_that_matches_gives_the_role() {
        let rows = [("bosses", Role::Admin), ("staff", Role::Member)];
        let table = RoleTable::new(rows.map(|(value, role)| (value.to_owned(), role)).to_vec());
        let role = |values: &[&str]| table.role_of(&values.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
        assert_eq!(role(&["staff", "bosses"]), Some(Role::Admin));
        assert_eq!(role(&["x", "staff"]), Some(Role::Member));
        assert_eq!(role(&["Staff", ""]), None);
        assert_eq!(role(&[]), None);
    }
}
