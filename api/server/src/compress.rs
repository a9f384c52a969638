//! gzip for clients that ask for it.
//!
//! Invariants: short replies are left as they are; what is more than a chunk is never compressed on a worker, and only so many
//! replies are compressed at a time.

use actix_web::http::header::{ACCEPT_ENCODING, HeaderMap};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, Write as _};

/// Shorter replies fit a packet or two as they are.
pub(crate) const FROM_BYTES: usize = 2 * 1024;
/// What a compressor keeps beside its output: its window and its tables.
pub(crate) const STATE_BYTES: usize = 320 * 1024;

/// Does the client take gzip?
pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
    let sent = headers.get_all(ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    let mut by_name = None;
    let mut by_star = None;
    for coding in sent.flat_map(|value| value.split(',')) {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let is_taken = !is_zero(parameters);
        match name.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => by_name = Some(is_taken),
            "*" => by_star = Some(is_taken),
            _ => {}
        }
    }
    by_name.or(by_star).unwrap_or(false)
}

/// `q=0`, `q=0.0`, ...
fn is_zero(parameters: &str) -> bool {
    let weight = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("q")
            .then(|| value.trim().parse::<f32>())
    });
    matches!(weight, Some(Ok(weight)) if weight <= 0.0)
}

/// A body that is being compressed.
pub(crate) struct Gzip(GzEncoder<Vec<u8>>);

impl Gzip {
    /// The fastest level: it leaves about a tenth of XML, and the slower ones not much less.
    pub(crate) fn new() -> Gzip {
        Gzip(GzEncoder::new(Vec::new(), Compression::fast()))
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    /// How much is ready.
    pub(crate) fn ready(&self) -> usize {
        self.0.get_ref().len()
    }

    pub(crate) fn take_ready(&mut self) -> Vec<u8> {
        std::mem::take(self.0.get_mut())
    }

    /// The rest.
    pub(crate) fn finish(self) -> io::Result<Vec<u8>> {
        self.0.finish()
    }
}

/// The whole of a short body.
pub(crate) fn whole(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut gzip = Gzip::new();
    gzip.push(bytes)?;
    gzip.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn asked(values: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_static(value));
        }
        is_wanted(&headers)
    }

    #[test]
    fn only_who_asks_gets_it() {
        assert!(asked(&["gzip"]));
        assert!(asked(&["deflate, GZIP;q=0.5, br"]));
        assert!(asked(&["br", "x-gzip"]));
        assert!(asked(&["*"]));
        assert!(!asked(&[]));
        assert!(!asked(&["identity"]));
        assert!(!asked(&["gzip;q=0"]));
        assert!(!asked(&["gzip; q=0.000, *"]));
        assert!(!asked(&["*;q=0"]));
        assert!(!asked(&["gzippy, deflate"]));
    }
}
