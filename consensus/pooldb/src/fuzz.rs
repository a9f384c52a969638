//! For the fuzzer (`tests/fuzz`) alone: snapshots without the lengths, the compression and the digest that guard their records.

use crate::codec::{self, Kind, Record, decode_record, encode_record};
use crate::{SnapshotError, View};
use lz4_flex::frame::{FrameDecoder, FrameEncoder};
use sha2::{Digest as _, Sha256};
use std::io::{Read as _, Write as _};

/// The records of a view, each with two bytes of length before it.
pub fn records(view: &View) -> Vec<Vec<u8>> {
    let (mut snapshot, mut plain) = (Vec::new(), Vec::new());
    let written = view.write_snapshot(&mut snapshot).map_err(|error| error.to_string());
    let body = snapshot.get(codec::ENVELOPE_BYTES..).unwrap_or_default();
    let read = FrameDecoder::new(body)
        .read_to_end(&mut plain)
        .map_err(|error| error.to_string());
    assert!(written.is_ok() && read.is_ok(), "{written:?} {read:?}");
    let (mut rest, mut out) = (plain.as_slice(), Vec::new());
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (record, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        if !matches!(decode_record(record), Ok(Record::End { .. })) {
            out.extend_from_slice(&length[..2]);
            out.extend_from_slice(record);
        }
        rest = after;
    }
    vec![out]
}

/// The view of such records, put into a snapshot that is right but for them.
pub fn view_of_records(mut input: &[u8]) -> Result<View, SnapshotError> {
    let mut body = Vec::new();
    let mut records = 0;
    let mut put = |record: &[u8]| {
        body.extend_from_slice(&(record.len() as u32).to_le_bytes());
        body.extend_from_slice(record);
    };
    while let Some((length, after)) = input.split_first_chunk() {
        let length = usize::from(u16::from_le_bytes(*length)).min(after.len());
        let (record, after) = after.split_at(length);
        put(record);
        (records, input) = (records + 1, after);
    }
    let digest = Sha256::digest(&body).into();
    let end =
        encode_record(&Record::End { records, digest }).map_err(|error| SnapshotError::Damaged(error.to_string()))?;
    let mut snapshot = codec::envelope(Kind::Snapshot).to_vec();
    let mut frame = FrameEncoder::new(&mut snapshot);
    frame.write_all(&body)?;
    frame.write_all(&(end.len() as u32).to_le_bytes())?;
    frame.write_all(&end)?;
    frame.finish().map_err(|error| SnapshotError::Io(error.into()))?;
    View::read_snapshot(&mut snapshot.as_slice())
}
