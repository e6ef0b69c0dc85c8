//! The options of libpq (version 18) and where their values come from: the text, then the service file, then the
//! adapter's settings, then the environment. What an option means is for its reader.

use std::collections::BTreeMap;

use super::environment::Environment;
use super::error::NotUnderstood;
use super::{service_file, text};

/// Each option and its variable, if it has one. `service` is read first, in `service_file`.
const KNOWN: [(&str, &str); 50] = [
    ("service", ""),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("passfile", "PGPASSFILE"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("dbname", "PGDATABASE"),
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("client_encoding", "PGCLIENTENCODING"),
    ("options", "PGOPTIONS"),
    ("application_name", "PGAPPNAME"),
    ("fallback_application_name", ""),
    ("keepalives", ""),
    ("keepalives_idle", ""),
    ("keepalives_interval", ""),
    ("keepalives_count", ""),
    ("tcp_user_timeout", ""),
    ("sslmode", "PGSSLMODE"),
    ("sslnegotiation", "PGSSLNEGOTIATION"),
    ("sslcompression", "PGSSLCOMPRESSION"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("sslcertmode", "PGSSLCERTMODE"),
    ("sslpassword", ""),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcrl", "PGSSLCRL"),
    ("sslcrldir", "PGSSLCRLDIR"),
    ("sslsni", "PGSSLSNI"),
    ("requirepeer", "PGREQUIREPEER"),
    ("require_auth", "PGREQUIREAUTH"),
    ("min_protocol_version", "PGMINPROTOCOLVERSION"),
    ("max_protocol_version", "PGMAXPROTOCOLVERSION"),
    ("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"),
    ("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION"),
    ("gssencmode", "PGGSSENCMODE"),
    ("krbsrvname", "PGKRBSRVNAME"),
    ("gsslib", "PGGSSLIB"),
    ("gssdelegation", "PGGSSDELEGATION"),
    ("replication", ""),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
    ("load_balance_hosts", "PGLOADBALANCEHOSTS"),
    ("scram_client_key", ""),
    ("scram_server_key", ""),
    ("oauth_issuer", ""),
    ("oauth_client_id", ""),
    ("oauth_client_secret", ""),
    ("oauth_scope", ""),
    ("sslkeylogfile", ""),
];

/// Options that would promise what this room does not do, the values that ask for nothing, and what to say otherwise.
const REFUSED: [(&str, &[&str], &str); 14] = [
    ("gssencmode", &["disable", "prefer"], "there is no GSSAPI; use TLS (sslmode=verify-full)"),
    ("gssdelegation", &["0"], "there is no GSSAPI"),
    ("replication", &["false", "off", "no", "0"], "a ledger needs no replication connection"),
    ("client_encoding", &["UTF8", "utf8", "UTF-8", "utf-8", "auto"], "all text is UTF8; leave it out"),
    ("require_auth", &[], "a server may ask for any of its methods; restrict them in pg_hba.conf"),
    ("requirepeer", &[], "the owner of a socket is not checked; protect the socket's folder"),
    ("min_protocol_version", &["3.0"], "the protocol is 3.0"),
    ("max_protocol_version", &["3.0", "3.2", "latest"], "the protocol is 3.0"),
    ("scram_client_key", &[], "give a password"),
    ("scram_server_key", &[], "give a password"),
    ("oauth_issuer", &[], "there is no OAuth"),
    ("oauth_client_id", &[], "there is no OAuth"),
    ("sslkeylogfile", &[], "keys of sessions are not written to files"),
    ("sslcrldir", &[], "name one file in sslcrl"),
];

/// The values of all options that are set.
pub(super) struct Options(BTreeMap<&'static str, String>);

impl Options {
    /// Collects what is set. A value that is set and empty asks for the built-in default, and no further source is
    /// asked.
    pub(super) fn collected(
        text: &str,
        settings: &[(&str, &str)],
        environment: &Environment,
    ) -> Result<Self, NotUnderstood> {
        let mut options = Self(BTreeMap::new());
        for (name, value) in text::pairs(text)? {
            options.0.insert(known(&name)?, value);
        }
        let service = options.0.get("service").cloned().or_else(|| environment.variable("PGSERVICE"));
        if let Some(service) = service.filter(|service| !service.is_empty()) {
            for (name, value) in service_file::pairs(&service, environment)? {
                options.0.entry(known(&name)?).or_insert(value);
            }
        }
        for (name, value) in settings {
            options.0.entry(known(name)?).or_insert_with(|| (*value).to_owned());
        }
        for (name, variable) in KNOWN.iter().filter(|(_, variable)| !variable.is_empty()) {
            if let Some(value) = environment.variable(variable) {
                options.0.entry(name).or_insert(value);
            }
        }
        // The old way to say so.
        if environment.variable("PGREQUIRESSL").is_some_and(|value| value.starts_with('1')) {
            options.0.entry("sslmode").or_insert_with(|| "require".to_owned());
        }
        for (name, harmless, why) in REFUSED {
            if options.get(name).is_some_and(|value| !harmless.contains(&value)) {
                return Err(NotUnderstood::Unsupported { name, why });
            }
        }
        Ok(options)
    }

    /// The value, if it is set and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A whole number. As in libpq, zero and less ask for the system's default, and so count as not set.
    pub(super) fn number(&self, name: &'static str) -> Result<Option<u32>, NotUnderstood> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number: i32 = value.trim().parse().or_else(|_| wrong(name, value, "a whole number"))?;
        Ok(u32::try_from(number).ok().filter(|number| *number > 0))
    }

    /// A value out of a list; the first of the list if it is not set.
    pub(super) fn choice<T: Copy>(&self, name: &'static str, all: &[(&str, T)]) -> Result<T, NotUnderstood> {
        let value = self.get(name).unwrap_or(all[0].0);
        let chosen = all.iter().find(|(candidate, _)| *candidate == value);
        let Some((_, chosen)) = chosen else {
            let names: Vec<_> = all.iter().map(|(name, _)| *name).collect();
            return wrong(name, value, &format!("one of {}", names.join(", ")));
        };
        Ok(*chosen)
    }
}

/// The option's name as it lives in the table.
fn known(name: &str) -> Result<&'static str, NotUnderstood> {
    let found = KNOWN.iter().find(|(candidate, _)| *candidate == name);
    found.map(|(name, _)| *name).ok_or_else(|| NotUnderstood::Unknown(name.to_owned()))
}

/// The error for a value that is not what is expected.
pub(super) fn wrong<T>(name: &'static str, value: &str, expected: &str) -> Result<T, NotUnderstood> {
    Err(NotUnderstood::Value { name, value: value.to_owned(), expected: expected.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collected(text: &str, variables: &[(&str, &str)]) -> Result<Options, NotUnderstood> {
        let settings = [("connect_timeout", "5"), ("application_name", "stint")];
        Options::collected(text, &settings, &Environment::of(variables, None))
    }

    #[test]
    fn the_text_wins_over_settings_and_settings_over_the_environment() {
        let variables = [("PGHOST", "there"), ("PGUSER", "somebody"), ("PGCONNECT_TIMEOUT", "7"), ("PGPORT", "")];
        let options = collected("postgres://here/?user=u&user=v", &variables).unwrap();
        assert_eq!(options.get("host"), Some("here"));
        assert_eq!(options.get("user"), Some("v"));
        assert_eq!(options.get("connect_timeout"), Some("5"));
        assert_eq!(options.get("application_name"), Some("stint"));
        assert_eq!(options.get("port"), None);
        // Set, and empty: the built-in default.
        assert_eq!(collected("host='' dbname=d", &variables).unwrap().get("host"), None);
    }

    #[test]
    fn a_service_wins_over_the_environment_and_loses_to_the_text() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("services");
        std::fs::write(&file, "[prod]\nhost=served\nuser=server\nport=1\n").unwrap();
        let variables = [("PGSERVICEFILE", file.to_str().unwrap()), ("PGSERVICE", "prod"), ("PGUSER", "somebody")];
        let options = collected("postgres://here/", &variables).unwrap();
        let values = ["host", "user", "port"].map(|name| options.get(name));
        assert_eq!(values, [Some("here"), Some("server"), Some("1")]);
        let named = collected("service=other", &variables).err();
        assert_eq!(named, Some(NotUnderstood::NoService { service: "other".to_owned() }));
    }

    #[test]
    fn numbers_are_checked_and_zero_means_none() {
        let number = |text| collected(text, &[]).and_then(|options| options.number("connect_timeout"));
        assert_eq!(number("connect_timeout=9"), Ok(Some(9)));
        assert_eq!(number("connect_timeout=0"), Ok(None));
        assert_eq!(number("connect_timeout=-1"), Ok(None));
        let error = number("connect_timeout=9s").unwrap_err().to_string();
        assert_eq!(error, "connect_timeout is \"9s\", but must be a whole number");
    }

    #[test]
    fn what_is_unknown_or_not_supported_is_refused_by_name() {
        let error = |text, variables| collected(text, variables).err().unwrap().to_string();
        assert_eq!(error("postgres://h/d?sslmod=require", &[]), "there is no option \"sslmod\"");
        assert!(error("gssencmode=require", &[]).starts_with("gssencmode is not supported: "));
        assert!(error("replication=database", &[]).starts_with("replication is not supported: "));
        assert!(error("", &[("PGCLIENTENCODING", "LATIN1")]).starts_with("client_encoding is not supported: "));
        assert!(error("", &[("PGREQUIREAUTH", "scram-sha-256")]).starts_with("require_auth is not supported: "));
        let harmless = "gssencmode=prefer replication=false client_encoding=UTF8 krbsrvname=x sslcompression=0";
        assert!(collected(harmless, &[]).is_ok());
    }
}
