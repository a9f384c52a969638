//! What a host learns from its own copy of the rows and from a look at all its domains, without being told by a coordinator.
//!
//! The copy may be old. What is learned from it is so chosen that an old copy says less, never something wrong: that this very boot was
//! declared dead stays true, a later number for a boot is as good, and a configuration is taken for the very domain that the rows name.

use super::{Agent, Deed, Keep, Pace, Purpose, Stopped, Stopping};
use crate::host::dead::{self, HostState};
use crate::{operation, rows, vm};
use std::collections::BTreeMap;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;
use xenith_storage_port::{Attachment, StorageEffect};
use xenith_xen_port::{Domain, DomainState, Effect, StopReason, VmId};

/// What there is on the machine.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    pub domains: &'a [Domain],
    /// Listed after the domains. Asked of the machine only while [`Agent::is_to_empty`].
    pub attached: Option<&'a [Attachment]>,
}

impl Agent {
    #[must_use]
    pub fn with_pace(self, pace: Pace) -> Agent {
        Agent { pace, ..self }
    }

    /// The time of the machine's clock, before anything else is said.
    pub fn pass_time(&mut self, now_ms: u64) {
        self.now_ms = Some(now_ms);
    }

    /// All domains as they are now, and this host's copy of the rows, taken before the domains were listed. To be called each second, and
    /// when a domain has changed by itself.
    pub fn look(&mut self, seen: Seen<'_>, view: &View, host: &Ref) -> Result<Vec<Deed>, ApiError> {
        let domains = seen.domains;
        let mut deeds = self.learn(domains, view, host)?;
        if self.journal.condemned {
            self.empty(&mut deeds, seen, view)?;
            return Ok(deeds);
        }
        deeds.extend(self.stop_again());
        for domain in domains {
            deeds.extend(self.look_at(domain));
        }
        // What the rows lack or have too much is told by those only that know all of this host's past.
        let is_new_enough = view.generation() >= self.journal.newest_passed_as_of();
        if is_new_enough && dead::knows_boot(view, host, &self.journal.boot_id)? {
            self.miss(&mut deeds, domains, (view, host))?;
            for domain in domains {
                self.find(&mut deeds, domain, (view, host))?;
                self.end_suspended(&mut deeds, domain, (view, host))?;
            }
        }
        Ok(deeds)
    }

    fn learn(&mut self, domains: &[Domain], view: &View, host: &Ref) -> Result<Vec<Deed>, ApiError> {
        let mut deeds = Vec::new();
        if let Some(state) = dead::state(view, host)? {
            self.learn_state(&mut deeds, &state);
        }
        if !self.journal.condemned {
            for domain in domains {
                self.learn_config(&mut deeds, domain, (view, host))?;
            }
        }
        Ok(deeds)
    }

    fn learn_state(&mut self, deeds: &mut Vec<Deed>, state: &HostState) {
        let is_new = !self.is_welcome() && !self.journal.condemned;
        let differs = (state.boot_id.as_str(), state.boot) != (self.journal.boot_id.as_str(), self.journal.boot);
        if differs && is_new && state.boot >= self.journal.boot {
            // The journal was lost: it counts from the beginning, and the rows would take this boot for an old one.
            let machine = state.boot_id.split('+').next().unwrap_or_default();
            self.keep(
                deeds,
                match machine == self.journal.machine_boot_id() {
                    true => Keep::SameBoot(state.boot_id.clone(), state.boot),
                    false => Keep::BootNumber(state.boot + 1),
                },
            );
        }
        let is_this_boot = state.boot_id == self.journal.boot_id;
        if is_this_boot && state.dead && !self.journal.condemned {
            self.condemn(deeds);
        }
    }

    /// What the domain was built from, if that is not known any more; and what becomes of its guest if that has changed.
    fn learn_config(
        &mut self,
        deeds: &mut Vec<Deed>,
        domain: &Domain,
        (view, host): (&View, &Ref),
    ) -> Result<(), ApiError> {
        let Some(row) = view.by_uuid(rows::class("VM")?, &domain.vm.0) else {
            return Ok(());
        };
        if rows::reference(view, "VM", &row, "resident_on")? != *host {
            return Ok(());
        }
        let learned = match self.journal.configs.get(&domain.vm) {
            Some(known) => {
                let now = vm::built::with_actions(view, &row, known.clone())?;
                Some(now).filter(|now| now != known)
            }
            None if rows::int(view, "VM", &row, "domid")? == domain.domid && !self.is_ordered(&domain.vm) => {
                vm::built::read(view, &row)?
            }
            None => None,
        };
        if let Some(config) = learned {
            self.keep(deeds, Keep::Config(domain.vm.clone(), Some(Box::new(config))));
        }
        Ok(())
    }

    /// VMs that the rows have here, and that are not: what was under way for them was lost with the journal.
    fn miss(&mut self, deeds: &mut Vec<Deed>, domains: &[Domain], (view, host): (&View, &Ref)) -> Result<(), ApiError> {
        for row in rows::references(view, "host", host, "resident_VMs")? {
            let vm = VmId(rows::text(view, "VM", &row, "uuid")?);
            let domid = rows::int(view, "VM", &row, "domid")?;
            let held = rows::value(view, "VM", &row, "current_operations")?;
            let is_free = held.as_map().is_none_or(<[(Value, Value)]>::is_empty);
            let is_there = domains.iter().any(|domain| domain.vm == vm);
            // The control domain is none of ours: its id is 0. One that could not be cleared away has -1.
            if is_there || !is_free || domid == 0 || self.has_to_do_with(&vm) {
                continue;
            }
            // Its disks may be attached yet.
            self.end(deeds, self.gone(&vm, domid), vm::disks::clear(view, &row)?);
        }
        Ok(())
    }

    /// A domain that nobody knows: it was being made when the journal was lost.
    fn find(&mut self, deeds: &mut Vec<Deed>, domain: &Domain, (view, host): (&View, &Ref)) -> Result<(), ApiError> {
        let vm = &domain.vm;
        if self.journal.configs.contains_key(vm) || self.has_to_do_with(vm) {
            return Ok(());
        }
        let Some(row) = view.by_uuid(rows::class("VM")?, &vm.0) else {
            let effects = vec![Effect::DomainDestroy(vm.clone())];
            self.enqueue(deeds, Purpose::Own(vm.clone()), (effects, Vec::new()));
            return Ok(());
        };
        let held = rows::value(view, "VM", &row, "current_operations")?;
        let remains = operation::remains(view)?;
        let is_left = remains.iter().any(|(_, left)| left.vm == row && left.host == *host);
        if is_left || !held.as_map().is_none_or(<[(Value, Value)]>::is_empty) {
            return Ok(());
        }
        let domid = rows::int(view, "VM", &row, "domid")?;
        let effects = vm::disks::clear(view, &row)?;
        match rows::reference(view, "VM", &row, "resident_on")? == *host {
            false => self.enqueue(deeds, Purpose::Own(vm.clone()), (effects, Vec::new())),
            true if domid > 0 && domid != domain.domid => {
                self.end(deeds, self.gone(vm, domid), effects);
            }
            true => {}
        }
        Ok(())
    }

    /// A domain that is suspended while its VM runs, and with which no operation has to do: its guest never goes on.
    fn end_suspended(
        &mut self,
        deeds: &mut Vec<Deed>,
        domain: &Domain,
        (view, host): (&View, &Ref),
    ) -> Result<(), ApiError> {
        let vm = &domain.vm;
        if domain.state != DomainState::Stopped(StopReason::Suspend) || self.has_to_do_with(vm) {
            return Ok(());
        }
        let Some(row) = view.by_uuid(rows::class("VM")?, &vm.0) else {
            return Ok(());
        };
        let held = rows::value(view, "VM", &row, "current_operations")?;
        let is_free = held.as_map().is_none_or(<[(Value, Value)]>::is_empty);
        let is_its_own = rows::reference(view, "VM", &row, "resident_on")? == *host
            && rows::int(view, "VM", &row, "domid")? == domain.domid;
        if is_free && is_its_own {
            self.end(deeds, self.gone(vm, domain.domid), vm::disks::clear(view, &row)?);
        }
        Ok(())
    }

    /// By these effects, as often as they fail.
    fn end(&mut self, deeds: &mut Vec<Deed>, stopped: Stopped, effects: Vec<Effect>) {
        self.keep(
            deeds,
            Keep::Stopping(Stopping {
                stopped,
                effects,
                done: Vec::new(),
                not_before_ms: 0,
            }),
        );
        deeds.extend(self.stop_again());
    }

    /// The VM's domain is not there any more, and nobody knows why.
    fn gone(&self, vm: &VmId, domid: i64) -> Stopped {
        Stopped {
            vm: vm.clone(),
            boot_id: self.journal.boot_id.clone(),
            first_domid: domid,
            last_domid: domid,
            reason: StopReason::Crash,
            now: None,
        }
    }

    fn has_to_do_with(&self, vm: &VmId) -> bool {
        self.is_busy(vm)
            || self.is_ordered(vm)
            || self.journal.stopping.contains_key(vm)
            || self.journal.stopped.contains_key(vm)
    }

    /// Whether this host was declared dead while it lived: then nothing may be left on it, disks that are attached least of all.
    pub fn is_to_empty(&self) -> bool {
        self.journal.condemned
    }

    /// The host was declared dead while it lived (decision 043).
    fn condemn(&mut self, deeds: &mut Vec<Deed>) {
        let running: Vec<Purpose> = self.runs.keys().cloned().collect();
        let stopping: Vec<VmId> = self.journal.stopping.keys().cloned().collect();
        self.keep(deeds, Keep::Condemned);
        self.empty_looks = 0;
        for purpose in running {
            if let Some(run) = self.runs.get_mut(&purpose) {
                // Nobody waits for what it says.
                run.again = false;
            }
            self.cancel(deeds, &purpose);
        }
        for vm in stopping {
            // Nothing is made again here.
            self.end(deeds, self.gone(&vm, -1), vec![Effect::DomainDestroy(vm.clone())]);
        }
    }

    /// Domains go, then what is attached, whatever the journal knows of it; once none is left and nothing is worked that could make one,
    /// this is as good as a boot of the machine.
    fn empty(&mut self, deeds: &mut Vec<Deed>, seen: Seen<'_>, view: &View) -> Result<(), ApiError> {
        deeds.extend(self.stop_again());
        for domain in seen.domains {
            if !self.is_busy(&domain.vm) {
                let effects = match view.by_uuid(rows::class("VM")?, &domain.vm.0) {
                    Some(row) => vm::disks::clear(view, &row)?,
                    None => vec![Effect::DomainDestroy(domain.vm.clone())],
                };
                self.enqueue(deeds, Purpose::Own(domain.vm.clone()), (effects, Vec::new()));
            }
        }
        let Some(attached) = seen.attached else { return Ok(()) };
        self.let_go(deeds, attached);
        let is_empty = seen.domains.is_empty() && attached.is_empty();
        if !is_empty || !self.runs.is_empty() || !self.journal.stopping.is_empty() {
            self.empty_looks = 0;
            return Ok(());
        }
        // The list may be older than the end of the last effect: two of them are not.
        self.empty_looks += 1;
        if self.empty_looks >= 2 {
            self.keep(deeds, Keep::Emptied);
        }
        Ok(())
    }

    /// Detaches what no domain uses any more.
    fn let_go(&mut self, deeds: &mut Vec<Deed>, attached: &[Attachment]) {
        let mut by_vm: BTreeMap<VmId, Vec<Effect>> = BTreeMap::new();
        for held in attached {
            let detach = Effect::Storage(StorageEffect::VdiDetach(held.on.clone()));
            by_vm.entry(VmId(held.on.by.clone())).or_default().push(detach);
        }
        for (vm, effects) in by_vm {
            if !self.is_busy(&vm) {
                self.enqueue(deeds, Purpose::Own(vm), (effects, Vec::new()));
            }
        }
    }
}
