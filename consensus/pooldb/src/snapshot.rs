//! The whole database as bytes: an envelope, then an LZ4 frame of length-prefixed records, the last of which holds the
//! digest of the others.
//!
//! Invariant: one record at a time is in memory, in either direction. Every field goes by name, also when it holds its
//! default, so that a later version with another default reads what was meant (CORRECTNESS A6).

use crate::Name;
use crate::SnapshotError;
use crate::codec::{self, CodecError, ENVELOPE_BYTES, Kind, MAX_BYTES, Record, decode_record, encode_record};
use crate::foreign;
use crate::hash;
use crate::history::Tombstone;
use crate::row::{Body, ForeignRow, Row};
use crate::schema::{ClassSchema, Link, schema, schema_by_name};
use crate::table::State;
use lz4_flex::frame::{FrameDecoder, FrameEncoder};
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use std::sync::Arc;
use xenith_datamodel::{Ref, Value};

pub(crate) fn write(state: &State, to: &mut dyn Write) -> Result<(), SnapshotError> {
    to.write_all(&codec::envelope(Kind::Snapshot))?;
    let mut out = Writer {
        to: FrameEncoder::new(to),
        digest: Sha256::new(),
        records: 0,
    };
    out.put(&Record::Head {
        generation: state.database.generation,
        message_generation: state.messages.generation,
        time_ms: state.time_ms,
        gaps: [state.database.gaps.clone(), state.messages.gaps.clone()],
    })?;
    for (id, table) in &state.tables {
        let Some(class) = schema(*id) else { continue };
        for (reference, row) in &table.rows {
            out.put(&row_record(class, reference, row))?;
        }
        for (generation, gone) in &table.deleted {
            let (class, reference) = (class.name.clone(), gone.reference.clone());
            out.put(&Record::Deleted {
                class,
                reference,
                created: gone.created,
                generation: *generation,
            })?;
        }
    }
    for (class, rows) in &state.foreign {
        for (reference, row) in rows {
            let fields = row
                .fields
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            let (class, reference) = (class.clone(), reference.clone());
            out.put(&Record::Row {
                class,
                reference,
                created: row.created,
                modified: row.modified,
                fields,
            })?;
        }
    }
    out.finish()
}

fn row_record(class: &ClassSchema, reference: &Ref, row: &Row) -> Record {
    let stored = class
        .columns
        .iter()
        .zip(row.body.values.iter())
        .filter(|(column, _)| column.link != Link::Computed);
    let known = stored.map(|(column, value)| (column.name.clone(), value.clone()));
    let unknown = row
        .body
        .unknown_fields()
        .map(|(name, value)| (name.clone(), value.clone()));
    Record::Row {
        class: class.name.clone(),
        reference: reference.clone(),
        created: row.created,
        modified: row.modified,
        fields: known.chain(unknown).collect(),
    }
}

struct Writer<'a> {
    to: FrameEncoder<&'a mut dyn Write>,
    digest: Sha256,
    records: u64,
}

impl Writer<'_> {
    fn put(&mut self, record: &Record) -> Result<(), SnapshotError> {
        let bytes = encode_record(record).map_err(damaged)?;
        let length = (bytes.len() as u32).to_le_bytes();
        self.digest.update(length);
        self.digest.update(&bytes);
        self.records += 1;
        self.to.write_all(&length)?;
        self.to.write_all(&bytes)?;
        Ok(())
    }

    fn finish(mut self) -> Result<(), SnapshotError> {
        let digest = self.digest.clone().finalize().into();
        self.put(&Record::End {
            records: self.records,
            digest,
        })?;
        let to = self.to.finish().map_err(|error| SnapshotError::Io(error.into()))?;
        to.flush()?;
        Ok(())
    }
}

pub(crate) fn read(from: &mut dyn Read) -> Result<State, SnapshotError> {
    let mut head = [0; ENVELOPE_BYTES];
    from.read_exact(&mut head)?;
    codec::open_envelope(head, Kind::Snapshot, "snapshot").map_err(damaged)?;
    let mut reader = Reader {
        from: FrameDecoder::new(from),
        digest: Sha256::new(),
        records: 0,
    };
    let Some(Record::Head {
        generation,
        message_generation,
        time_ms,
        gaps: [database, messages],
    }) = reader.next()?
    else {
        return Err(SnapshotError::Damaged("no head".into()));
    };
    let mut state = State {
        time_ms,
        ..State::default()
    };
    (state.database.generation, state.database.gaps) = (generation, database);
    (state.messages.generation, state.messages.gaps) = (message_generation, messages);
    while let Some(record) = reader.next()? {
        match record {
            Record::Head { .. } => return Err(SnapshotError::Damaged("two heads".into())),
            Record::Row {
                class,
                reference,
                created,
                modified,
                fields,
            } => {
                let loaded = Loaded {
                    reference,
                    created,
                    modified,
                    fields,
                };
                match schema_by_name(&class) {
                    Some(schema) => loaded.into_table(schema, &mut state)?,
                    None => loaded.into_foreign(class, &mut state),
                }
            }
            Record::Deleted {
                class,
                reference,
                created,
                generation,
            } => {
                // The deletions of a class that is unknown here concern nobody.
                if let Some(class) = schema_by_name(&class) {
                    let gone = Tombstone { reference, created };
                    state.sum.add(hash::tombstone(&class.name, generation, &gone));
                    if let Some((at, gone)) = state.table_mut(class.id).bury(generation, gone) {
                        state.sum.take(hash::tombstone(&class.name, at, &gone));
                    }
                }
            }
            Record::End { .. } => {}
        }
    }
    Ok(state)
}

struct Reader<'a> {
    from: FrameDecoder<&'a mut dyn Read>,
    digest: Sha256,
    records: u64,
}

impl Reader<'_> {
    /// `None` after the last record, once digest and count were found right.
    fn next(&mut self) -> Result<Option<Record>, SnapshotError> {
        let mut length = [0; 4];
        self.from.read_exact(&mut length)?;
        let size = u32::from_le_bytes(length) as usize;
        if size > MAX_BYTES {
            return Err(damaged(CodecError::TooLarge));
        }
        let mut bytes = Vec::new();
        // `take` and not a buffer of that size: the length may be wrong.
        Read::take(&mut self.from, size as u64).read_to_end(&mut bytes)?;
        if bytes.len() != size {
            return Err(SnapshotError::Damaged("cut short".into()));
        }
        let record = decode_record(&bytes).map_err(damaged)?;
        if let Record::End { records, digest } = record {
            let found: [u8; 32] = self.digest.clone().finalize().into();
            if records != self.records || digest != found {
                return Err(SnapshotError::Damaged("checksum differs".into()));
            }
            // The digest covers every record; of the frame only its end mark may be left.
            if self.from.read(&mut [0])? != 0 {
                return Err(SnapshotError::Damaged("bytes after the end".into()));
            }
            return Ok(None);
        }
        self.digest.update(length);
        self.digest.update(&bytes);
        self.records += 1;
        Ok(Some(record))
    }
}

struct Loaded {
    reference: Ref,
    created: u64,
    modified: u64,
    fields: Vec<(Name, Value)>,
}

impl Loaded {
    fn into_table(self, class: &'static ClassSchema, state: &mut State) -> Result<(), SnapshotError> {
        let Loaded {
            reference,
            created,
            modified,
            fields,
        } = self;
        let mut body = Body::new(class);
        let mut hint = 0;
        for (name, value) in fields {
            let Some(index) = class.find_near(hint, &name) else {
                body.set_unknown(&name, value);
                continue;
            };
            // Computed sets are not written.
            let after = class.columns.iter().skip(index + 1);
            hint = index + 1 + after.take_while(|column| column.link == Link::Computed).count();
            let column = &class.columns[index];
            column
                .check(&class.name, &value)
                .map_err(|error| SnapshotError::Damaged(error.to_string()))?;
            if column.link != Link::Computed
                && let Some(slot) = body.values.get_mut(index)
            {
                *slot = column.share(value);
            }
        }
        link(class, &reference, &body, state);
        state.sum.add(hash::head(&class.name, &reference, created, modified));
        state.sum.add(hash::body(class, &reference, &body));
        state
            .stream_mut(class.is_message)
            .record(0, modified, class.id, &reference);
        let table = state.table_mut(class.id);
        table
            .index(class, &body.values, &reference)
            .map_err(|uuid| SnapshotError::Damaged(format!("two rows of {} with uuid {uuid}", class.name)))?;
        table.rows.insert(
            reference,
            Arc::new(Row {
                created,
                modified,
                body,
            }),
        );
        Ok(())
    }

    fn into_foreign(self, class: Name, state: &mut State) {
        let Loaded {
            reference,
            created,
            modified,
            fields,
        } = self;
        let row = ForeignRow {
            created,
            modified,
            fields: fields.into_iter().collect(),
        };
        state.sum.add(foreign::sum(&class, &reference, &row));
        state.foreign.entry(class).or_default().insert(reference, Arc::new(row));
    }
}

/// Puts the row's refs into the index of inverses.
fn link(class: &ClassSchema, reference: &Ref, body: &Body, state: &mut State) {
    for (column, value) in class.columns.iter().zip(body.values.iter()) {
        match (column.link, value) {
            (Link::Owner(owner), Value::Ref(to)) => state.inverses.insert(owner, to, reference),
            (Link::Mirror(far), Value::Set(items)) => {
                for to in items.iter().filter_map(Value::as_ref) {
                    state.inverses.insert(far, to, reference);
                }
            }
            _ => {}
        }
    }
}

fn damaged(error: CodecError) -> SnapshotError {
    match error {
        CodecError::TooNew(version) => SnapshotError::TooNew(version),
        CodecError::WrongKind(_)
        | CodecError::TooLarge
        | CodecError::TrailingBytes
        | CodecError::Encode(_)
        | CodecError::Decode(_) => SnapshotError::Damaged(chain(&error)),
    }
}

/// The error and its causes in one line, for an error that carries text only.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
