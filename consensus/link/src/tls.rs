//! TLS 1.3 settings and the verifier that replaces a CA by pins (E4).
//!
//! Invariants: signatures are always checked; what is accepted without a pin is only the join ALPN's client side and a
//! joiner's first use. No session is resumed, so that an unpinned certificate is asked again on every connection.

use crate::error::LinkError;
use crate::identity::{Fingerprint, Identity, fingerprint_of};
use crate::link::Directory;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, PeerMisbehaved, ServerConfig,
    SignatureScheme,
};
use std::sync::Arc;

pub(crate) const ALPN_LINK: &[u8] = b"xenith-link/1";
pub(crate) const ALPN_JOIN: &[u8] = b"xenith-join/1";

/// Whose certificate is accepted.
#[derive(Clone)]
pub(crate) enum Trust {
    /// The one pinned for this node (dialling a peer).
    Node(Arc<dyn Directory>, u128),
    /// Any that is pinned; the hello says for whom (accepting a peer).
    AnyPinned(Arc<dyn Directory>),
    /// This one (joining).
    Fingerprint(Fingerprint),
    /// Whoever holds the key: a joiner's first use, and the joiner as seen by the pool.
    KeyHolder,
}

pub(crate) fn client_config(identity: &Identity, trust: Trust, alpn: &[u8]) -> Result<Arc<ClientConfig>, LinkError> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(PinVerifier::new(trust, &provider));
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(LinkError::Tls)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_client_auth_cert(vec![identity.certificate()], identity.key())
        .map_err(LinkError::Tls)?;
    config.alpn_protocols = vec![alpn.to_vec()];
    config.enable_sni = false;
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

pub(crate) fn server_config(identity: &Identity, trust: Trust, alpn: &[u8]) -> Result<Arc<ServerConfig>, LinkError> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(PinVerifier::new(trust, &provider));
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(LinkError::Tls)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![identity.certificate()], identity.key())
        .map_err(LinkError::Tls)?;
    config.alpn_protocols = vec![alpn.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// Not sent (no SNI) and not checked: the pin is the name.
pub(crate) fn server_name() -> ServerName<'static> {
    ServerName::IpAddress(std::net::Ipv4Addr::UNSPECIFIED.into())
}

struct PinVerifier {
    trust: Trust,
    algorithms: WebPkiSupportedAlgorithms,
}

impl PinVerifier {
    fn new(trust: Trust, provider: &CryptoProvider) -> PinVerifier {
        PinVerifier {
            trust,
            algorithms: provider.signature_verification_algorithms,
        }
    }

    fn check(&self, certificate: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>]) -> Result<(), Error> {
        let fingerprint = fingerprint_of(certificate);
        let trusted = match &self.trust {
            Trust::Node(directory, node) => directory.is_pinned(*node, &fingerprint),
            Trust::AnyPinned(directory) => directory.is_known_certificate(&fingerprint),
            Trust::Fingerprint(expected) => *expected == fingerprint,
            Trust::KeyHolder => true,
        };
        // A chain has no meaning here; hosts send exactly their own certificate.
        if trusted && intermediates.is_empty() {
            Ok(())
        } else {
            Err(Error::InvalidCertificate(
                CertificateError::ApplicationVerificationFailure,
            ))
        }
    }

    fn check_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }
}

/// TLS 1.2 is not among the protocol versions, so this is never asked.
fn no_tls12() -> Result<HandshakeSignatureValid, Error> {
    Err(Error::PeerMisbehaved(
        PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme,
    ))
}

impl ServerCertVerifier for PinVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(end_entity, intermediates)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        no_tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for PinVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(end_entity, intermediates)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        no_tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl std::fmt::Debug for PinVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let trust = match &self.trust {
            Trust::Node(_, _) => "node",
            Trust::AnyPinned(_) => "any pinned",
            Trust::Fingerprint(_) => "fingerprint",
            Trust::KeyHolder => "key holder",
        };
        f.debug_struct("PinVerifier")
            .field("trust", &trust)
            .finish_non_exhaustive()
    }
}
