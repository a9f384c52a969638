//! What must hold after every step, a file each.

mod acked_writes;
mod devices;
mod events;
mod guests;
mod images;
mod locks;
mod memory;
mod one_place;
mod orphans;
mod quiet;
mod relations;
mod storage;

use super::world::World;

/// What reads every row is asked each so many steps.
const SELDOM: u64 = 40;

/// The first thing that does not hold.
pub fn check(world: &mut World, step: u64) -> Option<String> {
    let often = one_place::check(world)
        .or_else(|| locks::check(world))
        .or_else(|| memory::check(world))
        .or_else(|| guests::check(world))
        .or_else(|| storage::check(world))
        .or_else(|| acked_writes::check(world));
    match step.is_multiple_of(SELDOM) {
        true => often.or_else(|| check_all_rows(world)),
        false => often,
    }
}

fn check_all_rows(world: &mut World) -> Option<String> {
    events::check(world).or_else(|| relations::check(world))
}

/// What must hold when everything has ended.
pub fn check_quiet(world: &mut World) -> Option<String> {
    orphans::check(world)
        .or_else(|| quiet::check(world))
        .or_else(|| devices::check(world))
        .or_else(|| storage::check_quiet(world))
        .or_else(|| images::check_quiet(world))
        .or_else(|| guests::differs(world))
        .or_else(|| check_all_rows(world))
}

/// What guests say and the rows do not: none a while after everything else has ended.
pub fn not_shown_of_guests(world: &World) -> Option<String> {
    guests::differs(world)
}
