//! The daemon's configuration: one TOML file, unknown keys refused, validated once, handed down as plain structs.
//!
//! Invariant: nothing else reads configuration, and nothing reads the environment later.

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the configuration is when no `--config` names another.
pub const DEFAULT_PATH: &str = "/etc/xenith/xenith.toml";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Everything the daemon keeps: identity, log, snapshots.
    pub dir: PathBuf,
    /// The local socket, trusted as root.
    pub unix_socket: PathBuf,
    /// What a supporter does with a client's call.
    pub supporter_calls: SupporterCalls,
    /// How long the old coordinator goes on forwarding calls of existing sessions after a hand-over (B4).
    pub hand_over_forward_s: u64,
    /// Nothing new is asked of a host that was not heard for so long; after thrice this callers do not wait for it any more.
    pub silent_after_s: u64,
    /// Replies of event.from to one watcher are at least this far apart, so that a burst of changes is one reply; 0 = as they come.
    pub event_batch_ms: u64,
    pub host: HostConfig,
    pub listen: ListenConfig,
    pub accounts: AccountsConfig,
    pub hypervisor: HypervisorConfig,
    pub raft: RaftTimings,
    pub log: LogConfig,
    pub audit: AuditConfig,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SupporterCalls {
    /// HOST_IS_SLAVE with the coordinator's address, as XenAPI says.
    Redirect,
    /// Passed on to the coordinator; the client need not know it.
    Forward,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HostConfig {
    /// The management address, as clients and the other hosts reach this host.
    pub address: IpAddr,
    /// Empty: the machine's hostname.
    pub name_label: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListenConfig {
    /// The address that the ports below are bound on.
    pub address: IpAddr,
    /// Plain HTTP; 0 = closed.
    pub http_port: u16,
    /// HTTPS; 0 = closed.
    pub tls_port: u16,
    /// The link between hosts.
    pub link_port: u16,
    /// Threads of the HTTP server.
    pub workers: usize,
    /// What all replies that are not sent yet may hold of memory; a long reply that gets no share of it in time fails with TOO_BUSY.
    pub reply_memory_mib: usize,
    /// Plain HTTP is answered 403 unless it comes from this machine.
    pub https_only: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccountsConfig {
    /// TOML: `[accounts]`, name = argon2 hash.
    pub file: PathBuf,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "snake_case")]
pub enum HypervisorConfig {
    /// A simulated machine, a process of its own, reached at its socket.
    Sim { socket: PathBuf },
    /// Xen on this machine (feature `real`).
    Xen,
}

/// Timings of election and replication; see docs/performance.md for how the defaults were chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RaftTimings {
    pub heartbeat_ms: u64,
    pub election_min_ms: u64,
    pub election_max_ms: u64,
    /// Entries applied between two snapshots; half as many are kept in the log for hosts that were away shortly.
    pub snapshot_every_entries: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// As `tracing-subscriber` filters: `info`, `xenith_raft=debug,info`, ...
    pub filter: String,
    pub json: bool,
}

/// `audit.log` in `dir`, and its older files `audit.log.1`, `.2`, ...: at most `file_bytes` * (`old_files` + 1) together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditConfig {
    /// A file that has reached this is set aside.
    pub file_bytes: u64,
    pub old_files: u32,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            dir: PathBuf::from("/var/lib/xenith"),
            unix_socket: PathBuf::from("/var/lib/xcp/xapi"),
            supporter_calls: SupporterCalls::Redirect,
            hand_over_forward_s: 60,
            silent_after_s: 20,
            event_batch_ms: 50,
            host: HostConfig::default(),
            listen: ListenConfig::default(),
            accounts: AccountsConfig::default(),
            hypervisor: HypervisorConfig::Xen,
            raft: RaftTimings::default(),
            log: LogConfig::default(),
            audit: AuditConfig::default(),
        }
    }
}

impl Default for HostConfig {
    fn default() -> HostConfig {
        HostConfig {
            address: IpAddr::from([127, 0, 0, 1]),
            name_label: String::new(),
        }
    }
}

impl Default for ListenConfig {
    fn default() -> ListenConfig {
        ListenConfig {
            address: IpAddr::from([0, 0, 0, 0]),
            http_port: 80,
            tls_port: 443,
            link_port: 8444,
            workers: 2,
            reply_memory_mib: 256,
            https_only: false,
        }
    }
}

impl Default for AccountsConfig {
    fn default() -> AccountsConfig {
        AccountsConfig {
            file: PathBuf::from("/etc/xenith/accounts.toml"),
        }
    }
}

impl Default for RaftTimings {
    fn default() -> RaftTimings {
        RaftTimings {
            heartbeat_ms: 180,
            election_min_ms: 220,
            election_max_ms: 360,
            snapshot_every_entries: 20_000,
        }
    }
}

impl Default for AuditConfig {
    fn default() -> AuditConfig {
        AuditConfig {
            file_bytes: 10 << 20,
            old_files: 9,
        }
    }
}

impl Default for LogConfig {
    fn default() -> LogConfig {
        LogConfig {
            filter: "info,openraft=warn,actix_server=warn".to_owned(),
            json: false,
        }
    }
}

/// Why a configuration was refused. The cause names file, key and line where there is one.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path} could not be read")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{path} is not a valid configuration")]
    Malformed {
        path: PathBuf,
        source: Box<toml::de::Error>,
    },
    #[error("configuration: {0}")]
    Invalid(String),
}

impl Config {
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let config: Config = toml::from_str(&text).map_err(|source| ConfigError::Malformed {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        config.validate()?;
        Ok(config)
    }

    /// What the types cannot say.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let raft = &self.raft;
        check(raft.heartbeat_ms > 0, "raft.heartbeat_ms must be above 0")?;
        check(
            raft.election_min_ms > raft.heartbeat_ms,
            "raft.election_min_ms must be above raft.heartbeat_ms",
        )?;
        check(
            raft.election_max_ms >= 2 * raft.heartbeat_ms,
            "raft.election_max_ms must be at least two heartbeats, or a busy machine loses its coordinator",
        )?;
        check(
            raft.election_max_ms > raft.election_min_ms,
            "raft.election_max_ms must be above raft.election_min_ms",
        )?;
        check(
            raft.election_max_ms <= 10_000,
            "raft.election_max_ms above 10 s would leave the pool without coordinator for long",
        )?;
        check(
            raft.snapshot_every_entries >= 100,
            "raft.snapshot_every_entries must be at least 100",
        )?;
        check(self.listen.link_port != 0, "listen.link_port must be given")?;
        check(
            (1..=64).contains(&self.listen.workers),
            "listen.workers must be 1 to 64",
        )?;
        check(
            (1..=65_536).contains(&self.listen.reply_memory_mib),
            "listen.reply_memory_mib must be 1 to 65536",
        )?;
        check(
            self.listen.tls_port != 0 || !self.listen.https_only,
            "listen.https_only without listen.tls_port would leave no way in",
        )?;
        check(
            !self.host.address.is_unspecified(),
            "host.address must be an address that others can reach",
        )?;
        check(
            (64 << 10..=1 << 30).contains(&self.audit.file_bytes),
            "audit.file_bytes must be 65536 (64 KiB) to 1073741824 (1 GiB)",
        )?;
        check(
            (1..=100).contains(&self.audit.old_files),
            "audit.old_files must be 1 to 100",
        )?;
        check(
            self.hand_over_forward_s <= 3_600,
            "hand_over_forward_s must be at most 3600",
        )?;
        check(
            (3..=3_600).contains(&self.silent_after_s),
            "silent_after_s must be 3 to 3600",
        )
    }

    /// `None` = closed.
    pub fn http_address(&self) -> Option<SocketAddr> {
        (self.listen.http_port != 0).then(|| SocketAddr::new(self.listen.address, self.listen.http_port))
    }

    pub fn tls_address(&self) -> Option<SocketAddr> {
        (self.listen.tls_port != 0).then(|| SocketAddr::new(self.listen.address, self.listen.tls_port))
    }

    pub fn link_listen_address(&self) -> SocketAddr {
        SocketAddr::new(self.listen.address, self.listen.link_port)
    }

    /// host:port at which the other hosts reach this host's link.
    pub fn link_address(&self) -> String {
        SocketAddr::new(self.host.address, self.listen.link_port).to_string()
    }

    pub fn hand_over_forward(&self) -> Duration {
        Duration::from_secs(self.hand_over_forward_s)
    }
}

fn check(holds: bool, otherwise: &str) -> Result<(), ConfigError> {
    if holds {
        Ok(())
    } else {
        Err(ConfigError::Invalid(otherwise.to_owned()))
    }
}

/// Sets `key.path=value` in a TOML document; the value is TOML, or plain text where it is not (`up --config-set`).
pub fn set_key(document: &mut toml::Table, assignment: &str) -> Result<(), ConfigError> {
    let (path, text) = assignment
        .split_once('=')
        .ok_or_else(|| ConfigError::Invalid(format!("`{assignment}` is not of the form key=value")))?;
    let value = parse_value(text);
    let mut keys: Vec<&str> = path.trim().split('.').collect();
    let last = keys.pop().unwrap_or_default();
    let mut table = document;
    for key in keys {
        table = table
            .entry(key)
            .or_insert_with(|| toml::Value::Table(toml::Table::new()))
            .as_table_mut()
            .ok_or_else(|| ConfigError::Invalid(format!("`{key}` of `{path}` is not a table")))?;
    }
    table.insert(last.to_owned(), value);
    Ok(())
}

fn parse_value(text: &str) -> toml::Value {
    let parsed: Result<toml::Table, _> = toml::from_str(&format!("v = {text}"));
    parsed
        .ok()
        .and_then(|mut table| table.remove("v"))
        .unwrap_or_else(|| toml::Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_survive_a_round_trip() {
        let config = Config::default();
        config.validate().unwrap();
        let text = toml::to_string(&config).unwrap();
        assert_eq!(toml::from_str::<Config>(&text).unwrap(), config);
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(toml::from_str::<Config>("no_such_key = 1").is_err());
        assert!(toml::from_str::<Config>("[raft]\nheartbeat = 1").is_err());
    }

    #[test]
    fn values_that_cannot_work_are_refused() {
        let with = |text: &str| toml::from_str::<Config>(text).unwrap().validate();
        assert!(with("[raft]\nheartbeat_ms = 151\nelection_min_ms = 200\nelection_max_ms = 300").is_err());
        assert!(with("[raft]\nheartbeat_ms = 100\nelection_min_ms = 100\nelection_max_ms = 300").is_err());
        assert!(with("[raft]\nelection_min_ms = 300\nelection_max_ms = 300").is_err());
        assert!(with("[host]\naddress = \"0.0.0.0\"").is_err());
        assert!(with("[audit]\nfile_bytes = 1000").is_err());
        assert!(with("[audit]\nold_files = 0").is_err());
        assert!(with("[listen]\nreply_memory_mib = 0").is_err());
        assert!(with("[listen]\nhttps_only = true\ntls_port = 0").is_err());
        assert!(with("[listen]\nhttps_only = true").is_ok());
    }

    #[test]
    fn keys_are_set_by_path() {
        let mut table = toml::Table::new();
        set_key(&mut table, "raft.heartbeat_ms=50").unwrap();
        set_key(&mut table, "supporter_calls=forward").unwrap();
        let config: Config = table.try_into().unwrap();
        assert_eq!(
            (config.raft.heartbeat_ms, config.supporter_calls),
            (50, SupporterCalls::Forward)
        );
        assert!(set_key(&mut toml::Table::new(), "nothing").is_err());
    }
}
