//! The state at one point of the history is the same on every host, at every time (A7).

use std::collections::BTreeMap;
use xenith_pooldb::View;

/// Generations of the database and of messages, and pool time: what tells a state's place in the history.
type Place = (u64, u64, i64);
type Hash = [u8; 32];

/// The first state seen at each place, and who showed it.
#[derive(Default)]
pub struct ViewsEqual {
    seen: BTreeMap<Place, (usize, Hash)>,
}

impl ViewsEqual {
    pub fn observe(&mut self, host: usize, view: &View) -> Result<(), String> {
        let place = (view.generation(), view.message_generation(), view.pool_time_ms());
        self.note(host, place, view.state_hash())
    }

    fn note(&mut self, host: usize, place: Place, hash: Hash) -> Result<(), String> {
        let (first, expected) = *self.seen.entry(place).or_insert((host, hash));
        if expected == hash {
            return Ok(());
        }
        Err(format!(
            "hosts {first} and {host} have different states at generation {}",
            place.0
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows;

    #[test]
    fn equal_states_pass_and_different_ones_at_one_place_are_found() {
        let mut equal = ViewsEqual::default();
        let base = View::default();
        let make = |name: &str| base.apply(&rows::make_row(5, name)).unwrap().0;
        equal.observe(0, &base).unwrap();
        equal.observe(0, &make("a")).unwrap();
        equal.observe(1, &make("a")).unwrap();
        assert!(equal.observe(2, &make("b")).unwrap_err().contains("hosts 0 and 2"));
    }
}
