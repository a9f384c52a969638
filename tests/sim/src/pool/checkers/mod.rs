//! What must hold after every step, a file each.

mod locks;
mod memory;
mod one_place;
mod quiet;

use super::world::World;

/// The first thing that does not hold.
pub fn check(world: &World) -> Option<String> {
    one_place::check(world)
        .or_else(|| locks::check(world))
        .or_else(|| memory::check(world))
}

/// What must hold when everything has ended.
pub fn check_quiet(world: &World) -> Option<String> {
    quiet::check(world)
}
