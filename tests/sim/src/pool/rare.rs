//! The probe table: rare paths that 500 seeds must have gone, each at least so often. A run of them that never went one proved little.

use crate::probes::Probes;

const RARE: &[(&str, u64)] = &[
    ("answer_will_be_lost", 100),
    ("cancelled", 500),
    ("coordinator_changed", 500),
    ("daemon_ends_between_deeds", 500),
    ("daemon_restarted", 500),
    ("declared_dead", 100),
    ("declared_dead_alive", 50),
    ("deposed_acted", 500),
    ("deposed_heard", 500),
    ("effect_will_fail", 500),
    ("effect_will_fail_often", 500),
    ("fault", 5_000),
    ("guest_stopped_by_itself", 200),
    ("guest_stops", 500),
    ("host_came_back", 500),
    ("host_cut_off", 500),
    ("image_call", 2_000),
    ("journal_lost", 200),
    ("message_doubled", 5_000),
    ("message_lost", 5_000),
    ("migration_began", 300),
    ("migration_sent", 100),
    ("migration_undone", 100),
    ("order_cut_off", 500),
    ("order_too_old", 20),
    ("outcome_cancelled", 50),
    ("outcome_failed", 500),
    ("outcome_guest_did_not_answer", 2),
    ("outcome_not_known", 200),
    ("power_off", 500),
    ("report_cut_off", 200),
    ("ticket_admitted", 200),
    ("vif_made", 100),
    ("vm_changed", 200),
    ("vm_restored", 50),
    ("vm_saved", 100),
    ("went_on_without_host", 500),
    ("writes_lost_with_the_coordinator", 100),
];

/// The seeds of which the table speaks.
pub const SEEDS: u64 = 500;

/// Rare paths that were not gone, or too seldom, in so many runs; fewer than [`SEEDS`] say nothing.
pub fn never_ran(probes: &Probes, runs: u64) -> Vec<String> {
    let missing = RARE
        .iter()
        .filter(|(name, least)| probes.count(name) < least * (runs / SEEDS));
    missing
        .map(|(name, least)| format!("{name}: {} of {}", probes.count(name), least * (runs / SEEDS)))
        .collect()
}
