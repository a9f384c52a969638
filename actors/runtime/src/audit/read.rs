//! Reading the audit log back: whole lines, in pieces, from a moment on.

use super::line::{TIME_LENGTH, TIME_PREFIX};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Take};

/// A piece that is sent at a time.
const PIECE_BYTES: usize = 64 << 10;
/// Ours are far shorter; what is longer is no line of ours and is not read into memory.
const LONGEST_LINE: u64 = 256 << 10;

/// The beginning of a time: `2009-09-10`, `20090910T11:31`, `2009-09-10 11:31:11.417Z`, as xapi takes them. Text of another
/// kind is compared all the same; an empty one lets everything through.
pub(crate) struct Since(String);

impl Since {
    pub(super) fn parse(text: &str) -> Since {
        let time = text.trim().trim_end_matches('Z').replace('-', "");
        Since(time.replace(' ', "T"))
    }

    fn lets_through(&self, line: &[u8]) -> bool {
        // What a crash left of a line has no time.
        let time = line
            .strip_prefix(TIME_PREFIX.as_bytes())
            .and_then(|rest| rest.get(..TIME_LENGTH));
        time.is_some_and(|time| time >= self.0.as_bytes())
    }
}

/// Pieces of whole lines, oldest first. Blocks on the disk.
pub(crate) struct Lines {
    files: std::vec::IntoIter<(File, u64)>,
    now: Option<BufReader<Take<File>>>,
    since: Since,
}

impl Lines {
    pub(super) fn new(files: Vec<(File, u64)>, since: Since) -> Lines {
        Lines {
            files: files.into_iter(),
            now: None,
            since,
        }
    }

    /// One line into `piece`, if it is wanted; false at the end of everything.
    fn take_line(&mut self, piece: &mut Vec<u8>) -> io::Result<bool> {
        let Some(reader) = &mut self.now else {
            let Some((file, length)) = self.files.next() else {
                return Ok(false);
            };
            self.now = Some(BufReader::with_capacity(PIECE_BYTES, file.take(length)));
            return Ok(true);
        };
        let start = piece.len();
        let read = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', piece)?;
        if read == 0 {
            self.now = None;
        }
        if piece.last() != Some(&b'\n') || !self.since.lets_through(&piece[start..]) {
            piece.truncate(start);
        }
        Ok(true)
    }
}

impl Iterator for Lines {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<io::Result<Vec<u8>>> {
        let mut piece = Vec::new();
        while piece.len() < PIECE_BYTES {
            match self.take_line(&mut piece) {
                Ok(true) => {}
                Ok(false) => break,
                Err(cause) => return Some(Err(cause)),
            }
        }
        (!piece.is_empty()).then_some(Ok(piece))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_xapi_takes() {
        let line = b"{\"time\":\"20260910T11:31:11.417Z\",\"kind\":\"api\"}\n";
        for earlier in [
            "",
            "20260910T11:31:11.417",
            "20260910T11:31:11.417Z",
            "20260910 11:31:11.416",
            "2026-09-10T11:31:11.417Z",
            "2026-09-10 11:31:11",
            "2026-09-10T11:31",
            "2026-09-10",
        ] {
            assert!(Since::parse(earlier).lets_through(line), "{earlier}");
        }
        for later in ["20260910T11:31:11.418", "2026-09-10 11:32", "2026-09-11", "2027-01-01"] {
            assert!(!Since::parse(later).lets_through(line), "{later}");
        }
        assert!(!Since::parse("").lets_through(b"half a line\n"));
    }
}
