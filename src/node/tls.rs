//! The certificate with which this host serves HTTPS to clients: self-signed, made once, for its address and name.
//!
//! It is another one than the link's: clients want a key type and names that every TLS library takes.

use super::NodeError;
use super::certificate::described;
use super::state_dir::write_durably;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, SanType};
use rustls::SupportedCipherSuite;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::cipher_suite as suite;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use xenith_classes::birth::ServerCertificate;

/// Forward secrecy and authenticated encryption only; the last three need an RSA key, which an administrator may install.
const SUITES: [SupportedCipherSuite; 9] = [
    suite::TLS13_AES_256_GCM_SHA384,
    suite::TLS13_AES_128_GCM_SHA256,
    suite::TLS13_CHACHA20_POLY1305_SHA256,
    suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];

/// What the HTTPS port needs, and what the pool is told of it.
pub struct Tls {
    pub config: rustls::ServerConfig,
    pub certificate: ServerCertificate,
}

const UNUSABLE: &str = "the HTTPS certificate cannot be used";

impl Tls {
    /// Makes the certificate where there is none.
    pub fn load(dir: &Path, address: IpAddr, hostname: &str) -> Result<Tls, NodeError> {
        let (certificate_path, key_path) = (dir.join("certificate.pem"), dir.join("key.pem"));
        if !certificate_path.exists() || !key_path.exists() {
            make(&certificate_path, &key_path, address, hostname)?;
        }
        let text = std::fs::read(&certificate_path).map_err(NodeError::file(&certificate_path))?;
        let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&text)
            .collect::<Result<_, _>>()
            .map_err(NodeError::part(UNUSABLE))?;
        let key = PrivateKeyDer::from_pem_file(&key_path).map_err(NodeError::part(UNUSABLE))?;
        let certificate = certificates.first().and_then(described);
        let certificate =
            certificate.ok_or_else(|| NodeError::part(UNUSABLE)("there is no certificate in the file"))?;
        let config = server_config(certificates, key)?;
        Ok(Tls { config, certificate })
    }
}

/// The TLS configuration of the HTTPS port: TLS 1.2 and 1.3.
fn server_config(
    certificates: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<rustls::ServerConfig, NodeError> {
    let provider = CryptoProvider {
        cipher_suites: SUITES.to_vec(),
        ..rustls::crypto::ring::default_provider()
    };
    rustls::ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(NodeError::part(UNUSABLE))?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(NodeError::part(UNUSABLE))
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

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};
    use std::io::Cursor;

    fn server() -> (Arc<ServerConfig>, RootCertStore) {
        let dir = tempfile::tempdir().unwrap();
        let config = Tls::load(dir.path(), IpAddr::from([127, 0, 0, 1]), "localhost")
            .unwrap()
            .config;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(dir.path().join("certificate.pem")).unwrap() {
            roots.add(certificate.unwrap()).unwrap();
        }
        (Arc::new(config), roots)
    }

    /// The suite that a client with only this one agrees on.
    fn agreed(suite: SupportedCipherSuite) -> Result<SupportedCipherSuite, rustls::Error> {
        let (server, roots) = server();
        let provider = CryptoProvider {
            cipher_suites: vec![suite],
            ..rustls::crypto::ring::default_provider()
        };
        let config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[suite.version()])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut client = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
        let mut server = ServerConnection::new(server).unwrap();
        while client.is_handshaking() || server.is_handshaking() {
            let mut sent = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut sent).unwrap();
            }
            take(&mut server, &sent)?;
            let mut answered = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut answered).unwrap();
            }
            let mut answered = Cursor::new(answered);
            while client.read_tls(&mut answered).unwrap() > 0 {
                client.process_new_packets()?;
            }
        }
        Ok(server.negotiated_cipher_suite().unwrap())
    }

    fn take(server: &mut ServerConnection, sent: &[u8]) -> Result<(), rustls::Error> {
        let mut sent = Cursor::new(sent);
        while server.read_tls(&mut sent).unwrap() > 0 {
            server.process_new_packets()?;
        }
        Ok(())
    }

    #[test]
    fn the_good_suites_of_both_versions_are_agreed_on() {
        for suite in SUITES {
            let name = format!("{:?}", suite.suite());
            let agreed = agreed(suite).map(|agreed| agreed.suite());
            // This host's own certificate has an EC key.
            if name.contains("_RSA_") {
                assert!(agreed.is_err(), "{name}");
            } else {
                assert_eq!(agreed, Ok(suite.suite()), "{name}");
            }
        }
    }

    /// A hello of one suite, as an old client sends it.
    fn hello(version: u16, suite: u16) -> Vec<u8> {
        let mut body = version.to_be_bytes().to_vec();
        body.extend([7; 32]);
        body.push(0);
        body.extend([0, 2]);
        body.extend(suite.to_be_bytes());
        body.extend([1, 0]);
        let extensions: [&[u8]; 4] = [
            // The groups x25519 and P-256, uncompressed points, two kinds of signature, renegotiation.
            &[0, 10, 0, 6, 0, 4, 0, 0x1d, 0, 0x17],
            &[0, 11, 0, 2, 1, 0],
            &[0, 13, 0, 6, 0, 4, 4, 3, 8, 4],
            &[0xff, 1, 0, 1, 0],
        ];
        let extensions = extensions.concat();
        body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
        body.extend(extensions);
        let length = u16::try_from(body.len()).unwrap();
        let mut all = vec![22, 3, 1];
        all.extend((length + 4).to_be_bytes());
        all.extend([1, 0]);
        all.extend(length.to_be_bytes());
        all.extend(body);
        all
    }

    fn is_taken(version: u16, suite: u16) -> bool {
        let mut server = ServerConnection::new(server().0).unwrap();
        take(&mut server, &hello(version, suite)).is_ok() && server.wants_write()
    }

    #[test]
    fn old_versions_and_weak_suites_are_refused() {
        const ECDHE_ECDSA_AES_128_GCM: u16 = 0xc02b;
        assert!(is_taken(0x0303, ECDHE_ECDSA_AES_128_GCM), "the hello itself is wrong");
        for version in [0x0300, 0x0301, 0x0302] {
            assert!(!is_taken(version, ECDHE_ECDSA_AES_128_GCM), "{version:x}");
        }
        // CBC with SHA-1 and SHA-256, RC4, 3DES, RSA key exchange, finite-field Diffie-Hellman, anonymous, none.
        for suite in [
            0xc009, 0xc023, 0xc007, 0xc008, 0x009c, 0x002f, 0x000a, 0x009e, 0xc018, 0x0000,
        ] {
            assert!(!is_taken(0x0303, suite), "{suite:x}");
        }
    }
}
