//! What clients were told is done: it stays done, whoever coordinates.

use super::coordinator::Proposal;
use std::collections::{BTreeMap, BTreeSet};
use xenith_datamodel::Ref;

/// Of each VM the newest note that was acknowledged. Notes are numbered, and every one is written to `name_description`.
#[derive(Clone, Default)]
pub struct Acked {
    pub notes: BTreeMap<Ref, u64>,
    /// VMs that somebody wanted to be again as they were: of their notes nothing is said.
    pub reverted: BTreeSet<Ref>,
    pub tasks: Vec<Ref>,
    pub written: u64,
}

impl Acked {
    pub fn next_note(&mut self) -> u64 {
        self.written += 1;
        self.written
    }

    pub fn acknowledge(&mut self, proposal: &Proposal) {
        match proposal {
            Proposal::Task(task) => self.tasks.push(task.clone()),
            Proposal::Note(vm, number) => {
                let newest = self.notes.entry(vm.clone()).or_default();
                *newest = (*newest).max(*number);
            }
            Proposal::Other => {}
        }
    }
}
