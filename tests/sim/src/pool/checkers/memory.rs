//! What the rows promise fits each host's memory, and what domains really take there is promised: two starts at once are not given the same.

use crate::pool::world::World;
use xenith_classes::host::dead;
use xenith_classes::placement::free_memory;

pub fn check(world: &World) -> Option<String> {
    let free = free_memory(&world.committed).ok()?;
    if let Some((host, left)) = free.iter().find(|(_, left)| **left < 0) {
        return Some(format!("host {} is overcommitted by {} bytes", host.as_str(), -left));
    }
    for (at, host) in world.hosts.iter().enumerate() {
        let Some(machine) = &host.machine else { continue };
        // A machine that was declared dead alive has what the rows do not speak of any more.
        if !dead::knows_boot(&world.committed, &host.row, &host.journal.boot_id).ok()? || host.journal.condemned {
            continue;
        }
        let (rows, really) = (free.get(&host.row).copied().unwrap_or_default(), machine.free_bytes());
        if really < rows {
            return Some(format!("host {at} has {really} bytes left, its rows promise {rows}"));
        }
    }
    None
}
