//! `cargo xtask tidy`: what the compiler does not check: arrows between crates, purity, sizes.

mod arrows;
mod purity;
mod sizes;

use crate::run::Failure;

/// Every fault is told, not only the first.
pub fn tidy() -> Result<(), Failure> {
    let metadata = arrows::metadata()?;
    let mut faults = arrows::check(&metadata)?;
    faults.extend(purity::check()?);
    faults.extend(sizes::check()?);
    if faults.is_empty() {
        return Ok(());
    }
    Err(Failure(format!("tidy:\n  {}", faults.join("\n  "))))
}
