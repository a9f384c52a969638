//! Which row changed when: generation → row, one entry a row, so that an event token is answered in O(changes).

use imbl::OrdMap;
use xenith_datamodel::{ClassId, Ref};

/// Deletions remembered for each class: at least the last 256 and fewer than 512 (semantics.md §9, 11).
pub(crate) const MAX_TOMBSTONES: usize = 511;

/// One generation counter and the rows that changed under it. The database has one, `message` objects another.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Stream {
    pub generation: u64,
    /// Keyed by each row's modified generation.
    changed: OrdMap<u64, (ClassId, Ref)>,
    /// Generations never given out, left by forced recoveries: (last before, first after).
    pub gaps: Vec<(u64, u64)>,
}

/// A row that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tombstone {
    pub reference: Ref,
    pub created: u64,
}

/// The newest deletions of a class, keyed by the generation of the deletion.
pub(crate) type Tombstones = OrdMap<u64, Tombstone>;

impl Stream {
    pub fn next(&mut self) -> u64 {
        self.generation += 1;
        self.generation
    }

    /// The row last changed at `old` (0: never) and does so again at `new`.
    pub fn record(&mut self, old: u64, new: u64, class: ClassId, reference: &Ref) {
        self.changed.remove(&old);
        self.changed.insert(new, (class, reference.clone()));
    }

    pub fn forget(&mut self, old: u64) {
        self.changed.remove(&old);
    }

    pub fn since(&self, generation: u64) -> impl Iterator<Item = (u64, ClassId, &Ref)> {
        // A plain `generation + 1..` would overflow for the largest token.
        let from = (std::ops::Bound::Excluded(generation), std::ops::Bound::Unbounded);
        self.changed
            .range(from)
            .map(|(at, (class, reference))| (*at, *class, reference))
    }

    /// Leaves out `by` generations (B6). Tokens in the hole were given out by a history that is lost.
    pub fn raise(&mut self, by: u64) {
        let before = self.generation;
        self.generation = before.saturating_add(by);
        self.gaps.push((before, self.generation));
    }

    /// The generation to answer a token from: 0 (a full resync) for a token that this history never gave out.
    pub fn resume_at(&self, token: u64) -> u64 {
        let lost = token > self.generation || self.gaps.iter().any(|(from, to)| *from < token && token < *to);
        if lost { 0 } else { token }
    }
}
