//! Is a register's history linearizable? Exact: just-in-time linearization after Wing and Gong, and Lowe.
//!
//! Goes through calls and answers in their order and keeps every state that the register can be in, each with the open operations that
//! have taken effect. At an answer, only those stay in which the operation has, with the result that was answered. No state left: the
//! history is not linearizable. Values are unique, so an open write that nobody ever saw constrains nothing, and is left out.

use crate::history::{Kind, Operation, Outcome, Written};
use std::collections::{BTreeMap, BTreeSet};

/// More states than this are not looked at: the run says so instead of going on for ever.
const STATES_MAX: usize = 200_000;

/// What the register holds, and the open operations (by their place in the history) that have taken effect.
type State = (Written, BTreeSet<usize>);

/// All registers. An error tells which register, and the operation that cannot be explained.
pub fn check(history: &[Operation]) -> Result<(), String> {
    let mut registers: BTreeMap<usize, Vec<Operation>> = BTreeMap::new();
    for operation in history {
        registers.entry(operation.register).or_default().push(*operation);
    }
    registers.into_iter().try_for_each(|(register, operations)| {
        check_register(&operations).map_err(|text| format!("register {register}: {text}"))
    })
}

fn check_register(operations: &[Operation]) -> Result<(), String> {
    let seen: BTreeSet<Written> = operations.iter().filter_map(seen_by).collect();
    let mut events: BTreeMap<u64, (usize, bool)> = BTreeMap::new();
    for (place, operation) in operations.iter().enumerate() {
        if !matters(operation, &seen) {
            continue;
        }
        events.insert(operation.called, (place, false));
        if let Some(answered) = operation.answered {
            events.insert(answered, (place, true));
        }
    }
    let mut open: BTreeSet<usize> = BTreeSet::new();
    let mut states: BTreeSet<State> = BTreeSet::from([(0, BTreeSet::new())]);
    for (place, is_answer) in events.into_values() {
        if !is_answer {
            open.insert(place);
            continue;
        }
        let reached = closure(states, &open, operations)?;
        open.remove(&place);
        states = reached
            .into_iter()
            .filter(|(_, done)| done.contains(&place))
            .map(|(value, done)| without(value, done, place))
            .collect();
        if states.is_empty() {
            return Err(format!("not linearizable: {:?} cannot be explained", operations[place]));
        }
    }
    Ok(())
}

fn without(value: Written, mut done: BTreeSet<usize>, place: usize) -> State {
    done.remove(&place);
    (value, done)
}

/// Every state that open operations can lead to.
fn closure(
    states: BTreeSet<State>,
    open: &BTreeSet<usize>,
    operations: &[Operation],
) -> Result<BTreeSet<State>, String> {
    let mut reached = states.clone();
    let mut fresh: Vec<State> = states.into_iter().collect();
    while let Some((value, done)) = fresh.pop() {
        for place in open.iter().filter(|place| !done.contains(*place)) {
            let Some(next) = effect(&operations[*place], value) else {
                continue;
            };
            let mut now_done = done.clone();
            now_done.insert(*place);
            let state = (next, now_done);
            if reached.insert(state.clone()) {
                fresh.push(state);
            }
        }
        if reached.len() > STATES_MAX {
            return Err(format!(
                "too many states to check: {} operations are open at once",
                open.len()
            ));
        }
    }
    Ok(reached)
}

/// What the register holds after it; nothing when it cannot happen at this value.
fn effect(operation: &Operation, value: Written) -> Option<Written> {
    let fits = match operation.outcome {
        Outcome::Done { seen } => seen == value,
        Outcome::Unknown | Outcome::Refused => true,
    };
    match operation.kind {
        Kind::Write(written) => Some(written),
        Kind::Swap(written) => fits.then_some(written),
        Kind::Read => fits.then_some(value),
    }
}

fn seen_by(operation: &Operation) -> Option<Written> {
    match (operation.kind, operation.outcome) {
        (Kind::Read | Kind::Swap(_), Outcome::Done { seen }) => Some(seen),
        (Kind::Write(_), _) | (_, Outcome::Unknown | Outcome::Refused) => None,
    }
}

fn matters(operation: &Operation, seen: &BTreeSet<Written>) -> bool {
    match (operation.outcome, operation.kind) {
        (Outcome::Refused, _) | (Outcome::Unknown, Kind::Read) => false,
        (Outcome::Unknown, Kind::Write(value) | Kind::Swap(value)) => seen.contains(&value),
        (Outcome::Done { .. }, _) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(kind: Kind, seen: Written, called: u64, answered: u64) -> Operation {
        Operation {
            register: 0,
            kind,
            called,
            answered: Some(answered),
            outcome: Outcome::Done { seen },
        }
    }

    fn open(kind: Kind, called: u64) -> Operation {
        Operation {
            register: 0,
            kind,
            called,
            answered: None,
            outcome: Outcome::Unknown,
        }
    }

    fn write(value: Written, called: u64, answered: u64) -> Operation {
        done(Kind::Write(value), 0, called, answered)
    }

    fn read(seen: Written, called: u64, answered: u64) -> Operation {
        done(Kind::Read, seen, called, answered)
    }

    #[test]
    fn sound_histories_pass() {
        check(&[]).unwrap();
        check(&[read(0, 1, 2), write(1, 3, 4), read(1, 5, 6)]).unwrap();
        // A read beside a write may see either value; another register does not matter.
        check(&[write(1, 1, 6), read(0, 2, 3), read(1, 4, 5)]).unwrap();
        check(&[
            write(1, 1, 2),
            Operation {
                register: 1,
                ..read(0, 3, 4)
            },
        ])
        .unwrap();
        // Two concurrent writes may take effect in either order.
        check(&[write(1, 1, 4), write(2, 2, 3), read(1, 5, 6)]).unwrap();
        check(&[
            done(Kind::Swap(1), 0, 1, 2),
            done(Kind::Swap(2), 1, 3, 4),
            read(2, 5, 6),
        ])
        .unwrap();
    }

    #[test]
    fn a_stale_read_is_found() {
        assert!(check(&[write(1, 1, 2), read(0, 3, 4)]).is_err());
        assert!(check(&[write(1, 1, 2), write(2, 3, 4), read(1, 5, 6)]).is_err());
    }

    #[test]
    fn reads_that_go_back_are_found() {
        // Both beside the write, but the new value was seen before the old one.
        assert!(check(&[write(1, 1, 10), read(1, 2, 3), read(0, 4, 5)]).is_err());
    }

    #[test]
    fn a_lost_update_between_swaps_is_found() {
        assert!(check(&[done(Kind::Swap(1), 0, 1, 2), done(Kind::Swap(2), 0, 3, 4)]).is_err());
        assert!(check(&[done(Kind::Swap(1), 0, 1, 5), done(Kind::Swap(2), 0, 2, 6)]).is_err());
    }

    #[test]
    fn an_unknown_write_may_take_effect_late_but_only_once_and_not_before_its_call() {
        check(&[open(Kind::Write(1), 1), read(0, 2, 3), read(1, 4, 5)]).unwrap();
        check(&[open(Kind::Write(1), 1), read(0, 2, 3)]).unwrap();
        let twice = [open(Kind::Write(1), 1), read(1, 2, 3), write(2, 4, 5), read(1, 6, 7)];
        assert!(check(&twice).is_err());
        assert!(check(&[read(1, 1, 2), open(Kind::Write(1), 3)]).is_err());
    }

    #[test]
    fn a_refused_write_that_is_seen_is_found() {
        let refused = Operation {
            outcome: Outcome::Refused,
            ..write(1, 1, 2)
        };
        check(&[refused, read(0, 3, 4)]).unwrap();
        assert!(check(&[refused, read(1, 3, 4)]).is_err());
    }

    /// Against the definition: try every order of a few operations.
    #[test]
    fn agrees_with_trying_every_order() {
        let mut random = crate::random::Random::new(7);
        let (mut sound, mut unsound) = (0, 0);
        for _ in 0..3_000 {
            let history = small_history(&mut random);
            let expected = some_order_fits(&history, &mut Vec::new(), 0);
            assert_eq!(check(&history).is_ok(), expected, "{history:?}");
            if expected { sound += 1 } else { unsound += 1 }
        }
        assert!(sound > 300 && unsound > 300, "{sound} {unsound}");
    }

    fn small_history(random: &mut crate::random::Random) -> Vec<Operation> {
        let mut times: Vec<u64> = (1..=10).collect();
        (0..5u64)
            .map(|n| {
                let mut take = || times.remove(random.index(times.len()));
                let (a, b) = (take(), take());
                let (called, answered) = (a.min(b), a.max(b));
                let seen = random.below(4);
                match random.below(4) {
                    0 => write(n + 1, called, answered),
                    1 => done(Kind::Swap(n + 1), seen, called, answered),
                    2 => open(Kind::Write(n + 1), called),
                    _ => read(seen, called, answered),
                }
            })
            .collect()
    }

    fn some_order_fits(history: &[Operation], order: &mut Vec<usize>, value: Written) -> bool {
        let left: Vec<usize> = (0..history.len()).filter(|place| !order.contains(place)).collect();
        if left.iter().all(|place| history[*place].answered.is_none()) {
            return true;
        }
        left.iter().any(|place| {
            let candidate = history[*place];
            let too_early = left
                .iter()
                .any(|other| history[*other].answered.is_some_and(|at| at < candidate.called));
            let Some(next) = effect(&candidate, value).filter(|_| !too_early) else {
                return false;
            };
            order.push(*place);
            let fits = some_order_fits(history, order, next);
            order.pop();
            fits
        })
    }
}
