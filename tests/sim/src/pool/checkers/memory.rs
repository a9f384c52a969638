//! What the rows promise fits each host's memory: two starts at once are not given the same.

use crate::pool::world::World;
use xenith_classes::placement::free_memory;

pub fn check(world: &World) -> Option<String> {
    let free = free_memory(&world.committed).ok()?;
    let (host, left) = free.into_iter().find(|(_, left)| *left < 0)?;
    Some(format!("host {} is overcommitted by {} bytes", host.as_str(), -left))
}
