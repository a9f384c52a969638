//! The event stream, replayed from a token, gives the rows as they are.

use crate::pool::world::World;

pub fn check(world: &mut World) -> Option<String> {
    let view = world.committed.clone();
    world.shadow.follow(&view, world.plant)
}
