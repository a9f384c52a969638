//! What must hold after every step, a file each.

mod guests;
mod locks;
mod memory;
mod one_place;
mod quiet;
mod storage;

use super::world::World;

/// The first thing that does not hold.
pub fn check(world: &World) -> Option<String> {
    one_place::check(world)
        .or_else(|| locks::check(world))
        .or_else(|| memory::check(world))
        .or_else(|| guests::check(world))
        .or_else(|| storage::check(world))
}

/// What must hold when everything has ended.
pub fn check_quiet(world: &World) -> Option<String> {
    quiet::check(world)
        .or_else(|| storage::check_quiet(world))
        .or_else(|| guests::differs(world))
}

/// Whether the rows say what guests say, which they do a while after everything else has ended.
pub fn guests_are_shown(world: &World) -> bool {
    guests::differs(world).is_none()
}
