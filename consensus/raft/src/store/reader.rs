//! Reading the log out of sled: its bounds against the mark, runs put together from their pieces, entries out of runs.

use super::record::{self, Chain, META_KEY, Meta, Tip, entry_key, parse_entry_key};
use super::run::{Head, Run};
use super::{OpenError, StoreError, StoredEntry};
use std::ops::Range;

/// What readers share with the writer.
#[derive(Clone)]
pub(super) struct LogReader {
    pub db: sled::Db,
    pub genesis: Chain,
}

impl LogReader {
    /// The log against the mark, then every entry against the chain.
    pub fn check(&self, promised: &Meta, identity: &[u8]) -> Result<Meta, OpenError> {
        let damaged = |text: &str| OpenError::Damaged(text.to_owned());
        let behind = |store: String| OpenError::BehindMark {
            mark: promised.describe(),
            store,
        };
        let get = |key: &[u8]| {
            self.db
                .get(key)
                .map_err(|error| OpenError::Damaged(format!("the log cannot be read: {error}")))
        };
        let Some(bytes) = get(META_KEY)? else {
            return Err(behind("empty".to_owned()));
        };
        if get(record::IDENTITY_KEY)?.as_deref() != Some(identity) {
            return Err(OpenError::IdentityMismatch);
        }
        let meta = Meta::decode(&bytes, &self.genesis).ok_or_else(|| damaged("the log's meta record is damaged"))?;
        if meta.seq < promised.seq {
            return Err(behind(meta.describe()));
        }
        if meta.seq == promised.seq && meta != *promised {
            return Err(damaged("the log and its mark differ"));
        }
        // One ahead is a crash between the two; two, the same after the newer slot was torn.
        if meta.seq > promised.seq + 2 {
            return Err(damaged("the mark is older than the log can have left it"));
        }
        self.check_chain(&meta)?;
        Ok(meta)
    }

    fn check_chain(&self, meta: &Meta) -> Result<(), OpenError> {
        let damaged = |text: String| Err(OpenError::Damaged(text));
        let Some(last) = meta.last else {
            return Ok(());
        };
        let mut chain = meta.purged.map_or(self.genesis, |tip| tip.chain);
        let mut next = match meta.purged {
            Some(tip) => tip.pos.index + 1,
            None => self.first_index().unwrap_or(0),
        };
        if next <= last.pos.index {
            let runs = self.runs(next..u64::MAX);
            for run in runs.map_err(|error| OpenError::Damaged(error.to_string()))? {
                let run = run.map_err(|error| OpenError::Damaged(error.to_string()))?;
                if run.first() > next {
                    return damaged(format!("entry {next} is missing"));
                }
                let mut before = run.before();
                for tip in run.tips() {
                    if tip.pos.index == next {
                        if before != chain {
                            return damaged(format!("the chain breaks at entry {next}"));
                        }
                        chain = tip.chain;
                        next += 1;
                    }
                    before = tip.chain;
                }
            }
        }
        if next != last.pos.index + 1 {
            return damaged(format!(
                "the log goes on at entry {next}, its record ends with {}",
                last.pos
            ));
        }
        if chain != last.chain {
            return damaged("the last entry is not the one its record names".to_owned());
        }
        Ok(())
    }

    /// The first entry there is, purged ones that were not yet removed included.
    pub fn first_index(&self) -> Option<u64> {
        let (key, _) = self.db.scan_prefix(b"e").next()?.ok()?;
        parse_entry_key(&key).map(|(index, _)| index)
    }

    pub fn tip_at(&self, index: u64) -> Result<Option<Tip>, StoreError> {
        Ok(self.run_with(index)?.and_then(|run| run.tip_at(index)))
    }

    /// The run that holds the entry, if there is one.
    pub fn run_with(&self, index: u64) -> Result<Option<Run>, StoreError> {
        let run = self.runs(index..index.saturating_add(1))?.next().transpose()?;
        Ok(run.filter(|run| run.first() <= index && index <= run.last()))
    }

    pub fn read(&self, range: Range<u64>, max_bytes: usize) -> Result<Vec<StoredEntry>, StoreError> {
        let mut found: Vec<StoredEntry> = Vec::new();
        let mut total = 0_usize;
        let mut next = range.start;
        for run in self.runs(range.clone())? {
            for entry in run?.into_entries() {
                if entry.index < next {
                    continue;
                }
                total = total.saturating_add(entry.bytes.len());
                let enough = !found.is_empty() && total > max_bytes;
                if entry.index != next || entry.index >= range.end || enough {
                    return Ok(found);
                }
                found.push(entry);
                next += 1;
                if total >= max_bytes {
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }

    /// The run that holds the range's start, or else the first one after it, and all others that begin before its end.
    fn runs(&self, range: Range<u64>) -> Result<Runs, StoreError> {
        let first = self.start_of(range.start)?.unwrap_or(range.start);
        Ok(Runs {
            items: self.db.range(entry_key(first, 0)..entry_key(range.end, 0)),
        })
    }

    /// Where the last run begins that begins at `index` or before it.
    fn start_of(&self, index: u64) -> Result<Option<u64>, StoreError> {
        let keys = entry_key(0, 0)..=entry_key(index, u32::MAX);
        for key in self.db.range(keys).keys().rev() {
            let key = key.map_err(|error| read_fault(&error))?;
            // Later pieces are passed over, those left over from an entry that was never finished too.
            if let Some((first, 0)) = parse_entry_key(&key) {
                return Ok(Some(first));
            }
        }
        Ok(None)
    }
}

/// Runs in order, each checked against its chain.
struct Runs {
    items: sled::Iter,
}

impl Runs {
    fn next_piece(&mut self) -> Option<Result<(u64, u32, sled::IVec), StoreError>> {
        loop {
            let (key, value) = match self.items.next()? {
                Ok(item) => item,
                Err(error) => return Some(Err(read_fault(&error))),
            };
            if let Some((first, part)) = parse_entry_key(&key) {
                return Some(Ok((first, part, value)));
            }
        }
    }

    fn put_together(&mut self, first: u64, value: &[u8]) -> Result<Run, StoreError> {
        let corrupt = || StoreError::Corrupt { index: first };
        let head = Head::decode(value).ok_or_else(corrupt)?;
        let mut bytes = value.to_vec();
        for part in 1..head.parts {
            match self.next_piece().transpose()? {
                Some((at, found, value)) if (at, found) == (first, part) => bytes.extend_from_slice(&value),
                Some(_) | None => return Err(corrupt()),
            }
        }
        Run::decode(first, bytes).ok_or_else(corrupt)
    }
}

impl Iterator for Runs {
    type Item = Result<Run, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.next_piece()? {
                Ok((first, 0, value)) => return Some(self.put_together(first, &value)),
                // Left over from an entry that was never finished or replaced by a shorter one.
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

fn read_fault(error: &sled::Error) -> StoreError {
    StoreError::Faulty(format!("the log cannot be read: {error}").into())
}
