//! `DIR/pool.json`: what runs, for tests and scripts. Rewritten whole at each change (write, then rename).

use crate::commands::CommandError;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PoolFile {
    pub username: String,
    pub password: String,
    /// PEM of the hosts' certificates, for TLS clients that verify.
    pub ca_file: PathBuf,
    pub hosts: Vec<PoolHost>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PoolHost {
    pub uuid: String,
    pub name_label: String,
    pub address: String,
    pub http_port: u16,
    pub tls_port: u16,
    pub pid: Option<u32>,
    /// None until hosts have keepers (HA).
    pub keeper_pid: Option<u32>,
    pub sim_pid: Option<u32>,
    pub dir: PathBuf,
    pub log: PathBuf,
}

impl PoolFile {
    /// `None` when the folder holds no pool.
    pub fn load(dir: &Path) -> Result<Option<PoolFile>, CommandError> {
        let path = dir.join("pool.json");
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|cause| CommandError::Malformed {
                    path,
                    source: cause.into(),
                }),
            Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(CommandError::file(&path, cause)),
        }
    }

    pub fn save(&self, dir: &Path) -> Result<(), CommandError> {
        let path = dir.join("pool.json");
        let new = dir.join("pool.json.new");
        let text = serde_json::to_vec_pretty(self).map_err(|cause| CommandError::Malformed {
            path: path.clone(),
            source: cause.into(),
        })?;
        std::fs::write(&new, text).map_err(|cause| CommandError::file(&new, cause))?;
        std::fs::rename(&new, &path).map_err(|cause| CommandError::file(&path, cause))
    }
}
