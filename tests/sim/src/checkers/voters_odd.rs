//! Voters are as many as the planner wants (E1), never more than five, and an even number is left soon while somebody coordinates.

use xenith_raft::planner::voters_wanted;

/// Members may come and go one at a time; more than five voters weaken nothing but are never wanted.
const VOTERS_MAX: usize = 6;
/// How long an even number, or one that is not wanted, may last while one host coordinates without a fault: the planner looks every
/// 250 ms, and a change is two commits.
const UNWANTED_MS_MAX: u64 = 10_000;

/// The voters as the coordinator sees them.
#[derive(Default)]
pub struct VotersOdd {
    unwanted_since_ms: Option<u64>,
}

impl VotersOdd {
    /// `calm`: no fault is at work, and all members are heard.
    pub fn observe(&mut self, now_ms: u64, members: usize, voters: usize, calm: bool) -> Result<(), String> {
        if members > 0 && voters == 0 {
            return Err("nobody votes".to_owned());
        }
        if voters > VOTERS_MAX {
            return Err(format!("{voters} of {members} vote"));
        }
        if !calm || voters == voters_wanted(members) {
            self.unwanted_since_ms = None;
            return Ok(());
        }
        let since = *self.unwanted_since_ms.get_or_insert(now_ms);
        if now_ms - since > UNWANTED_MS_MAX {
            return Err(format!("{voters} of {members} vote since {} ms", now_ms - since));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wanted_numbers_pass_and_others_for_a_while() {
        let mut odd = VotersOdd::default();
        for now in 0..100 {
            odd.observe(now * 1_000, 3, 3, true).unwrap();
        }
        odd.observe(100_000, 2, 2, true).unwrap();
        odd.observe(105_000, 2, 1, true).unwrap();
        odd.observe(200_000, 5, 4, false).unwrap();
    }

    #[test]
    fn an_even_number_that_stays_is_found() {
        let mut odd = VotersOdd::default();
        odd.observe(0, 4, 4, true).unwrap();
        assert!(odd.observe(11_000, 4, 4, true).is_err());
    }

    #[test]
    fn no_voter_and_too_many_are_found() {
        assert!(VotersOdd::default().observe(0, 3, 0, false).is_err());
        assert!(VotersOdd::default().observe(0, 9, 7, false).is_err());
    }
}
