//! The agent's journal on disk: a file of changes, each batch one checked frame, written anew when it has grown.
//!
//! ```text
//!  frame = length u32, crc32 u32 (of what follows), version u8, JSON; the first of a file holds a whole journal, the others changes
//! ```
//! Invariants: what was appended is fsynced before it is acted on; a frame that is cut off at the end was never acted on and is dropped;
//! a bad frame before the end is damage, and the daemon does not start on it: what ran on this host would be forgotten.

use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use xenith_classes::agent::{Journal, Keep};

const VERSION: u8 = 1;
const HEAD: usize = 8;
/// A file is written anew when it is larger than this and than four times what it was when it was new.
const GROWN_BYTES: u64 = 1 << 20;
const FILE: &str = "journal";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Frame {
    Whole(Box<Journal>),
    Changes(Vec<Keep>),
}

/// The file under an agent's journal.
pub(crate) struct JournalFile {
    dir: PathBuf,
    file: File,
    bytes: u64,
    new_bytes: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("{path}")]
    Io { path: PathBuf, source: io::Error },
    #[error(
        "{path} is damaged at byte {at}; what this host was working is not known. Set the file aside only when no guest runs here"
    )]
    Damaged { path: PathBuf, at: usize },
}

impl JournalFile {
    /// The journal as it was last kept; an empty one if there is none. The file is written anew, so the folder shows at once
    /// whether it can be.
    pub fn open(dir: &Path) -> Result<(JournalFile, Journal), JournalError> {
        let failed = |source| JournalError::Io {
            path: dir.to_owned(),
            source,
        };
        std::fs::create_dir_all(dir).map_err(failed)?;
        let journal = read(&dir.join(FILE))?;
        let file = write_whole(dir, &journal).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        let opened = JournalFile {
            dir: dir.to_owned(),
            file,
            bytes,
            new_bytes: bytes,
        };
        Ok((opened, journal))
    }

    pub fn has_grown(&self) -> bool {
        self.bytes > GROWN_BYTES && self.bytes / 4 > self.new_bytes
    }

    /// Durable when this returns. After an error nobody knows what the file holds: only [`replace`](Self::replace) mends it.
    pub fn append(&mut self, changes: Vec<Keep>) -> io::Result<()> {
        let frame = frame(&Frame::Changes(changes))?;
        self.file.write_all(&frame)?;
        self.file.sync_data()?;
        self.bytes += frame.len() as u64;
        Ok(())
    }

    /// Puts a whole journal in the file's place.
    pub fn replace(&mut self, journal: &Journal) -> io::Result<()> {
        self.file = write_whole(&self.dir, journal)?;
        self.bytes = self.file.metadata()?.len();
        self.new_bytes = self.bytes;
        Ok(())
    }
}

fn frame(contents: &Frame) -> io::Result<Vec<u8>> {
    let mut body = vec![VERSION];
    serde_json::to_writer(&mut body, contents)?;
    let length = u32::try_from(body.len()).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
    let mut frame = Vec::with_capacity(HEAD + body.len());
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(&crc32fast::hash(&body).to_le_bytes());
    frame.extend_from_slice(&body);
    Ok(frame)
}

fn write_whole(dir: &Path, journal: &Journal) -> io::Result<File> {
    let (new, path) = (dir.join("journal.new"), dir.join(FILE));
    let mut file = File::create(&new)?;
    file.write_all(&frame(&Frame::Whole(Box::new(journal.clone())))?)?;
    file.sync_all()?;
    std::fs::rename(&new, &path)?;
    File::open(dir)?.sync_all()?;
    OpenOptions::new().append(true).open(&path)
}

fn read(path: &Path) -> Result<Journal, JournalError> {
    let mut bytes = Vec::new();
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(Journal::default()),
        Err(source) => return Err(failed(path)(source)),
    };
    file.read_to_end(&mut bytes).map_err(failed(path))?;
    let mut journal = Journal::default();
    let mut at = 0;
    while let Some(body) = next_body(&bytes, at) {
        let damaged = || JournalError::Damaged {
            path: path.to_owned(),
            at,
        };
        match parse(&bytes[at..at + HEAD], body) {
            Some(Frame::Whole(whole)) => journal = *whole,
            Some(Frame::Changes(changes)) => changes.iter().for_each(|change| journal.apply(change)),
            // Written in one piece with nothing behind it: a power loss may have left it in part.
            None if at > 0 && at + HEAD + body.len() == bytes.len() => break,
            None => return Err(damaged()),
        }
        at += HEAD + body.len();
    }
    match holds_a_frame_behind(&bytes, at) {
        false => Ok(journal),
        true => Err(JournalError::Damaged {
            path: path.to_owned(),
            at,
        }),
    }
}

/// Then what is at `at` was not cut off: its length is damaged, and what is behind it was acted on.
fn holds_a_frame_behind(bytes: &[u8], at: usize) -> bool {
    let whole = |from: usize| {
        let body = next_body(bytes, from)?;
        parse(bytes.get(from..from + HEAD)?, body)
    };
    (at + 1..bytes.len()).any(|from| whole(from).is_some())
}

/// Nothing when the frame is not all there.
fn next_body(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let head = bytes.get(at..at + HEAD)?;
    let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
    bytes.get(at + HEAD..)?.get(..usize::try_from(length).ok()?)
}

fn parse(head: &[u8], body: &[u8]) -> Option<Frame> {
    let sum = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
    let (version, json) = body.split_first()?;
    if crc32fast::hash(body) != sum || *version != VERSION {
        return None;
    }
    serde_json::from_slice(json).ok()
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| JournalError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xenith_classes::agent::Fence;

    fn fence(term: u64) -> Keep {
        Keep::Fence(Fence { term, index: 1 })
    }

    fn reopened(dir: &Path) -> Journal {
        JournalFile::open(dir).unwrap().1
    }

    #[test]
    fn what_was_kept_is_there_again_whole_or_written_anew() {
        let dir = tempfile::tempdir().unwrap();
        let (mut file, mut journal) = JournalFile::open(dir.path()).unwrap();
        for batch in [vec![Keep::Booted("boot".to_owned()), fence(1)], vec![fence(2)]] {
            batch.iter().for_each(|keep| journal.apply(keep));
            file.append(batch).unwrap();
        }
        assert_eq!(reopened(dir.path()), journal);
        let (mut file, _) = JournalFile::open(dir.path()).unwrap();
        journal.apply(&fence(3));
        file.replace(&journal).unwrap();
        file.append(vec![fence(4)]).unwrap();
        journal.apply(&fence(4));
        assert_eq!(reopened(dir.path()), journal);
    }

    #[test]
    fn cut_at_any_byte_it_holds_whole_batches_only() {
        let dir = tempfile::tempdir().unwrap();
        let (mut file, _) = JournalFile::open(dir.path()).unwrap();
        let first = file.bytes;
        for term in 1..4 {
            file.append(vec![fence(term), fence(term * 10)]).unwrap();
        }
        let path = dir.path().join(FILE);
        let bytes = std::fs::read(&path).unwrap();
        let mut seen = Vec::new();
        for end in usize::try_from(first).unwrap()..=bytes.len() {
            std::fs::write(&path, &bytes[..end]).unwrap();
            seen.push(read(&path).unwrap().fence.term);
        }
        assert!(seen.is_sorted());
        seen.dedup();
        assert_eq!(seen, [0, 10, 20, 30]);
    }

    #[test]
    fn damage_before_the_end_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let (mut file, _) = JournalFile::open(dir.path()).unwrap();
        file.append(vec![fence(1)]).unwrap();
        file.append(vec![fence(2)]).unwrap();
        let path = dir.path().join(FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = usize::try_from(file.new_bytes).unwrap() + HEAD + 4;
        bytes[middle] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(matches!(read(&path), Err(JournalError::Damaged { .. })));
    }

    #[test]
    fn a_damaged_length_does_not_hide_what_is_behind_it() {
        let dir = tempfile::tempdir().unwrap();
        let (mut file, _) = JournalFile::open(dir.path()).unwrap();
        file.append(vec![fence(1)]).unwrap();
        file.append(vec![fence(2)]).unwrap();
        let path = dir.path().join(FILE);
        let bytes = std::fs::read(&path).unwrap();
        let length = usize::try_from(file.new_bytes).unwrap();
        for (byte, flip) in [(0, 1), (0, 0x80), (1, 0xff), (3, 0x40)] {
            let mut damaged = bytes.clone();
            damaged[length + byte] ^= flip;
            std::fs::write(&path, &damaged).unwrap();
            assert!(
                matches!(read(&path), Err(JournalError::Damaged { .. })),
                "{byte} {flip}"
            );
        }
    }

    #[test]
    fn it_says_when_it_has_grown() {
        let dir = tempfile::tempdir().unwrap();
        let (mut file, journal) = JournalFile::open(dir.path()).unwrap();
        let large = (0..40_000).map(fence).collect();
        assert!(!file.has_grown());
        file.append(large).unwrap();
        assert!(file.has_grown());
        file.replace(&journal).unwrap();
        assert!(!file.has_grown());
    }
}
