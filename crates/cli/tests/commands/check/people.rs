//! `stint check deploy`: whether people can reach the service safely, and whether somebody can administer them.

use crate::support::Stint;

const NO_ADMIN: &str = "warning: no active person is an admin: nobody can invite people";

#[test]
fn a_deployment_without_an_active_admin_is_told_the_command_that_makes_one() {
    let stint = Stint::new().migrated();
    let found = || stint.run(&["check", "deploy"]).succeeded();
    let shown = found();
    let fix = "         fix: `stint person create --handle NAME --role admin`";
    assert!(shown.contains(NO_ADMIN) && shown.contains(fix), "{shown}");
    stint.run(&["person", "create", "--handle", "eve", "--role", "manager"]).succeeded();
    assert!(found().contains(NO_ADMIN), "a manager is no admin");
    stint.run(&["person", "create", "--handle", "ada", "--role", "admin"]).succeeded();
    assert!(!found().contains(NO_ADMIN));
    stint.run(&["person", "deactivate", "ada"]).succeeded();
    assert!(found().contains(NO_ADMIN), "a deactivated admin does not count");
    stint.run(&["person", "role", "eve", "admin"]).succeeded();
    assert!(!found().contains(NO_ADMIN));
}

#[test]
fn passwords_in_clear_text_refuse_a_deployment_and_a_path_is_told() {
    let stint = Stint::new()
        .migrated()
        .set("STINT_HTTP__PUBLIC_URL", "http://time.example.org")
        .set("STINT_HTTP__BASE_PATH", "/time")
        .set("STINT_HTTP__TRUSTED_PROXIES", "0.0.0.0/0");
    let checked = stint.run(&["check", "deploy"]);
    assert_eq!(checked.status, 1, "{checked:?}");
    for what in [
        "serious: http.public_url is http://time.example.org: passwords and cookies cross the network in clear text",
        "warning: http.base_path is /time: every other application of the same host",
        "warning: http.trusted_proxies is 0.0.0.0/0: clients choose",
    ] {
        assert!(checked.stdout.contains(what), "{what}: {}", checked.stdout);
    }
    let safe = stint.set("STINT_HTTP__PUBLIC_URL", "http://127.0.0.1:8080");
    safe.run(&["check", "deploy"]).succeeded();
}
