//! Each operation, with each kind of trouble at each of its steps.

use xenith_sim::pool::{Blow, PoolPlant, try_all};

/// `runs_min`: fewer mean that steps are not seen any more.
fn nothing_is_found(blow: Blow, runs_min: usize) {
    let tried = try_all(blow, PoolPlant::None, None);
    println!("{blow:?}: {} runs, refused: {:?}", tried.runs, tried.refused);
    assert!(
        tried.found.is_empty(),
        "{} of {}:\n{}",
        tried.found.len(),
        tried.runs,
        tried.found.join("\n")
    );
    assert!(tried.refused.is_empty(), "{:?}", tried.refused);
    assert!(tried.runs >= runs_min, "only {} runs", tried.runs);
}

#[test]
fn another_coordinator() {
    nothing_is_found(Blow::Coordinator, 300);
}

#[test]
fn a_daemon_that_ends() {
    nothing_is_found(Blow::DaemonEnds, 150);
}

#[test]
fn a_daemon_that_ends_between_two_deeds() {
    nothing_is_found(Blow::DaemonEndsSoon, 600);
}

#[test]
fn a_journal_that_is_lost() {
    nothing_is_found(Blow::JournalLost, 150);
}

#[test]
fn a_host_without_power() {
    nothing_is_found(Blow::PowerLost, 150);
}

#[test]
fn a_host_that_is_declared_dead() {
    nothing_is_found(Blow::DeclaredDead, 150);
}

#[test]
fn orders_that_come_again() {
    nothing_is_found(Blow::OrdersAgain, 150);
}

#[test]
fn a_task_that_is_cancelled() {
    nothing_is_found(Blow::Cancelled, 150);
}

#[test]
fn a_guest_that_stops() {
    nothing_is_found(Blow::GuestStops, 300);
}

#[test]
fn an_effect_that_fails() {
    nothing_is_found(Blow::EffectFails, 100);
}

#[test]
fn effects_that_go_on_failing() {
    nothing_is_found(Blow::EffectsFail, 200);
}

#[test]
fn an_answer_that_is_lost() {
    nothing_is_found(Blow::AnswerLost, 50);
}

/// The table can fail.
#[test]
fn a_planted_bug_is_found_at_some_step() {
    for plant in [PoolPlant::LeavesLocks, PoolPlant::RunsTwice] {
        assert!(!try_all(Blow::JournalLost, plant, None).found.is_empty(), "{plant:?}");
    }
}
