//! No acknowledged write is lost, no refused one is made (CORRECTNESS A2).

use crate::history::Making;
use crate::random::Random;
use std::collections::BTreeMap;

/// Against the state at the end: `holds` says whether a row is there.
pub fn check(rows: &BTreeMap<String, Making>, holds: impl Fn(&str) -> bool) -> Result<(), String> {
    for (name, making) in rows {
        match (making, holds(name)) {
            (Making::Acked, false) => return Err(format!("acked write lost: {name} is not there at the end")),
            (Making::Refused, true) => return Err(format!("{name} was refused, and is there all the same")),
            (Making::Acked, true) | (Making::Refused, false) | (Making::Unknown, _) => {}
        }
    }
    Ok(())
}

/// Rows acknowledged by now: what a read that begins now must hold. The newest, and some others.
pub fn some_acked(acked: &[String], count: usize, random: &mut Random) -> Vec<String> {
    let mut some: Vec<String> = acked.last().cloned().into_iter().collect();
    while some.len() < count && !acked.is_empty() {
        some.extend(acked.get(random.index(acked.len())).cloned());
    }
    some
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(making: Making) -> BTreeMap<String, Making> {
        BTreeMap::from([("kept".to_owned(), Making::Acked), ("row".to_owned(), making)])
    }

    #[test]
    fn a_lost_row_and_a_refused_one_that_is_there_are_found() {
        let lost = check(&rows(Making::Acked), |name| name == "kept");
        assert!(lost.unwrap_err().contains("row"));
        let made = check(&rows(Making::Refused), |_| true);
        assert!(made.unwrap_err().contains("refused"));
    }

    #[test]
    fn an_unknown_row_may_be_there_or_not() {
        check(&rows(Making::Unknown), |_| true).unwrap();
        check(&rows(Making::Unknown), |name| name == "kept").unwrap();
        check(&rows(Making::Refused), |name| name == "kept").unwrap();
    }

    #[test]
    fn the_newest_acked_row_is_always_looked_for() {
        let acked: Vec<String> = (0..50).map(|n| n.to_string()).collect();
        let some = some_acked(&acked, 5, &mut Random::new(1));
        assert_eq!((some.len(), some[0].as_str()), (5, "49"));
        assert!(some_acked(&[], 5, &mut Random::new(1)).is_empty());
    }
}
