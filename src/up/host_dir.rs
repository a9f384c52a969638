//! One host's folder of a development pool: `DIR/host-K` with its configuration, accounts and sockets.

use super::UpArguments;
use crate::commands::CommandError;
use crate::config::{AccountsConfig, Config, HostConfig, HypervisorConfig, ListenConfig, set_key};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

pub fn address(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 0, number)
}

pub fn path(dir: &Path, number: u8) -> PathBuf {
    dir.join(format!("host-{number}"))
}

/// What the simulated machines of the pool at `dir` share.
pub fn shared(dir: &Path) -> PathBuf {
    dir.join("shared")
}

/// Makes host `number`'s folder, configuration and accounts.
pub fn make(dir: &Path, number: u8, arguments: &UpArguments) -> Result<Config, CommandError> {
    let host_dir = path(dir, number);
    std::fs::create_dir_all(&host_dir).map_err(|cause| CommandError::file(&host_dir, cause))?;
    let config = configuration(&host_dir, number, arguments)?;
    xenith_runtime::set_password(&config.accounts.file, "root", &arguments.password)
        .map_err(|cause| CommandError::Other(Box::new(cause)))?;
    let path = host_dir.join("xenith.toml");
    let text = toml::to_string_pretty(&config).map_err(|cause| CommandError::Other(Box::new(cause)))?;
    std::fs::write(&path, text).map_err(|cause| CommandError::file(&path, cause))?;
    Ok(config)
}

fn configuration(host_dir: &Path, number: u8, arguments: &UpArguments) -> Result<Config, CommandError> {
    let address = IpAddr::from(address(number));
    let config = Config {
        dir: host_dir.join("state"),
        unix_socket: host_dir.join("xapi"),
        host: HostConfig {
            address,
            name_label: format!("host-{number}"),
        },
        listen: ListenConfig {
            address,
            http_port: arguments.http_port,
            tls_port: arguments.tls_port,
            link_port: arguments.link_port,
            ..ListenConfig::default()
        },
        accounts: AccountsConfig {
            file: host_dir.join("accounts.toml"),
        },
        hypervisor: HypervisorConfig::Sim {
            socket: host_dir.join("machine.sock"),
        },
        ..Config::default()
    };
    let mut table = toml::Table::try_from(&config).map_err(|cause| CommandError::Other(Box::new(cause)))?;
    for assignment in &arguments.config_set {
        set_key(&mut table, &assignment.replace("{k}", &number.to_string()))?;
    }
    let config: Config = table
        .try_into()
        .map_err(|cause: toml::de::Error| CommandError::Usage(format!("--config-set: {}", cause.message())))?;
    config.validate()?;
    Ok(config)
}
