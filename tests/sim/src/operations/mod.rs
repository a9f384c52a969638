//! The pool's operations through the daemon's own toolstack: real nodes, real actors, simulated machines, clients that start and stop VMs
//! (docs/simulation.md, "Operations").
//!
//! The machines live on a runtime of their own, so they outlive their daemons.

mod birth;
mod clients;
mod daemon;
mod end;
mod shelf;
mod site;

pub use daemon::Daemon;
pub use site::Site;

use crate::checkers::{locks, memory, one_place};
use crate::net::SimNet;
use crate::random::Random;
use crate::shared::Shared;
use clients::Callers;
use site::Machines;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use xenith_datamodel::ApiError;
use xenith_pooldb::{Transaction, View};
use xenith_raft::{Member, PoolLog as _};

/// Steps between two looks of the checkers that read rows.
const LOOK_EVERY: u64 = 20;
const CLIENTS: usize = 4;

pub struct Operations {
    machines: Machines,
    callers: Arc<Callers>,
    /// The newest state that any host has applied.
    newest: Arc<View>,
    steps: u64,
}

impl Operations {
    pub fn new(members: &[Member], net: &SimNet, shared: &Arc<Shared>, random: &mut Random) -> io::Result<Operations> {
        Ok(Operations {
            machines: Machines::new(members, net, random)?,
            callers: Callers::new(shared.clone()),
            newest: Arc::new(View::default()),
            steps: 0,
        })
    }

    pub fn site(&self) -> &Arc<Site> {
        &self.machines.site
    }

    pub fn first_transaction(&self, members: &[Member], time_ms: i64) -> Result<Transaction, ApiError> {
        birth::first_transaction(self.site(), members, time_ms)
    }

    /// Has the VMs made: `have_vms` says when they are there.
    pub fn make_vms(&self, runtime: &Runtime) {
        runtime.spawn(self.callers.clone().make_vms());
    }

    pub fn have_vms(&self) -> Result<(), String> {
        match self.callers.vms().len() {
            clients::VMS => Ok(()),
            made => Err(format!("{made} VMs are made")),
        }
    }

    pub fn begin_load(&self, runtime: &Runtime, random: &mut Random) {
        for number in 0..CLIENTS {
            runtime.spawn(self.callers.clone().run(number, random.fork()));
        }
    }

    /// The machine starts anew, with nothing on it.
    pub fn power_cycle(&self, host: usize) {
        self.site().power_cycle(host);
    }

    /// The machines go on for so long, and everything is looked at.
    pub fn step(&mut self, length: Duration, shared: &Shared) {
        self.machines.step(length);
        self.steps += 1;
        for door in shared.doors() {
            let view = door.node.applied();
            if view.generation() > self.newest.generation() {
                self.newest = view;
            }
        }
        let mut outcomes = vec![one_place::check(&self.site().domains())];
        if self.steps.is_multiple_of(LOOK_EVERY) {
            outcomes.push(locks::check(&self.newest));
            outcomes.push(memory::check(&self.newest, &self.site().free_bytes(&self.newest)));
        }
        for text in outcomes.into_iter().filter_map(Result::err) {
            shared.violation(text);
        }
    }

    /// Nothing is under way any more, and rows and machines say the same.
    pub fn have_ended(&self) -> Result<(), String> {
        end::check(&self.newest, &self.callers.vms(), &self.site().on_hosts(&self.newest))
    }
}
