//! What the rows promise fits each host's memory, and what domains really take there is promised.

use xenith_classes::placement::free_memory;
use xenith_datamodel::Ref;
use xenith_pooldb::View;

/// `free_bytes`: what is left on each host's machine. `view`: not older than what any order was read from.
pub fn check(view: &View, free_bytes: &[(Ref, i64)]) -> Result<(), String> {
    let promised = free_memory(view).map_err(|error| format!("what is promised cannot be read: {error}"))?;
    for (host, really) in free_bytes {
        let Some(rows) = promised.get(host) else { continue };
        if *rows < 0 {
            return Err(format!("host {} is overcommitted by {} bytes", host.as_str(), -rows));
        }
        if really < rows {
            let host = host.as_str();
            return Err(format!("host {host} has {really} bytes left, its rows promise {rows}"));
        }
    }
    Ok(())
}
