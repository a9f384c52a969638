//! Who may log in with a password: the [`Authenticator`] trait and the one over a file of argon2 hashes.
//!
//! Invariants: a password is never logged and never kept; an unknown name costs as long as a wrong password;
//! at most [`MAX_VERIFYING`] hashes are computed at a time (each takes ~19 MiB and tens of milliseconds of CPU).

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;
use xenith_datamodel::Role;

/// A user whose password was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub user: String,
    /// `None`: a local superuser, as every account without a role is.
    pub role: Option<Role>,
}

#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Unknown user or wrong password: the client must not learn which.
    #[error("wrong user name or password")]
    Denied,
    /// More logins wait than [`MAX_WAITING`].
    #[error("too many logins at a time")]
    Busy,
    #[error("the accounts cannot be read")]
    Unavailable(#[source] AccountsError),
}

/// Checks a user's password. May take its time; the caller bounds how many run.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    async fn verify(&self, user: &str, password: &str) -> Result<Identity, AuthError>;

    /// Gives the user, who must be known, another password here. Returns its hash, for the other hosts of the pool.
    async fn set_password(&self, user: &str, password: &str) -> Result<String, AuthError>;

    /// Keeps a hash that another host of the pool made.
    async fn keep_hash(&self, user: &str, hash: &str) -> Result<(), AuthError>;
}

/// Hashes computed at a time: one a core of a small control domain.
const MAX_VERIFYING: usize = 2;
/// Logins that may wait for a turn; at 50 ms each the last of them waits about 2 s.
const MAX_WAITING: usize = 64;

#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    #[error("accounts file {path}")]
    Io {
        path: String,
        #[source]
        source: io::Error,
    },
    #[error("accounts file {0} may be read by others: its mode must be 0600")]
    OpenToOthers(String),
    /// The parser's words are left out: they quote the file, and so the hash of a password.
    #[error("accounts file {path} is not as it should be, at line {line}")]
    Malformed { path: String, line: usize },
    #[error("the hash of an account in {0} is not an argon2 hash")]
    BadHash(String),
    #[error("accounts file {path}: there is no role {role:?}")]
    NoSuchRole { path: String, role: String },
    #[error("no account of that name in {0}")]
    NoSuchUser(String),
    #[error("a password could not be hashed: {0}")]
    Hash(String),
    #[error("the worker that hashes passwords ended")]
    WorkerGone,
}

/// `accounts.toml`: `[accounts]` with one `user = "$argon2id$..."` a line, and `[roles]` with `user = "vm-admin"` for those that
/// are no local superusers. Read at each login, so an edit counts at once.
pub struct FileAuthenticator {
    path: Arc<PathBuf>,
    /// Verified against when the user is unknown, so that both cases cost the same.
    decoy: Arc<str>,
    verifying: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// One change of the file at a time.
    changing: Arc<Mutex<()>>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountsFile {
    #[serde(default)]
    accounts: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    roles: BTreeMap<String, String>,
}

impl AccountsFile {
    fn identity(&self, user: String, path: &Path) -> Result<Identity, AccountsError> {
        let role = match self.roles.get(&user) {
            None => None,
            Some(name) => Some(accountable_role(name).ok_or_else(|| AccountsError::NoSuchRole {
                path: path.display().to_string(),
                role: name.clone(),
            })?),
        };
        Ok(Identity { user, role })
    }
}

/// A role that an account can have.
fn accountable_role(name: &str) -> Option<Role> {
    Role::from_text(name).filter(|role| *role != Role::LocalRoot)
}

impl FileAuthenticator {
    /// Fails when the file cannot be read or is open to others.
    pub fn open(path: impl Into<PathBuf>) -> Result<FileAuthenticator, AccountsError> {
        let path = path.into();
        let file = read(&path)?;
        for user in file.roles.keys() {
            file.identity(user.clone(), &path)?;
        }
        Ok(FileAuthenticator {
            path: Arc::new(path),
            decoy: hash("")?.into(),
            verifying: Arc::new(Semaphore::new(MAX_VERIFYING)),
            waiting: Arc::new(Semaphore::new(MAX_WAITING)),
            changing: Arc::default(),
        })
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AuthError> + Send + 'static,
    ) -> Result<T, AuthError> {
        let _waiting = self.waiting.try_acquire().map_err(|_| AuthError::Busy)?;
        let turn = Arc::clone(&self.verifying)
            .acquire_owned()
            .await
            .map_err(|_| AuthError::Busy)?;
        // The permit goes along: a caller that goes away must not let another hash start beside this one.
        let worker = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        worker
            .await
            .map_err(|_| AuthError::Unavailable(AccountsError::WorkerGone))?
    }
}

#[async_trait]
impl Authenticator for FileAuthenticator {
    async fn verify(&self, user: &str, password: &str) -> Result<Identity, AuthError> {
        let (path, decoy) = (Arc::clone(&self.path), Arc::clone(&self.decoy));
        let (user, password) = (user.to_owned(), password.to_owned());
        self.blocking(move || {
            let file = read(&path).map_err(AuthError::Unavailable)?;
            let known = file.accounts.get(&user);
            let stored = known.map_or(&*decoy, String::as_str);
            let right = matches(stored, &password, &path).map_err(AuthError::Unavailable)?;
            if right && known.is_some() {
                file.identity(user, &path).map_err(AuthError::Unavailable)
            } else {
                Err(AuthError::Denied)
            }
        })
        .await
    }

    async fn set_password(&self, user: &str, password: &str) -> Result<String, AuthError> {
        let (path, changing) = (Arc::clone(&self.path), Arc::clone(&self.changing));
        let (user, password) = (user.to_owned(), password.to_owned());
        self.blocking(move || {
            let hash = hash(&password).map_err(AuthError::Unavailable)?;
            replace(&path, &changing, &user, &hash)?;
            Ok(hash)
        })
        .await
    }

    async fn keep_hash(&self, user: &str, hash: &str) -> Result<(), AuthError> {
        let (path, changing) = (Arc::clone(&self.path), Arc::clone(&self.changing));
        let (user, hash) = (user.to_owned(), hash.to_owned());
        self.blocking(move || {
            if PasswordHash::new(&hash).is_err() {
                return Err(AuthError::Unavailable(AccountsError::BadHash(
                    path.display().to_string(),
                )));
            }
            replace(&path, &changing, &user, &hash)
        })
        .await
    }
}

/// Only of an account that is there: a change of password makes no accounts.
fn replace(path: &Path, changing: &Mutex<()>, user: &str, hash: &str) -> Result<(), AuthError> {
    let _one_at_a_time = changing.lock().unwrap_or_else(PoisonError::into_inner);
    let mut file = read(path).map_err(AuthError::Unavailable)?;
    match file.accounts.get_mut(user) {
        Some(held) => hash.clone_into(held),
        None => {
            let path = path.display().to_string();
            return Err(AuthError::Unavailable(AccountsError::NoSuchUser(path)));
        }
    }
    write(path, &file).map_err(AuthError::Unavailable)
}

/// Writes the account into the file (made when missing) whole and durably: new file, fsync, rename.
pub fn set_password(path: &Path, user: &str, password: &str) -> Result<(), AccountsError> {
    let mut file = match read(path) {
        Err(AccountsError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => AccountsFile::default(),
        other => other?,
    };
    file.accounts.insert(user.to_owned(), hash(password)?);
    write(path, &file)
}

fn write(path: &Path, file: &AccountsFile) -> Result<(), AccountsError> {
    let text = toml::to_string(file).map_err(|error| AccountsError::Hash(error.to_string()))?;
    let failed = |source| AccountsError::Io {
        path: path.display().to_string(),
        source,
    };
    let next = path.with_extension("toml.new");
    let write = || {
        let mut out = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&next)?;
        out.write_all(text.as_bytes())?;
        out.sync_all()?;
        std::fs::rename(&next, path)
    };
    write().map_err(failed)
}

fn read(path: &Path) -> Result<AccountsFile, AccountsError> {
    let failed = |source| AccountsError::Io {
        path: path.display().to_string(),
        source,
    };
    if std::fs::metadata(path).map_err(failed)?.mode() & 0o077 != 0 {
        return Err(AccountsError::OpenToOthers(path.display().to_string()));
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    toml::from_str(&text).map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        AccountsError::Malformed {
            path: path.display().to_string(),
            line: before.matches('\n').count() + 1,
        }
    })
}

fn hash(password: &str) -> Result<String, AccountsError> {
    let failed = |error: &dyn std::fmt::Display| AccountsError::Hash(error.to_string());
    let random = crate::ids::random_128().map_err(|error| failed(&error))?;
    let salt = SaltString::encode_b64(&random).map_err(|error| failed(&error))?;
    Argon2::default()
        .hash_password(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|error| failed(&error))
}

fn matches(stored: &str, password: &str, path: &Path) -> Result<bool, AccountsError> {
    let hash = PasswordHash::new(stored).map_err(|_| AccountsError::BadHash(path.display().to_string()))?;
    Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn right_wrong_unknown_and_an_edited_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.toml");
        set_password(&path, "root", "one").unwrap();
        let accounts = FileAuthenticator::open(&path).unwrap();
        assert_eq!(accounts.verify("root", "one").await.unwrap().user, "root");
        assert!(matches!(accounts.verify("root", "two").await, Err(AuthError::Denied)));
        assert!(
            matches!(accounts.verify("nobody", "").await, Err(AuthError::Denied)),
            "the decoy's own password"
        );
        set_password(&path, "root", "two").unwrap();
        assert!(matches!(accounts.verify("root", "one").await, Err(AuthError::Denied)));
        assert!(accounts.verify("root", "two").await.is_ok());
    }

    #[tokio::test]
    async fn roles_stay_and_passwords_change_for_known_users_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.toml");
        set_password(&path, "ann", "one").unwrap();
        let text = std::fs::read_to_string(&path).unwrap() + "\n[roles]\nann = \"vm-admin\"\n";
        std::fs::write(&path, text).unwrap();
        let accounts = FileAuthenticator::open(&path).unwrap();
        let hash = accounts.set_password("ann", "two").await.unwrap();
        assert!(accounts.verify("ann", "one").await.is_err());
        assert_eq!(accounts.verify("ann", "two").await.unwrap().role, Some(Role::VmAdmin));
        assert!(accounts.set_password("bob", "x").await.is_err());
        assert!(accounts.keep_hash("ann", "no hash").await.is_err());
        accounts.set_password("ann", "three").await.unwrap();
        accounts.keep_hash("ann", &hash).await.unwrap();
        assert!(accounts.verify("ann", "two").await.is_ok());
        std::fs::write(&path, "[roles]\nann = \"local-root\"\n").unwrap();
        assert!(matches!(
            FileAuthenticator::open(&path),
            Err(AccountsError::NoSuchRole { .. })
        ));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_without_its_words() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.toml");
        set_password(&path, "root", "one").unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for broken in [text.replace("\"\n", "\n"), text.replace("root = ", "root ")] {
            assert_ne!(broken, text);
            std::fs::write(&path, broken).unwrap();
            let Err(error) = FileAuthenticator::open(&path) else {
                panic!("it was taken");
            };
            assert!(error.to_string().ends_with("not as it should be, at line 2"), "{error}");
            assert!(std::error::Error::source(&error).is_none(), "{error:?}");
        }
    }

    #[test]
    fn a_file_open_to_others_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.toml");
        set_password(&path, "root", "one").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            FileAuthenticator::open(&path),
            Err(AccountsError::OpenToOthers(_))
        ));
    }
}
