//! From the command line to a session, and out again.

use crate::CliError;
use crate::args::{Connection, Invocation, parse};
use crate::commands::execute;
use std::path::{Path, PathBuf};
use std::time::Duration;
use xenith_client::{Endpoint, Session, Trust};

/// Where a host's own xe finds its daemon.
const LOCAL_SOCKET: &str = "/var/lib/xcp/xapi";
const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;

/// A call may wait for a busy object as long as the server lets it: two hours (xapi's limit), and then some.
const CALL_DEADLINE: Duration = Duration::from_secs(3 * 3600);

/// Runs one command line (without the program's name) and returns what goes to stdout.
pub async fn run(argv: &[String]) -> Result<String, CliError> {
    let rc = match std::env::home_dir() {
        Some(home) => read_if_there(&home.join(".xe"))?,
        None => String::new(),
    };
    let extra = std::env::var("XE_EXTRA_ARGS").unwrap_or_default();
    let invocation = parse(argv, &extra, &rc).map_err(CliError::Args)?;
    if invocation.command == "help" {
        return Ok(crate::commands::help());
    }
    crate::commands::check(&invocation)?;
    let session = login(&invocation).await?;
    let result = execute(&session, &invocation).await;
    // The command is what counts: after a hand-over this host no longer takes the logout, and the session expires.
    if let Err(error) = session.logout().await
        && invocation.debug
    {
        eprintln!("logout: {error}");
    }
    result
}

async fn login(invocation: &Invocation) -> Result<Session, CliError> {
    let connection = &invocation.connection;
    let endpoint = endpoint(connection);
    let (user, password) = credentials(connection)?;
    if invocation.debug {
        eprintln!("connecting to {endpoint}");
    }
    Ok(Session::login(&[endpoint], &user, &password)
        .await?
        .with_deadline(CALL_DEADLINE))
}

fn endpoint(connection: &Connection) -> Endpoint {
    let Some(host) = connection.server.clone() else {
        return Endpoint::Unix(PathBuf::from(LOCAL_SOCKET));
    };
    if connection.no_ssl {
        return Endpoint::Http {
            host,
            port: connection.port.unwrap_or(HTTP_PORT),
        };
    }
    let trust = connection.ca_file.clone().map_or(Trust::InsecureFirstUse, Trust::Ca);
    Endpoint::Https {
        host,
        port: connection.port.unwrap_or(HTTPS_PORT),
        trust,
    }
}

fn credentials(connection: &Connection) -> Result<(String, String), CliError> {
    let mut user = connection.username.clone();
    let mut password = connection.password.clone();
    if let Some(path) = &connection.password_file {
        let text = read(path)?;
        let lines: Vec<&str> = text.lines().collect();
        match lines.as_slice() {
            [] => {}
            [only] => password = password.or(Some((*only).to_owned())),
            [first, second, ..] => {
                user = user.or(Some((*first).to_owned()));
                password = password.or(Some((*second).to_owned()));
            }
        }
    }
    Ok((user.unwrap_or_else(|| "root".to_owned()), password.unwrap_or_default()))
}

fn read(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path).map_err(|cause| CliError::File {
        path: path.display().to_string(),
        cause,
    })
}

fn read_if_there(path: &Path) -> Result<String, CliError> {
    match read(path) {
        Err(CliError::File { cause, .. }) if cause.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints() {
        let mut connection = Connection::default();
        assert_eq!(endpoint(&connection), Endpoint::Unix(LOCAL_SOCKET.into()));
        connection.server = Some("h".into());
        let https = |trust| Endpoint::Https {
            host: "h".into(),
            port: 443,
            trust,
        };
        assert_eq!(endpoint(&connection), https(Trust::InsecureFirstUse));
        connection.ca_file = Some("ca.pem".into());
        assert_eq!(endpoint(&connection), https(Trust::Ca("ca.pem".into())));
        connection.no_ssl = true;
        connection.port = Some(8080);
        assert_eq!(
            endpoint(&connection),
            Endpoint::Http {
                host: "h".into(),
                port: 8080
            }
        );
    }

    #[test]
    fn credentials_from_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pw");
        let mut connection = Connection {
            password_file: Some(file.clone()),
            ..Connection::default()
        };
        std::fs::write(&file, "secret\n").unwrap();
        assert_eq!(
            credentials(&connection).unwrap(),
            ("root".to_owned(), "secret".to_owned())
        );
        std::fs::write(&file, "joe\nsecret\n").unwrap();
        assert_eq!(
            credentials(&connection).unwrap(),
            ("joe".to_owned(), "secret".to_owned())
        );
        connection.username = Some("ann".into());
        assert_eq!(credentials(&connection).unwrap().0, "ann");
        connection.password_file = Some(dir.path().join("none"));
        assert!(matches!(credentials(&connection), Err(CliError::File { .. })));
    }
}
