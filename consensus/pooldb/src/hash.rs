//! The state's hash: a sum of digests, one for each row head, each field that differs from its default, and each
//! remembered deletion. A sum does not depend on the order of changes, and a change of one field adds and takes away
//! a few digests, so it is always up to date.
//!
//! Invariant: a digest covers names, never ordinals, and lengths stand before every variable part.

use crate::history::Tombstone;
use crate::row::Body;
use crate::schema::{ClassSchema, Link, same};
use sha2::{Digest, Sha256};
use xenith_datamodel::{Ref, Value, Zone};

/// A multiset of digests, as four sums modulo 2^64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum([u64; 4]);

impl Sum {
    pub fn add(&mut self, other: Sum) {
        for (lane, more) in self.0.iter_mut().zip(other.0) {
            *lane = lane.wrapping_add(more);
        }
    }

    pub fn take(&mut self, other: Sum) {
        for (lane, less) in self.0.iter_mut().zip(other.0) {
            *lane = lane.wrapping_sub(less);
        }
    }

    /// The digest of the sum and of the counters that go with it.
    pub fn finish(&self, counters: &[u64]) -> [u8; 32] {
        let mut hash = Sha256::new();
        for number in self.0.iter().chain(counters) {
            hash.update(number.to_le_bytes());
        }
        hash.finalize().into()
    }
}

/// The existence of a row and its two generations.
pub(crate) fn head(class: &str, reference: &Ref, created: u64, modified: u64) -> Sum {
    digest(Kind::Head, class, reference, |hash| {
        hash.update(created.to_le_bytes());
        hash.update(modified.to_le_bytes());
    })
}

pub(crate) fn field(class: &str, reference: &Ref, name: &str, value: &Value) -> Sum {
    digest(Kind::Field, class, reference, |hash| {
        text(hash, name);
        feed(hash, value);
    })
}

/// A field of a known class: nothing for the default, and for sets that are computed from other rows.
pub(crate) fn column(class: &ClassSchema, reference: &Ref, index: usize, value: &Value) -> Sum {
    let column = &class.columns[index];
    if column.link == Link::Computed || same(&column.default, value) {
        return Sum::default();
    }
    field(&class.name, reference, &column.name, value)
}

/// All fields of a row, without its head.
pub(crate) fn body(class: &ClassSchema, reference: &Ref, body: &Body) -> Sum {
    let mut sum = Sum::default();
    for (index, value) in body.values.iter().enumerate() {
        sum.add(column(class, reference, index, value));
    }
    for (name, value) in body.unknown_fields() {
        sum.add(field(&class.name, reference, name, value));
    }
    sum
}

pub(crate) fn tombstone(class: &str, generation: u64, gone: &Tombstone) -> Sum {
    digest(Kind::Tombstone, class, &gone.reference, |hash| {
        hash.update(generation.to_le_bytes());
        hash.update(gone.created.to_le_bytes());
    })
}

#[derive(Clone, Copy)]
enum Kind {
    Head = 1,
    Field = 2,
    Tombstone = 3,
}

fn digest(kind: Kind, class: &str, reference: &Ref, rest: impl FnOnce(&mut Sha256)) -> Sum {
    let mut hash = Sha256::new();
    hash.update([kind as u8]);
    text(&mut hash, class);
    text(&mut hash, reference.as_str());
    rest(&mut hash);
    let bytes: [u8; 32] = hash.finalize().into();
    let mut lanes = [0; 4];
    for (lane, chunk) in lanes.iter_mut().zip(bytes.chunks_exact(8)) {
        *lane = chunk
            .iter()
            .rev()
            .fold(0, |number, byte| (number << 8) | u64::from(*byte));
    }
    Sum(lanes)
}

fn length(hash: &mut Sha256, length: usize) {
    hash.update((length as u64).to_le_bytes());
}

fn text(hash: &mut Sha256, text: &str) {
    length(hash, text.len());
    hash.update(text.as_bytes());
}

fn feed(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Void => hash.update([0]),
        Value::Text(value) => {
            hash.update([1]);
            text(hash, value);
        }
        Value::Int(value) => {
            hash.update([2]);
            hash.update(value.to_le_bytes());
        }
        Value::Float(value) => {
            hash.update([3]);
            hash.update(value.to_bits().to_le_bytes());
        }
        Value::Bool(value) => hash.update([4, u8::from(*value)]),
        Value::DateTime(time) => {
            hash.update([5]);
            hash.update(time.wall_seconds.to_le_bytes());
            let (kind, minutes) = match time.zone {
                Zone::Utc => (0u8, 0),
                Zone::Offset(minutes) => (1, minutes),
                Zone::Local => (2, 0),
            };
            hash.update([kind]);
            hash.update(minutes.to_le_bytes());
        }
        Value::Ref(reference) => {
            hash.update([6]);
            text(hash, reference.as_str());
        }
        Value::Set(items) => {
            hash.update([7]);
            length(hash, items.len());
            items.iter().for_each(|item| feed(hash, item));
        }
        Value::Map(pairs) => {
            hash.update([8]);
            length(hash, pairs.len());
            for (key, value) in pairs.iter() {
                feed(hash, key);
                feed(hash, value);
            }
        }
        Value::Record(fields) => {
            hash.update([9]);
            length(hash, fields.len());
            for (name, value) in fields.iter() {
                text(hash, name);
                feed(hash, value);
            }
        }
    }
}
