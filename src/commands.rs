//! The commands that are not `up`: each a few lines over [`crate::node`] or the local daemon's unix socket.

use crate::admin;
use crate::config::{Config, ConfigError, DEFAULT_PATH};
use crate::node;
use clap::Args;
use std::path::{Path, PathBuf};

/// Why a command failed; the whole chain is printed once, by `main`.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{path}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{path} is malformed")]
    Malformed {
        path: PathBuf,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Node(#[from] node::NodeError),
    #[error(transparent)]
    Admin(#[from] admin::AdminError),
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl CommandError {
    pub fn file(path: &Path, source: std::io::Error) -> CommandError {
        CommandError::File {
            path: path.to_owned(),
            source,
        }
    }
}

#[derive(Args)]
pub struct JoinArguments {
    /// Address of any member of the pool; its link port may follow (ADDRESS:PORT).
    address: String,
    /// What `xenith token` printed on a member.
    #[arg(long)]
    token: String,
    /// This host's configuration.
    #[arg(long, default_value = DEFAULT_PATH)]
    config: PathBuf,
}

/// `xenith host`
pub fn host(path: &Path) -> Result<(), CommandError> {
    let config = Config::load(path)?;
    Ok(node::run_until_stopped(config)?)
}

/// `xenith join`: asks the local daemon, over its socket, to join.
pub fn join(arguments: &JoinArguments) -> Result<(), CommandError> {
    let config = Config::load(&arguments.config)?;
    let address = with_link_port(&arguments.address, config.listen.link_port);
    block_on(admin::join(&config.unix_socket, &address, &arguments.token))??;
    println!("joined the pool at {}", arguments.address);
    Ok(())
}

/// `xenith token`
pub fn token(path: &Path) -> Result<(), CommandError> {
    let config = Config::load(path)?;
    println!("{}", block_on(admin::token(&config.unix_socket))??);
    Ok(())
}

/// `xenith start-anew`
pub fn start_anew(path: &Path) -> Result<(), CommandError> {
    let config = Config::load(path)?;
    match node::start_anew(&config)? {
        Some(aside) => println!(
            "the next start makes a blank host; the old store stays in {}",
            aside.display()
        ),
        None => println!("no store was set aside; nothing was changed"),
    }
    Ok(())
}

/// `xenith check-config`
pub fn check_config(path: &Path) -> Result<(), CommandError> {
    Config::load(path)?;
    println!("{} is valid", path.display());
    Ok(())
}

/// An address with or without a port, IPv6 in brackets or bare; the port that is added is the link's.
pub fn with_link_port(address: &str, port: u16) -> String {
    if address.parse::<std::net::SocketAddr>().is_ok() {
        return address.to_owned();
    }
    match address.parse::<std::net::Ipv6Addr>() {
        Ok(v6) => format!("[{v6}]:{port}"),
        Err(_) if address.ends_with(']') || !address.contains(':') => format!("{address}:{port}"),
        Err(_) => address.to_owned(),
    }
}

fn block_on<F: Future>(future: F) -> Result<F::Output, CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| CommandError::Other(Box::new(cause)))?;
    Ok(runtime.block_on(future))
}

#[cfg(test)]
mod tests {
    use super::with_link_port;

    #[test]
    fn the_link_port_is_added_where_none_is_given() {
        assert_eq!(with_link_port("127.0.0.1", 8444), "127.0.0.1:8444");
        assert_eq!(with_link_port("127.0.0.1:1", 8444), "127.0.0.1:1");
        assert_eq!(with_link_port("::1", 8444), "[::1]:8444");
        assert_eq!(with_link_port("[::1]:1", 8444), "[::1]:1");
        assert_eq!(with_link_port("pool.example", 8444), "pool.example:8444");
        assert_eq!(with_link_port("pool.example:1", 8444), "pool.example:1");
    }
}
