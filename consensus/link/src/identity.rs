//! A host's key pair and self-signed certificate (E4: no CA key; certificates are pinned in the pool database).

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ED25519, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// SHA-256 of a certificate's DER.
pub type Fingerprint = [u8; 32];

const CERTIFICATE_FILE: &str = "link-certificate.der";
const KEY_FILE: &str = "link-key.der";
/// Owner only: the key is the host's membership.
const PRIVATE_MODE: u32 = 0o600;

/// This host's key pair and self-signed certificate.
pub struct Identity {
    certificate: CertificateDer<'static>,
    /// PKCS #8.
    key: Vec<u8>,
    fingerprint: Fingerprint,
}

#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("cannot make a key pair or certificate")]
    Make(#[source] rcgen::Error),
    #[error("cannot use {path}")]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{path} does not hold a key")]
    BadKey {
        path: PathBuf,
        #[source]
        source: rcgen::Error,
    },
    #[error("the certificate does not belong to the key")]
    Mismatch(#[source] rustls::Error),
}

impl Identity {
    /// Ed25519: its signatures have one length, so simulated runs do not differ in bytes on the wire.
    pub fn generate(host_uuid: &str) -> Result<Identity, IdentityError> {
        let key = KeyPair::generate_for(&PKCS_ED25519).map_err(IdentityError::Make)?;
        let mut params = CertificateParams::new(vec![host_uuid.to_owned()]).map_err(IdentityError::Make)?;
        let mut name = DistinguishedName::new();
        name.push(DnType::CommonName, host_uuid);
        params.distinguished_name = name;
        // Trust is the pin, not the date: a host whose clock is wrong must still reach its pool.
        params.not_before = date_time_ymd(1975, 1, 1);
        params.not_after = date_time_ymd(4096, 1, 1);
        let certificate = params.self_signed(&key).map_err(IdentityError::Make)?;
        Ok(Identity::from_parts(certificate.der().clone(), key.serialize_der()))
    }

    /// Reads the identity kept in `dir`, or makes it there once. A key without certificate, or the reverse, is an
    /// error: making a new one in silence would turn this host into a stranger.
    pub fn load_or_generate(dir: &Path, host_uuid: &str) -> Result<Identity, IdentityError> {
        let certificate_path = dir.join(CERTIFICATE_FILE);
        let key_path = dir.join(KEY_FILE);
        if !certificate_path.exists() {
            if key_path.exists() {
                // The key is written last, so this is not a torn first start.
                let source = io::Error::from(io::ErrorKind::NotFound);
                return Err(IdentityError::File {
                    path: certificate_path,
                    source,
                });
            }
            return Identity::create_in(dir, host_uuid);
        }
        if !key_path.exists() {
            // First start cut off between the two files: nobody can have pinned this certificate with its key lost.
            return Identity::create_in(dir, host_uuid);
        }
        let certificate = fs::read(&certificate_path).map_err(at(&certificate_path))?;
        let key = fs::read(&key_path).map_err(at(&key_path))?;
        restrict(&key_path)?;
        KeyPair::try_from(key.as_slice()).map_err(|source| IdentityError::BadKey { path: key_path, source })?;
        let identity = Identity::from_parts(CertificateDer::from(certificate), key);
        identity.check()?;
        Ok(identity)
    }

    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }

    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.clone()
    }

    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()))
    }

    fn from_parts(certificate: CertificateDer<'static>, key: Vec<u8>) -> Identity {
        let fingerprint = fingerprint_of(&certificate);
        Identity {
            certificate,
            key,
            fingerprint,
        }
    }

    fn create_in(dir: &Path, host_uuid: &str) -> Result<Identity, IdentityError> {
        fs::create_dir_all(dir).map_err(at(dir))?;
        let identity = Identity::generate(host_uuid)?;
        write_private(dir, CERTIFICATE_FILE, &identity.certificate)?;
        write_private(dir, KEY_FILE, &identity.key)?;
        Ok(identity)
    }

    fn check(&self) -> Result<(), IdentityError> {
        let provider = rustls::crypto::ring::default_provider();
        let key = provider
            .key_provider
            .load_private_key(self.key())
            .map_err(IdentityError::Mismatch)?;
        rustls::sign::CertifiedKey::new(vec![self.certificate()], key)
            .keys_match()
            .map_err(IdentityError::Mismatch)
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

pub fn fingerprint_of(certificate_der: &[u8]) -> Fingerprint {
    Sha256::digest(certificate_der).into()
}

fn at(path: &Path) -> impl Fn(io::Error) -> IdentityError + '_ {
    move |source| IdentityError::File {
        path: path.to_owned(),
        source,
    }
}

/// Whole or not at all: written beside, fsynced, renamed, folder fsynced.
fn write_private(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), IdentityError> {
    let path = dir.join(name);
    let beside = dir.join(format!("{name}.new"));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(PRIVATE_MODE)
        .open(&beside)
        .map_err(at(&beside))?;
    // An older file left behind may have had another mode.
    restrict(&beside)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(at(&beside))?;
    fs::rename(&beside, &path).map_err(at(&path))?;
    fs::File::open(dir)
        .and_then(|folder| folder.sync_all())
        .map_err(at(dir))
}

fn restrict(path: &Path) -> Result<(), IdentityError> {
    fs::set_permissions(path, fs::Permissions::from_mode(PRIVATE_MODE)).map_err(at(path))
}
