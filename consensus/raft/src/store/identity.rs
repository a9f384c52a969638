//! Who a store belongs to (A1): made with it, kept in a plain file beside the log and again inside it, never changed.

use super::record::digest;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The Raft node is its store: a wiped host gets a new `node`, so it can never vote twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreIdentity {
    /// 128 random bits, from the caller.
    pub node: u128,
    pub pool_uuid: String,
    /// Raised by a forced recovery of the pool.
    pub incarnation: u64,
    pub host_uuid: String,
}

pub(super) const IDENTITY_FILE: &str = "identity";

/// Of the whole store: identity, mark and log. 1 had a sled value an entry; it never left the workshop and is refused.
const FORMAT: &str = "xenith-store 2";
const FORMAT_NAME: &str = "xenith-store ";

/// The format that the identity file names, when it is another one than this program's.
pub(super) fn other_format(text: &str) -> Option<String> {
    let format = text.lines().next()?;
    (format.starts_with(FORMAT_NAME) && format != FORMAT).then(|| format.to_owned())
}

impl StoreIdentity {
    pub(super) fn encode(&self) -> String {
        let body = format!(
            "{FORMAT}\nnode {:032x}\npool {}\nincarnation {}\nhost {}\n",
            self.node, self.pool_uuid, self.incarnation, self.host_uuid
        );
        let sum = u128::from_be_bytes(digest(&[b"identity", body.as_bytes()]));
        format!("{body}sum {sum:032x}\n")
    }

    pub(super) fn decode(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != FORMAT {
            return None;
        }
        let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let identity = Self {
            node: u128::from_str_radix(field("node")?, 16).ok()?,
            pool_uuid: field("pool")?.to_owned(),
            incarnation: field("incarnation")?.parse().ok()?,
            host_uuid: field("host")?.to_owned(),
        };
        (identity.encode() == text).then_some(identity)
    }

    /// Neither uuid may hold a line end, or the file could not be read again.
    pub(super) fn is_writable(&self) -> bool {
        !self.pool_uuid.contains(['\n', '\r']) && !self.host_uuid.contains(['\n', '\r'])
    }
}

/// Write, fsync, rename, fsync folder.
pub(super) fn write_file_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_parent(path)
}

pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Fsyncs the folder that holds `path`.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_folder(parent),
        _ => sync_folder(Path::new(".")),
    }
}

/// Renames a damaged store to `<dir>.damaged-<n>`, the first free n, and says where it is now. It is never deleted: what it
/// holds may be the last copy of something.
pub fn set_aside(dir: &Path) -> io::Result<PathBuf> {
    for n in 1_u32.. {
        let mut name = dir.as_os_str().to_owned();
        name.push(format!(".damaged-{n}"));
        let aside = PathBuf::from(name);
        if fs::symlink_metadata(&aside).is_ok() {
            continue;
        }
        fs::rename(dir, &aside)?;
        sync_parent(dir)?;
        return Ok(aside);
    }
    Err(io::Error::other("no free name to set the store aside"))
}
