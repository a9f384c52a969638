//! The certificate with which this host serves HTTPS to clients: self-signed, made once, for its address and name.
//!
//! It is another one than the link's: clients want a key type and names that every TLS library takes.

use super::NodeError;
use super::state_dir::write_durably;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, SanType};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

/// The TLS configuration of the HTTPS port: TLS 1.2 and 1.3.
pub fn server_config(dir: &Path, address: IpAddr, hostname: &str) -> Result<rustls::ServerConfig, NodeError> {
    let (certificate_path, key_path) = (dir.join("certificate.pem"), dir.join("key.pem"));
    if !certificate_path.exists() || !key_path.exists() {
        make(&certificate_path, &key_path, address, hostname)?;
    }
    let unusable = "the HTTPS certificate cannot be used";
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&certificate_path)
        .and_then(Iterator::collect)
        .map_err(NodeError::part(unusable))?;
    let key = PrivateKeyDer::from_pem_file(&key_path).map_err(NodeError::part(unusable))?;
    rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(NodeError::part(unusable))?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(NodeError::part(unusable))
}

fn make(certificate_path: &Path, key_path: &Path, address: IpAddr, hostname: &str) -> Result<(), NodeError> {
    let failed = "the HTTPS certificate could not be made";
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(NodeError::part(failed))?;
    let mut params = CertificateParams::new(vec![hostname.to_owned()]).map_err(NodeError::part(failed))?;
    params.distinguished_name.push(DnType::CommonName, hostname);
    params.subject_alt_names.push(SanType::IpAddress(address));
    let certificate = params.self_signed(&key).map_err(NodeError::part(failed))?;
    write_durably(key_path, key.serialize_pem().as_bytes())?;
    std::fs::set_permissions(key_path, std::fs::Permissions::from_mode(0o600)).map_err(NodeError::file(key_path))?;
    write_durably(certificate_path, certificate.pem().as_bytes())
}
