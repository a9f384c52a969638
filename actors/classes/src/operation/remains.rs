//! What an operation may have left of a VM on a host that does not answer: nothing of the VM is held for it, but it takes memory there
//! (`placement`), and the VM does not come to that host until it is gone.

use super::record::from_json;
use crate::rows;
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref};
use xenith_pooldb::View;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remains {
    pub vm: Ref,
    pub host: Ref,
    pub memory_bytes: i64,
}

/// All there are, each with its operation.
pub fn remains(view: &View) -> Result<Vec<(Ref, Remains)>, ApiError> {
    let column = rows::column("xenith_operation", "remains")?;
    let mut all = Vec::new();
    for (remains, operation) in view.valued(column) {
        all.push((operation.clone(), from_json(remains)?));
    }
    Ok(all)
}
