//! Pool time and generations never go back (A8): not on a host while it runs, and not from one linearizable read to a later one, whichever
//! hosts are asked and however their clocks jump.

use std::collections::BTreeMap;
use xenith_pooldb::View;

/// Pool time in ms, and the database's generation.
type Reached = (i64, u64);

fn reached_by(view: &View) -> Reached {
    (view.pool_time_ms(), view.generation())
}

fn falls(from: Reached, to: Reached) -> bool {
    to.0 < from.0 || to.1 < from.1
}

/// Each host's life.
#[derive(Default)]
pub struct PoolTime {
    newest: BTreeMap<(usize, u64), Reached>,
}

impl PoolTime {
    pub fn observe(&mut self, host: usize, life: u64, view: &View) -> Result<(), String> {
        let now = reached_by(view);
        let newest = self.newest.entry((host, life)).or_insert(now);
        if falls(*newest, now) {
            return Err(format!(
                "(pool time, generation) of host {host} goes back from {newest:?} to {now:?}"
            ));
        }
        *newest = now;
        Ok(())
    }
}

/// What every read that begins now must reach.
#[derive(Default)]
pub struct ReadFloor {
    answered: Reached,
}

impl ReadFloor {
    pub fn at_call(&self) -> Reached {
        self.answered
    }

    /// `floor` as it was at the call.
    pub fn at_answer(&mut self, floor: Reached, view: &View) -> Result<(), String> {
        let now = reached_by(view);
        if falls(floor, now) {
            return Err(format!(
                "a read reaches (pool time, generation) {now:?}, an earlier one had {floor:?}"
            ));
        }
        self.answered = (self.answered.0.max(now.0), self.answered.1.max(now.1));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows;

    fn view(time_ms: i64, rows: usize) -> View {
        (0..rows).fold(View::default(), |view, n| {
            view.apply(&rows::make_row(time_ms, &format!("r{n}"))).unwrap().0
        })
    }

    #[test]
    fn time_that_goes_back_on_a_running_host_is_found() {
        let mut time = PoolTime::default();
        time.observe(0, 1, &view(10, 2)).unwrap();
        time.observe(0, 1, &view(10, 2)).unwrap();
        time.observe(0, 2, &view(5, 1)).unwrap();
        assert!(time.observe(0, 1, &view(9, 3)).is_err());
        assert!(time.observe(0, 1, &view(11, 1)).is_err());
    }

    #[test]
    fn a_read_that_reaches_less_than_an_earlier_one_is_found() {
        let mut floor = ReadFloor::default();
        let early = floor.at_call();
        floor.at_answer(early, &view(10, 2)).unwrap();
        // Called before that answer: may see less.
        floor.at_answer(early, &view(5, 1)).unwrap();
        let late = floor.at_call();
        assert!(floor.at_answer(late, &view(5, 1)).is_err());
        floor.at_answer(late, &view(10, 2)).unwrap();
    }
}
