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
//! DIR/agent/POOL-UUID/     what this host works for that pool; outlives its store, for guests do
//! DIR/audit.log           who did what on this host, with DIR/audit.log.1 and so on; survives joins
//! DIR/rejoin.json         `member` was set aside because it cannot be trusted: until this is dealt with, nothing runs here
//! ```
//!
//! **Invariant:** `member` is only ever renamed as a whole; a host is a member of one pool at a time.

use super::NodeError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use xenith_raft::Member;

/// Tried names of folders set aside.
const ASIDE_MAX: u32 = 10_000;

pub struct StateDir(PathBuf);

/// Why this host's store was set aside, and how it comes back into its pool (CORRECTNESS A3).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rejoin {
    pub why: String,
    /// Where the old membership is kept.
    pub aside: PathBuf,
    /// The Raft node that this host asks to become, 32 hexadecimal digits: the same in every attempt, so that a late answer to an
    /// older one does no harm. It has no store before the pool has agreed.
    pub node: String,
    /// The members as last known, this host among them.
    pub members: Vec<Member>,
}

impl StateDir {
    /// Makes the folder, and ends a join that was agreed before the last stop.
    pub fn open(dir: &Path) -> Result<StateDir, NodeError> {
        std::fs::create_dir_all(dir).map_err(NodeError::file(dir))?;
        let state = StateDir(dir.to_owned());
        state.drop_unfinished_join()?;
        state.finish_join()?;
        state.finish_set_aside()?;
        Ok(state)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn link(&self) -> PathBuf {
        self.0.join("link")
    }

    pub fn audit_log(&self) -> PathBuf {
        self.0.join("audit.log")
    }

    /// The journal of this host's work for a pool.
    pub fn agent(&self, pool_uuid: &str) -> PathBuf {
        self.0.join("agent").join(pool_uuid)
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

    /// The members as last known; the log knows better once it has spoken to one. Empty for a pool that was just made.
    pub fn known_members(&self) -> Result<Vec<Member>, NodeError> {
        Ok(read_json(&self.members_file())?.unwrap_or_default())
    }

    /// What the next start, or a host that lost its log, goes by.
    pub fn write_members(&self, members: &[Member]) -> Result<(), NodeError> {
        write_json(&self.members_file(), members)
    }

    fn members_file(&self) -> PathBuf {
        self.member().join("members.json")
    }

    /// Keeps the membership aside for good: this host must come back as another node. Ended by the next join, or by
    /// [`StateDir::start_anew`].
    pub fn begin_rejoin(&self, why: &str, node: u128) -> Result<(), NodeError> {
        // Without the list the host can still be started anew by hand; its store must not be used either way.
        let members = self.known_members().unwrap_or_else(|malformed| {
            tracing::error!(
                error = &malformed as &dyn std::error::Error,
                "the list of members was lost, too"
            );
            Vec::new()
        });
        let rejoin = Rejoin {
            why: why.to_owned(),
            aside: self.free_aside()?,
            node: format!("{node:032x}"),
            members,
        };
        write_json(&self.rejoin_file(), &rejoin)?;
        self.finish_set_aside()
    }

    pub fn rejoin(&self) -> Result<Option<Rejoin>, NodeError> {
        read_json(&self.rejoin_file())
    }

    /// The operator gives up what was set aside: the next start makes a pool of one.
    pub fn start_anew(&self) -> Result<Option<Rejoin>, NodeError> {
        let rejoin = self.rejoin()?;
        if let Some(rejoin) = &rejoin {
            self.rename(&self.rejoin_file(), &rejoin.aside.join("rejoin.json"))?;
        }
        Ok(rejoin)
    }

    fn rejoin_file(&self) -> PathBuf {
        self.0.join("rejoin.json")
    }

    fn finish_set_aside(&self) -> Result<(), NodeError> {
        match self.rejoin()? {
            Some(rejoin) if self.member().exists() => self.rename(&self.member(), &rejoin.aside),
            Some(_) | None => Ok(()),
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
        write_json(&joining.join("members.json"), members)?;
        self.rename(&joining, &self.next())
    }

    /// Keeps the membership of today aside and returns where.
    pub fn set_member_aside(&self) -> Result<PathBuf, NodeError> {
        let aside = self.free_aside()?;
        self.rename(&self.member(), &aside)?;
        Ok(aside)
    }

    fn free_aside(&self) -> Result<PathBuf, NodeError> {
        for number in 1..ASIDE_MAX {
            let aside = self.0.join(format!("member.left-{number}"));
            if !aside.exists() {
                return Ok(aside);
            }
        }
        let full = std::io::Error::new(std::io::ErrorKind::AlreadyExists, "too many folders were kept aside");
        Err(NodeError::file(&self.0)(full))
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

    /// Puts what was agreed in `member`'s place.
    pub fn finish_join(&self) -> Result<(), NodeError> {
        if !self.next().exists() {
            return Ok(());
        }
        if self.member().exists() {
            self.set_member_aside()?;
        }
        let rejoin = self.rejoin_file();
        if rejoin.exists() {
            std::fs::remove_file(&rejoin).map_err(NodeError::file(&rejoin))?;
            sync_folder(&self.0)?;
        }
        self.rename(&self.next(), &self.member())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), NodeError> {
        std::fs::rename(from, to).map_err(NodeError::file(from))?;
        sync_folder(&self.0)
    }
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, NodeError> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|cause| NodeError::file(path)(cause.into())),
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(NodeError::file(path)(cause)),
    }
}

fn write_json<T: Serialize + ?Sized>(path: &Path, contents: &T) -> Result<(), NodeError> {
    let text = serde_json::to_vec_pretty(contents).map_err(|cause| NodeError::file(path)(cause.into()))?;
    write_durably(path, &text)
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
    File::open(dir)
        .and_then(|folder| folder.sync_all())
        .map_err(NodeError::file(dir))
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
        assert_eq!(state.known_members().unwrap(), []);
    }

    fn member(node: u128) -> Member {
        Member {
            node: xenith_raft::NodeId(node),
            host_uuid: format!("host-{node}"),
            link_address: format!("127.0.0.{node}:8444"),
            certificate_sha256: [7; 32],
        }
    }

    #[test]
    fn a_store_set_aside_stays_aside_until_a_join_or_the_operator() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::open(dir.path()).unwrap();
        std::fs::create_dir(state.member()).unwrap();
        state.write_members(&[member(1), member(2)]).unwrap();
        state.begin_rejoin("torn", 9).unwrap();
        for _ in 0..2 {
            let state = StateDir::open(dir.path()).unwrap();
            let rejoin = state.rejoin().unwrap().unwrap();
            assert!(!state.member().exists() && rejoin.aside.join("members.json").exists());
            assert_eq!(
                (rejoin.members, rejoin.node),
                (vec![member(1), member(2)], format!("{:032x}", 9))
            );
        }
        state.begin_join().unwrap();
        state.agree_join(&[member(9)]).unwrap();
        state.finish_join().unwrap();
        assert!(state.rejoin().unwrap().is_none());
        assert_eq!(state.known_members().unwrap(), [member(9)]);
        state.begin_rejoin("again", 10).unwrap();
        let aside = state.start_anew().unwrap().unwrap().aside;
        assert!(state.rejoin().unwrap().is_none() && aside.join("rejoin.json").exists() && !state.member().exists());
    }

    #[test]
    fn a_crash_half_way_to_setting_aside_is_finished_at_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::open(dir.path()).unwrap();
        std::fs::create_dir(state.member()).unwrap();
        state.write_members(&[member(1)]).unwrap();
        state.begin_rejoin("torn", 9).unwrap();
        let aside = state.rejoin().unwrap().unwrap().aside;
        std::fs::rename(&aside, state.member()).unwrap();
        let state = StateDir::open(dir.path()).unwrap();
        assert!(!state.member().exists() && aside.join("members.json").exists());
    }

    #[test]
    fn the_host_uuid_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::open(dir.path()).unwrap();
        assert_eq!(state.host_uuid("one").unwrap(), "one");
        assert_eq!(state.host_uuid("two").unwrap(), "one");
    }
}
