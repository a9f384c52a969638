//! What a run does, step by step, so that a run that fails can be made shorter.
//!
//! Every step has a number, and draws all its chances from that number and the seed: to leave a step out does not change what the others
//! draw. A schedule is the list of the numbers.

use crate::random::Random;
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(pub Vec<u64>);

impl Schedule {
    pub fn of(steps: u64) -> Schedule {
        Schedule((1..=steps).collect())
    }

    /// As it is printed: `3,7-9`.
    pub fn parse(text: &str) -> Option<Schedule> {
        let mut steps = Vec::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            steps.extend(from.parse::<u64>().ok()?..=to.parse().ok()?);
        }
        Some(Schedule(steps))
    }

    /// The shortest that is found of which `fails` still holds: parts are left out, large ones first, as long as one can be.
    pub fn shrink(self, mut fails: impl FnMut(&Schedule) -> bool) -> Schedule {
        let mut kept = self.0;
        let mut size = kept.len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            let mut shorter = false;
            while at < kept.len() {
                let end = (at + size).min(kept.len());
                let rest: Vec<u64> = kept.iter().take(at).chain(kept.iter().skip(end)).copied().collect();
                let rest = Schedule(rest);
                if fails(&rest) {
                    kept = rest.0;
                    shorter = true;
                } else {
                    at = end;
                }
            }
            if size == 1 && !shorter {
                break;
            }
            size = if size == 1 { 1 } else { size.div_ceil(2) };
        }
        Schedule(kept)
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<(u64, u64)> = Vec::new();
        for step in &self.0 {
            match parts.last_mut() {
                Some((_, to)) if *to + 1 == *step => *to = *step,
                _ => parts.push((*step, *step)),
            }
        }
        let text = parts.iter().map(|(from, to)| match from == to {
            true => from.to_string(),
            false => format!("{from}-{to}"),
        });
        f.write_str(&text.collect::<Vec<_>>().join(","))
    }
}

/// The chances of one step.
pub fn chances(seed: u64, step: u64) -> Random {
    let mut random = Random::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ step.wrapping_mul(0xc2b2_ae3d_27d4_eb4f));
    random.fork()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read() {
        let schedule = Schedule(vec![1, 2, 3, 7, 9, 10]);
        assert_eq!(schedule.to_string(), "1-3,7,9-10");
        assert_eq!(Schedule::parse("1-3,7,9-10"), Some(schedule));
    }

    #[test]
    fn what_a_failure_needs_is_kept() {
        let needs = [17, 203, 204, 399];
        let fails = |schedule: &Schedule| needs.iter().all(|step| schedule.0.contains(step));
        assert_eq!(Schedule::of(400).shrink(fails), Schedule(needs.to_vec()));
    }
}
