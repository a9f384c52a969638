//! The text of an invitation: base64url of version, secret and the inviting host's certificate fingerprint.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

const VERSION: u8 = 1;
const LENGTH: usize = 1 + 16 + 32;

/// Given to the operator once; never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinToken {
    pub secret: [u8; 16],
    /// SHA-256 of the DER certificate of the host that made the token: the joiner knows by it whom it talks to.
    pub fingerprint: [u8; 32],
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a join token")]
pub struct TokenError;

impl JoinToken {
    pub fn parse(text: &str) -> Result<JoinToken, TokenError> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).map_err(|_| TokenError)?;
        let bytes: [u8; LENGTH] = bytes.try_into().map_err(|_| TokenError)?;
        let [version, rest @ ..] = bytes;
        let (secret, fingerprint) = rest.split_first_chunk().ok_or(TokenError)?;
        let fingerprint = fingerprint.try_into().map_err(|_| TokenError)?;
        if version == VERSION {
            Ok(JoinToken {
                secret: *secret,
                fingerprint,
            })
        } else {
            Err(TokenError)
        }
    }

    pub fn to_text(&self) -> String {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.secret);
        bytes.extend_from_slice(&self.fingerprint);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// As [`super::Proof::Token`] carries it.
    pub fn secret_hex(&self) -> String {
        hex(&self.secret)
    }
}

impl std::fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JoinToken(..)")
    }
}

/// What is stored of a secret. It has 128 random bits, so a plain hash cannot be searched.
pub(crate) fn secret_hash(secret_hex: &str) -> String {
    hex(&Sha256::digest(secret_hex.as_bytes()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let token = JoinToken {
            secret: [7; 16],
            fingerprint: [9; 32],
        };
        assert_eq!(JoinToken::parse(&token.to_text()), Ok(token.clone()));
        assert_eq!(JoinToken::parse(&format!(" {}\n", token.to_text())), Ok(token.clone()));
        for bad in ["", "x", &token.to_text()[1..], &format!("{}A", token.to_text())] {
            assert_eq!(JoinToken::parse(bad), Err(TokenError), "{bad}");
        }
    }
}
