//! xe's command line: options anywhere, one command, `key=value` parameters. Defaults come from `~/.xe` and
//! `XE_EXTRA_ARGS`, in this order; the command line wins over both.

use std::path::PathBuf;

/// What to connect to and as whom.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Connection {
    /// `None`: the local socket.
    pub server: Option<String>,
    pub port: Option<u16>,
    pub username: Option<String>,
    pub password: Option<String>,
    /// Holds user name and password, a line each, or the password alone.
    pub password_file: Option<PathBuf>,
    pub no_ssl: bool,
    /// PEM file that must vouch for the server's certificate; without it any certificate is taken, as xe always did.
    pub ca_file: Option<PathBuf>,
}

/// Passwords stay out of logs.
impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("server", &self.server)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// One call of xe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invocation {
    pub connection: Connection,
    pub debug: bool,
    pub command: String,
    pub params: Params,
}

/// `key=value` pairs in the order given; of doubled keys the first counts. A flag `--force` is `force=true`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(pub Vec<(String, String)>);

impl Params {
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    pub fn flag(&self, key: &str) -> bool {
        self.get(key).is_some_and(|v| v == "true" || v == "1")
    }

    /// All but those named.
    pub fn without<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .filter(|(k, _)| !names.contains(k))
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArgsError {
    #[error("Option {0} needs a value")]
    NoValue(String),
    #[error("`{0}` is not a port")]
    Port(String),
    #[error("No command given\nFor usage run: 'xe help'")]
    NoCommand,
}

/// `extra` is XE_EXTRA_ARGS (`server=...,username=...`), `rc` the text of `~/.xe` (the same, a line each).
pub fn parse(argv: &[String], extra: &str, rc: &str) -> Result<Invocation, ArgsError> {
    let mut parsed = Invocation::default();
    for setting in rc.lines().chain(extra.split(',')) {
        if let Some((key, value)) = setting.trim().split_once('=') {
            set(&mut parsed, key.trim(), value.trim())?;
        } else {
            set(&mut parsed, setting.trim(), "true")?;
        }
    }
    let mut words = argv.iter();
    while let Some(word) = words.next() {
        if let Some(key) = option_key(word) {
            let value = words.next().ok_or_else(|| ArgsError::NoValue(word.clone()))?;
            set(&mut parsed, key, value)?;
        } else if matches!(word.as_str(), "--nossl" | "--debug") {
            set(&mut parsed, &word[2..], "true")?;
        } else if let Some(flag) = word.strip_prefix("--") {
            parsed.params.0.push((flag.to_owned(), "true".to_owned()));
        } else if parsed.command.is_empty() {
            parsed.command = word.clone();
        } else {
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            parsed.params.0.push((key.to_owned(), value.to_owned()));
        }
    }
    if parsed.command.is_empty() {
        Err(ArgsError::NoCommand)
    } else {
        Ok(parsed)
    }
}

/// Options with a value, and what they are called in `~/.xe`.
fn option_key(word: &str) -> Option<&'static str> {
    match word {
        "-s" => Some("server"),
        "-p" => Some("port"),
        "-u" => Some("username"),
        "-pw" => Some("password"),
        "-pwf" => Some("passwordfile"),
        "--ca" => Some("ca"),
        _ => None,
    }
}

fn set(parsed: &mut Invocation, key: &str, value: &str) -> Result<(), ArgsError> {
    let connection = &mut parsed.connection;
    match key {
        "server" => connection.server = Some(value.to_owned()),
        "port" => connection.port = Some(value.parse().map_err(|_| ArgsError::Port(value.to_owned()))?),
        "username" => connection.username = Some(value.to_owned()),
        "password" => connection.password = Some(value.to_owned()),
        "passwordfile" => connection.password_file = Some(PathBuf::from(value)),
        "ca" => connection.ca_file = Some(PathBuf::from(value)),
        "nossl" => connection.no_ssl = value == "true",
        "debug" => parsed.debug = value == "true",
        // Settings of other versions of xe.
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn options_command_and_parameters_in_any_order() {
        let parsed = parse(
            &words("-s h -p 8080 vm-list -u root --minimal -pw x a=b=c --nossl d"),
            "",
            "",
        )
        .unwrap();
        assert_eq!(parsed.command, "vm-list");
        let pairs = [("minimal", "true"), ("a", "b=c"), ("d", "")];
        assert_eq!(parsed.params.0, pairs.map(|(k, v)| (k.to_owned(), v.to_owned())));
        let connection = &parsed.connection;
        assert_eq!(
            (connection.server.as_deref(), connection.port, connection.no_ssl),
            (Some("h"), Some(8080), true)
        );
        assert_eq!(
            (connection.username.as_deref(), connection.password.as_deref()),
            (Some("root"), Some("x"))
        );
        assert!(!format!("{parsed:?}").contains("root"));
    }

    #[test]
    fn nearer_settings_win() {
        let rc = "server=a\nport=1\nusername=u\n\nother=1";
        let parsed = parse(&words("-p 3 help"), "server=b,port=2,nossl=true", rc)
            .unwrap()
            .connection;
        assert_eq!(
            (parsed.server.as_deref(), parsed.port, parsed.no_ssl),
            (Some("b"), Some(3), true)
        );
        assert_eq!(parsed.username.as_deref(), Some("u"));
    }

    #[test]
    fn doubled_parameters_and_flags() {
        let params = parse(
            &words("vm-list params=uuid params=name-label minimal=true --minimal=true"),
            "",
            "",
        )
        .unwrap()
        .params;
        assert_eq!(params.get("params"), Some("uuid"));
        assert!(params.flag("minimal"));
        assert_eq!(params.get("minimal=true"), Some("true"));
        assert_eq!(
            params.without(&["params", "minimal"]).collect::<Vec<_>>(),
            [("minimal=true", "true")]
        );
    }

    #[test]
    fn refusals() {
        assert_eq!(parse(&words("-s"), "", ""), Err(ArgsError::NoValue("-s".into())));
        assert_eq!(parse(&words("-p x vm-list"), "", ""), Err(ArgsError::Port("x".into())));
        assert_eq!(parse(&[], "", ""), Err(ArgsError::NoCommand));
    }
}
