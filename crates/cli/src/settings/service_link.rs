//! Variables that Kubernetes makes for a service (its "service links"), in every container of the service's namespace.
//!
//! For a service named `stint` they have the prefix of ours: `STINT_SERVICE_HOST`, `STINT_PORT=tcp://10.0.0.1:8080`,
//! `STINT_PORT_8080_TCP_ADDR`. For `stint-db` they start with `STINT_DB_`. No setting is named like one, because a
//! setting has two underscores after its section.

/// What service links end in, after the service's name, beside those with a port's number.
const HOST: &str = "SERVICE_HOST";
const SERVICE_PORT: &str = "SERVICE_PORT";
const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// Whether `name`, which stood after `STINT_`, is one of these. `STINT_PORT` and `STINT_DB_PORT` are when the value is
/// an address such as a link has: somebody who writes a plain number there means a setting, and is told its name.
pub(super) fn is(name: &str, value: &str) -> bool {
    if name.contains("__") {
        return false;
    }
    // The service is called `stint`, or `stint-...`, whose name ends wherever the rest is that of a link.
    let rests = std::iter::once(name).chain(name.match_indices('_').map(|(at, _)| &name[at + 1..]));
    rests.into_iter().any(|rest| is_link(rest, value))
}

fn is_link(rest: &str, value: &str) -> bool {
    let of_named_port = |rest: &str| rest.strip_prefix(SERVICE_PORT).is_some_and(|port| port.starts_with('_'));
    rest == HOST
        || rest == SERVICE_PORT
        || of_named_port(rest)
        || (rest == "PORT" && PROTOCOLS.iter().any(|protocol| is_address(value, protocol)))
        || rest.strip_prefix("PORT_").is_some_and(is_of_number)
}

fn is_address(value: &str, protocol: &str) -> bool {
    value.split_once("://").is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case(protocol))
}

/// `8080_TCP`, alone or with what of the address it holds.
fn is_of_number(rest: &str) -> bool {
    let mut parts = rest.split('_');
    let number = parts.next().is_some_and(|port| port.parse::<u16>().is_ok());
    let protocol = parts.next().is_some_and(|protocol| PROTOCOLS.contains(&protocol));
    let part = parts.next().is_none_or(|part| ["PROTO", "PORT", "ADDR"].contains(&part));
    number && protocol && part && parts.next().is_none()
}

#[cfg(test)]
mod tests {
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
    fn a_setting_that_is_written_wrong_is_no_link() {
        for (name, value) in [
            ("PORT", "8080"),
            ("HTTP_PORT", "8080"),
            ("HTTP_LISTEN", "127.0.0.1:8080"),
            ("HTTP__PORT", "tcp://10.0.0.1:8080"),
            ("METRICS__SERVICE_HOST", "127.0.0.1"),
            ("DATABASE_HOST", "db"),
            ("PORT_NAME", "http"),
            ("PORT_8080_TCP_X", ""),
            ("PORT_99999_TCP", "tcp://10.0.0.1:99999"),
            ("SERVICE", "stint"),
            ("SERVICE_PORTS", "8080"),
            ("EXPORT", "tcp://10.0.0.1:1"),
        ] {
            assert!(!is(name, value), "{name}");
        }
    }
}
