//! What a host keeps on disk, and how it changes from one pool to another without a moment in between.
//!
//! ```text
//! DIR/host-uuid           made once; survives joins
//! DIR/link/               key and certificate of the link between hosts
//! DIR/certificate.pem     of HTTPS, with DIR/key.pem
//! DIR/member/             this host as a member of one pool: log store, snapshots, first addresses of the others
//! DIR/member.joining/     being made for a join; means nothing yet
//! DIR/member.next/        the pool has agreed: at the next start it takes `member`'s place
//! DIR/member.left-N/      kept aside; never deleted by us
//! ```
//!
//! **Invariant:** `member` is only ever renamed as a whole; a host is a member of one pool at a time.

use super::NodeError;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use xenith_raft::Member;

/// Tried names of folders set aside.
const ASIDE_MAX: u32 = 10_000;

pub struct StateDir(PathBuf);

impl StateDir {
    /// Makes the folder, and ends a join that was agreed before the last stop.
    pub fn open(dir: &Path) -> Result<StateDir, NodeError> {
        std::fs::create_dir_all(dir).map_err(NodeError::file(dir))?;
        let state = StateDir(dir.to_owned());
        state.drop_unfinished_join()?;
        state.finish_join()?;
        Ok(state)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn link(&self) -> PathBuf {
        self.0.join("link")
    }

    pub fn member(&self) -> PathBuf {
        self.0.join("member")
    }

    pub fn store(&self) -> PathBuf {
        self.member().join("store")
    }

    pub fn snapshots(&self) -> PathBuf {
        self.member().join("snapshots")
    }

    pub fn joining(&self) -> PathBuf {
        self.0.join("member.joining")
    }

    /// The host's uuid; `fresh` is used the first time.
    pub fn host_uuid(&self, fresh: &str) -> Result<String, NodeError> {
        let path = self.0.join("host-uuid");
        match std::fs::read_to_string(&path) {
            Ok(uuid) => Ok(uuid.trim().to_owned()),
            Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => {
                write_durably(&path, format!("{fresh}\n").as_bytes())?;
                Ok(fresh.to_owned())
            }
            Err(cause) => Err(NodeError::file(&path)(cause)),
        }
    }

    /// Where the other members were when this host joined; the log knows better once it has spoken to one.
    pub fn first_members(&self) -> Result<Vec<Member>, NodeError> {
        let path = self.member().join("members.json");
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(NodeError::part("members.json is malformed")),
            Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(cause) => Err(NodeError::file(&path)(cause)),
        }
    }

    /// An empty folder for a join that may still fail.
    pub fn begin_join(&self) -> Result<PathBuf, NodeError> {
        self.drop_unfinished_join()?;
        let joining = self.joining();
        std::fs::create_dir(&joining).map_err(NodeError::file(&joining))?;
        Ok(joining)
    }

    /// The pool has agreed: from here on this host is a member of it, also after a crash.
    pub fn agree_join(&self, members: &[Member]) -> Result<(), NodeError> {
        let joining = self.joining();
        let text = serde_json::to_vec_pretty(members).map_err(NodeError::part("members.json"))?;
        write_durably(&joining.join("members.json"), &text)?;
        self.rename(&joining, &self.next())
    }

    /// Keeps the membership of today aside and returns where.
    pub fn set_member_aside(&self) -> Result<PathBuf, NodeError> {
        let member = self.member();
        for number in 1..ASIDE_MAX {
            let aside = self.0.join(format!("member.left-{number}"));
            if !aside.exists() {
                self.rename(&member, &aside)?;
                return Ok(aside);
            }
        }
        let full = std::io::Error::new(std::io::ErrorKind::AlreadyExists, "too many folders were kept aside");
        Err(NodeError::file(&member)(full))
    }

    fn next(&self) -> PathBuf {
        self.0.join("member.next")
    }

    fn drop_unfinished_join(&self) -> Result<(), NodeError> {
        let joining = self.joining();
        if joining.exists() {
            std::fs::remove_dir_all(&joining).map_err(NodeError::file(&joining))?;
        }
        Ok(())
    }

    fn finish_join(&self) -> Result<(), NodeError> {
        if !self.next().exists() {
            return Ok(());
        }
        if self.member().exists() {
            self.set_member_aside()?;
        }
        self.rename(&self.next(), &self.member())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), NodeError> {
        std::fs::rename(from, to).map_err(NodeError::file(from))?;
        sync_folder(&self.0)
    }
}

/// Write, fsync, rename, fsync the folder.
pub fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), NodeError> {
    let new = path.with_extension("new");
    let mut file = File::create(&new).map_err(NodeError::file(&new))?;
    file.write_all(bytes).map_err(NodeError::file(&new))?;
    file.sync_all().map_err(NodeError::file(&new))?;
    std::fs::rename(&new, path).map_err(NodeError::file(path))?;
    sync_folder(path.parent().unwrap_or(Path::new("/")))
}

fn sync_folder(dir: &Path) -> Result<(), NodeError> {
    File::open(dir).and_then(|folder| folder.sync_all()).map_err(NodeError::file(dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_join_takes_effect_only_when_the_pool_agreed() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::open(dir.path()).unwrap();
        std::fs::create_dir(state.member()).unwrap();
        std::fs::write(state.member().join("old"), "").unwrap();
        std::fs::write(state.begin_join().unwrap().join("new"), "").unwrap();
        let state = StateDir::open(dir.path()).unwrap();
        assert!(state.member().join("old").exists() && !state.joining().exists());
        std::fs::write(state.begin_join().unwrap().join("new"), "").unwrap();
        state.agree_join(&[]).unwrap();
        let state = StateDir::open(dir.path()).unwrap();
        assert!(state.member().join("new").exists());
        assert!(dir.path().join("member.left-1").join("old").exists());
        assert_eq!(state.first_members().unwrap(), []);
    }

    #[test]
    fn the_host_uuid_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::open(dir.path()).unwrap();
        assert_eq!(state.host_uuid("one").unwrap(), "one");
        assert_eq!(state.host_uuid("two").unwrap(), "one");
    }
}
