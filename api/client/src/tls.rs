//! Which certificates are believed: a CA file, one fingerprint, or the first that is shown.

use crate::CallError;
use crate::endpoint::{Endpoint, Stream, Trust};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::{Arc, OnceLock};

pub(crate) struct Tls {
    config: Arc<ClientConfig>,
    seen: Arc<OnceLock<[u8; 32]>>,
}

impl Tls {
    pub fn new(trust: &Trust) -> Result<Tls, CallError> {
        let provider = Arc::new(ring::default_provider());
        let seen = Arc::new(OnceLock::new());
        let rule = match trust {
            Trust::Ca(file) => Rule::Ca(web_pki(file, &provider)?),
            Trust::Fingerprint(wanted) => Rule::Is(*wanted),
            Trust::InsecureFirstUse => Rule::First,
        };
        let verifier = Verifier {
            rule,
            seen: seen.clone(),
            provider: provider.clone(),
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(CallError::Tls)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Tls {
            config: Arc::new(config),
            seen,
        })
    }

    pub fn seen(&self) -> Option<[u8; 32]> {
        self.seen.get().copied()
    }

    pub async fn handshake(&self, endpoint: &Endpoint, stream: Box<dyn Stream>) -> Result<Box<dyn Stream>, CallError> {
        let (Endpoint::Https { host, .. } | Endpoint::Http { host, .. }) = endpoint else {
            return Ok(stream);
        };
        let name = ServerName::try_from(host.clone()).map_err(|_| CallError::HostName(host.clone()))?;
        match tokio_rustls::TlsConnector::from(self.config.clone())
            .connect(name, stream)
            .await
        {
            Ok(stream) => Ok(Box::new(stream)),
            Err(source) => Err(CallError::Connect {
                endpoint: endpoint.to_string(),
                source,
            }),
        }
    }
}

fn web_pki(file: &Path, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, CallError> {
    let unreadable = |e| CallError::CaFile(file.display().to_string(), e);
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(unreadable)? {
        roots.add(certificate.map_err(unreadable)?).map_err(CallError::Tls)?;
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|e| CallError::Tls(rustls::Error::General(e.to_string())))
}

#[derive(Debug)]
enum Rule {
    Ca(Arc<WebPkiServerVerifier>),
    Is([u8; 32]),
    First,
}

#[derive(Debug)]
struct Verifier {
    rule: Rule,
    /// The certificate of the first handshake that went well.
    seen: Arc<OnceLock<[u8; 32]>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown: [u8; 32] = Sha256::digest(end_entity).into();
        match &self.rule {
            Rule::Ca(ca) => {
                ca.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
                self.seen.get_or_init(|| shown);
            }
            Rule::Is(wanted) => {
                self.seen.get_or_init(|| shown);
                same(&shown, wanted)?;
            }
            Rule::First => same(&shown, self.seen.get_or_init(|| shown))?,
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            cert,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            cert,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn same(shown: &[u8; 32], wanted: &[u8; 32]) -> Result<(), rustls::Error> {
    if shown == wanted {
        Ok(())
    } else {
        Err(rustls::Error::InvalidCertificate(
            CertificateError::ApplicationVerificationFailure,
        ))
    }
}
