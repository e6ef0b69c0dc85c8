//! Variables that Kubernetes sets for a service ("service links") in every container of the service's namespace.
//!
//! For a service named `stint` they have the prefix of ours: `STINT_SERVICE_HOST`, `STINT_PORT=tcp://10.0.0.1:8080`,
//! `STINT_PORT_8080_TCP_ADDR`. For `stint-db` they start with `STINT_DB_`. No setting has such a name, because a
//! setting has two underscores after its section.

/// How the links of a service named `stint` begin. No section of the settings begins like this. They are ignored
/// whatever their value, because other tools put a plain number into `STINT_PORT`.
const PORT: &str = "PORT";
const OURS: [&str; 2] = ["PORT_", "SERVICE_"];

/// The ends of service links, after the service's name, except those with a port's number.
const HOST: &str = "SERVICE_HOST";
const SERVICE_PORT: &str = "SERVICE_PORT";
const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// Whether `name`, the part after `STINT_`, is a service link. For a service named `stint-...` the whole name must be
/// that of a link, and `STINT_DB_PORT` must hold an address as a link does. Somebody who writes `STINT_HTTP_PORT=8080`
/// means a setting, and gets an error that it does not exist.
pub(super) fn is(name: &str, value: &str) -> bool {
    if name == PORT || OURS.iter().any(|start| name.starts_with(start)) {
        return true;
    }
    // The service's name may end wherever the rest is the name of a link.
    !name.contains("__") && name.match_indices('_').any(|(at, _)| is_link(&name[at + 1..], value))
}

fn is_link(rest: &str, value: &str) -> bool {
    let of_named_port = |rest: &str| rest.strip_prefix(SERVICE_PORT).is_some_and(|port| port.starts_with('_'));
    rest == HOST
        || rest == SERVICE_PORT
        || of_named_port(rest)
        || (rest == PORT && PROTOCOLS.iter().any(|protocol| is_address(value, protocol)))
        || rest.strip_prefix("PORT_").is_some_and(is_of_number)
}

fn is_address(value: &str, protocol: &str) -> bool {
    value.split_once("://").is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case(protocol))
}

/// `8080_TCP`, alone or with the part of the address that it holds.
fn is_of_number(rest: &str) -> bool {
    let mut parts = rest.split('_');
    let number = parts.next().is_some_and(|port| port.parse::<u16>().is_ok());
    let protocol = parts.next().is_some_and(|protocol| PROTOCOLS.contains(&protocol));
    let part = parts.next().is_none_or(|part| ["PROTO", "PORT", "ADDR"].contains(&part));
    number && protocol && part && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::super::KEYS;
    use super::*;

    #[test]
    fn what_kubernetes_makes_of_a_service_is_no_setting() {
        for service in ["", "DB_", "REDIS_", "BLUE_GREEN_"] {
            for (link, value) in [
                ("SERVICE_HOST", "10.0.0.1"),
                ("SERVICE_PORT", "8080"),
                ("SERVICE_PORT_HTTP", "8080"),
                ("SERVICE_PORT_HTTP_ALT", "8081"),
                ("PORT", "tcp://10.0.0.1:8080"),
                ("PORT_8080_TCP", "tcp://10.0.0.1:8080"),
                ("PORT_8080_TCP_PROTO", "tcp"),
                ("PORT_8080_TCP_PORT", "8080"),
                ("PORT_53_UDP_ADDR", "fd00::1"),
            ] {
                assert!(is(&format!("{service}{link}"), value), "{service}{link}");
            }
        }
    }

    #[test]
    fn what_is_named_after_a_service_called_stint_is_no_setting_whatever_it_holds() {
        for name in ["PORT", "PORT_NAME", "PORT_8080_TCP_X", "PORT_99999_TCP", "SERVICE_NAME", "SERVICE_PORTS"] {
            for value in ["8080", "http", "", "tcp://10.0.0.1:8080"] {
                assert!(is(name, value), "{name}={value}");
            }
        }
        let is_ours = |section: &str| is(&section.to_uppercase(), "") || is(&format!("{section}__").to_uppercase(), "");
        let hidden: Vec<_> = KEYS.iter().filter(|key| is_ours(key.path.split('.').next().unwrap())).collect();
        assert!(hidden.is_empty(), "settings that nobody could set: {hidden:?}");
    }

    #[test]
    fn a_setting_that_is_written_wrong_is_no_link() {
        for (name, value) in [
            ("HTTP_PORT", "8080"),
            ("DB_PORT", "5432"),
            ("HTTP_LISTEN", "127.0.0.1:8080"),
            ("HTTP__PORT", "tcp://10.0.0.1:8080"),
            ("METRICS__SERVICE_HOST", "127.0.0.1"),
            ("DATABASE_HOST", "db"),
            ("HTTP_PORT_NAME", "http"),
            ("HTTP_PORT_8080_TCP_X", ""),
            ("HTTP_PORT_99999_TCP", "tcp://10.0.0.1:99999"),
            ("SERVICE", "stint"),
            ("HTTP_SERVICE_PORTS", "8080"),
            ("EXPORT", "tcp://10.0.0.1:1"),
        ] {
            assert!(!is(name, value), "{name}");
        }
    }
}
