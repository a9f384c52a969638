//! The first look at an effect: is it done already, may it be done, and how long does it take.

use super::*;
use xenith_storage_port::{Use, VdiId};

enum Start {
    Done(Done),
    Goes { stage: Stage, ms: u64 },
}

fn bad_state(what: &str) -> EffectError {
    EffectError::BadState(what.to_owned())
}

impl Machine {
    pub(super) fn start(&mut self, subject: &Subject, images: &dyn Images) {
        let Some(work) = self.works.get(subject) else { return };
        let effect = work.effect.clone();
        let fate = self.fate(&effect);
        if fate.fails_after(&effect, u64::MAX) == Some(0) {
            return self.finish(subject, Err(fate.error()));
        }
        let started = self.started(&effect, &fate, images);
        let total_ms = match &started {
            Ok(Start::Goes { stage, ms }) => self.total_ms(stage, *ms),
            Ok(Start::Done(_)) | Err(_) => 0,
        };
        match started {
            Err(error) => self.finish(subject, Err(error)),
            Ok(Start::Done(done)) => self.finish(subject, Ok(done)),
            Ok(Start::Goes { stage, ms }) => {
                let Some(work) = self.works.get_mut(subject) else {
                    return;
                };
                let timed = !matches!(effect, Effect::MigrationSend { .. });
                let fails_after = fate.fails_after(&effect, total_ms).filter(|_| timed);
                work.fails_at_ms = fails_after.map(|after| self.now_ms.saturating_add(after));
                work.due_ms = self.now_ms.saturating_add(ms);
                work.stage = stage;
                work.fate = fate;
            }
        }
    }

    /// How long it takes in all; its script fails it at a share of that.
    fn total_ms(&self, stage: &Stage, ms: u64) -> u64 {
        let behaviour = &self.habits.behaviour;
        match stage {
            Stage::Suspending { .. } => ms.saturating_add(behaviour.save_ms),
            Stage::Asked => behaviour.obey_ms.min(ms),
            Stage::Begun | Stage::Working | Stage::Saving | Stage::Copying { .. } | Stage::AllSent { .. } => ms,
        }
    }

    fn fate(&mut self, effect: &Effect) -> Fate {
        let kind = EffectKind::of(effect);
        let config = match effect {
            Effect::DomainCreate(config)
            | Effect::DomainRestore { config, .. }
            | Effect::MigrationReceive { config, .. } => Some(config),
            other => other.vm().and_then(|vm| self.guests.get(vm)).map(|guest| &guest.config),
        };
        let label = config.map(|config| config.name_label.as_str());
        let vm = effect.vm().map(|vm| vm.0.as_str());
        let names: Vec<&str> = label.into_iter().chain(vm).collect();
        self.habits.fate(kind, &names)
    }

    fn started(&mut self, effect: &Effect, fate: &Fate, images: &dyn Images) -> Result<Start, EffectError> {
        match effect {
            Effect::DomainCreate(config) => self.start_build(config, Origin::Created, fate, images),
            Effect::DomainRestore { config, image } => {
                let origin = Origin::Restored { image: image.clone() };
                self.start_build(config, origin, fate, images)
            }
            Effect::MigrationReceive { config, migration } => {
                let origin = Origin::Received {
                    migration: migration.clone(),
                };
                self.start_build(config, origin, fate, images)
            }
            Effect::DomainUnpause(vm) => self.start_unpause(vm, fate),
            Effect::DomainPause(vm) => self.start_pause(vm, fate),
            Effect::DomainShutdown { vm, reason, within_ms } => self.start_shutdown(vm, *reason, *within_ms, fate),
            Effect::DomainDestroy(vm) if self.guests.contains_key(vm) => {
                let destroy_ms = self.habits.behaviour.destroy_ms;
                Ok(self.working(destroy_ms, fate))
            }
            Effect::DomainDestroy(_) => Ok(Start::Done(Done::default())),
            Effect::DomainSave { vm, image } => self.start_save(vm, image, fate),
            Effect::MigrationSend { vm, migration, .. } => self.start_send(vm, migration),
            Effect::MigrationUndo(vm) => self.start_undo(vm, fate),
            Effect::ImageDelete(_) => Ok(self.working(0, fate)),
            // Those have never come here.
            Effect::Storage(_) => Err(bad_state("a step of storage is no step of a domain")),
        }
    }

    fn working(&mut self, ms: u64, fate: &Fate) -> Start {
        Start::Goes {
            stage: Stage::Working,
            ms: self.habits.takes(ms).saturating_add(fate.slower_by_ms),
        }
    }

    fn guest(&self, vm: &VmId) -> Result<&Guest, EffectError> {
        self.guests.get(vm).ok_or(EffectError::NoDomain)
    }

    /// The three ways to a domain.
    fn start_build(
        &mut self,
        config: &DomainConfig,
        origin: Origin,
        fate: &Fate,
        images: &dyn Images,
    ) -> Result<Start, EffectError> {
        if let Some(guest) = self.guests.get(&config.vm) {
            let same = *guest.config == *config && guest.origin == origin;
            let up = !matches!(guest.state, DomainState::Stopped(_));
            return match same && up {
                true => Ok(Start::Done(Done::built(guest.domid))),
                false => Err(bad_state("another domain of the VM is there")),
            };
        }
        let behaviour = &self.habits.behaviour;
        let (ms, half) = match origin {
            Origin::Created => (behaviour.build_ms, None),
            Origin::Restored { .. } => (behaviour.restore_ms, None),
            Origin::Received { .. } => (behaviour.build_ms, Some(Half::Receiving { parts: 0 })),
        };
        let memory = match &origin {
            Origin::Restored { image } => {
                self.check_image(&config.vm, image)?;
                let memory = image_of(config, image, images)?;
                self.habits.resumed_memory(memory)
            }
            // What is received replaces it.
            Origin::Created | Origin::Received { .. } => self.habits.fresh_memory(fate),
        };
        let active = !matches!(origin, Origin::Received { .. });
        self.check_disks(config, active)?;
        self.make_room(config)?;
        let domid = self.next_domid;
        self.next_domid += 1;
        let guest = Guest {
            domid,
            config: Box::new(config.clone()),
            origin,
            state: DomainState::Building,
            half,
            acknowledgement_lost: fate.acknowledgement_lost,
            memory,
            running_since_ms: None,
            wish: None,
            saved_to: None,
            info: None,
        };
        self.guests.insert(config.vm.clone(), guest);
        Ok(self.working(ms, fate))
    }

    fn make_room(&self, config: &DomainConfig) -> Result<(), EffectError> {
        if config.memory_target_bytes < 0 || config.memory_overhead_bytes < 0 {
            return Err(EffectError::Failed("a domain of less than no memory".to_owned()));
        }
        let (needed_bytes, free_bytes) = (config.memory_bytes(), self.free_bytes());
        match needed_bytes <= free_bytes {
            true => Ok(()),
            false => Err(EffectError::NotEnoughMemory {
                needed_bytes,
                free_bytes,
            }),
        }
    }

    fn start_unpause(&mut self, vm: &VmId, fate: &Fate) -> Result<Start, EffectError> {
        match self.guest(vm)?.state {
            DomainState::Running => Ok(Start::Done(Done::default())),
            DomainState::Paused => {
                self.check_disks(&self.guest(vm)?.config, true)?;
                let switch_ms = self.habits.behaviour.switch_ms;
                Ok(self.working(switch_ms, fate))
            }
            DomainState::Building => Err(bad_state("not all of it is there yet")),
            DomainState::Stopped(_) => Err(bad_state("it has stopped")),
        }
    }

    /// The domain's disks must be attached for it, and active if it may run.
    fn check_disks(&self, config: &DomainConfig, active: bool) -> Result<(), EffectError> {
        for vdi in config.disks.iter().filter_map(|disk| disk.vdi.clone()) {
            self.check_disk(&config.vm, vdi, active)?;
        }
        Ok(())
    }

    fn check_disk(&self, vm: &VmId, vdi: VdiId, active: bool) -> Result<(), EffectError> {
        let on = Use { vdi, by: vm.0.clone() };
        match self.storage.held(&on) {
            Some(held) if held.is_active || !active => Ok(()),
            Some(_) => Err(EffectError::BadState(format!("its disk {} is not active", on.vdi))),
            None => Err(EffectError::BadState(format!("its disk {} is not attached", on.vdi))),
        }
    }

    /// An image that is a disk, as it is when there is storage.
    fn check_image(&self, vm: &VmId, image: &str) -> Result<(), EffectError> {
        match VdiId::parse(image) {
            Some(vdi) => self.check_disk(vm, vdi, true),
            None => Ok(()),
        }
    }

    fn start_pause(&mut self, vm: &VmId, fate: &Fate) -> Result<Start, EffectError> {
        match self.guest(vm)?.state {
            DomainState::Paused => Ok(Start::Done(Done::default())),
            DomainState::Running => {
                let switch_ms = self.habits.behaviour.switch_ms;
                Ok(self.working(switch_ms, fate))
            }
            DomainState::Building => Err(bad_state("not all of it is there yet")),
            DomainState::Stopped(_) => Err(bad_state("it has stopped")),
        }
    }

    fn start_shutdown(
        &mut self,
        vm: &VmId,
        reason: StopReason,
        within_ms: u64,
        fate: &Fate,
    ) -> Result<Start, EffectError> {
        if !matches!(reason, StopReason::Poweroff | StopReason::Reboot) {
            return Err(bad_state("a guest is asked to power off or to reboot, nothing else"));
        }
        let obey_ms = self.habits.takes(self.habits.behaviour.obey_ms);
        let now_ms = self.now_ms;
        let guest = self.guests.get_mut(vm).ok_or(EffectError::NoDomain)?;
        match guest.state {
            // However it came to that, a sent domain excepted: it waits for a decision.
            DomainState::Stopped(_) if guest.half.is_none() => return Ok(Start::Done(Done::default())),
            DomainState::Running => {}
            DomainState::Building | DomainState::Paused | DomainState::Stopped(_) => {
                return Err(bad_state("its guest does not run"));
            }
        }
        if !fate.guest_ignores {
            let ready_ms = guest.age_ms(now_ms).saturating_add(guest.boot_left_ms(now_ms));
            let at_ms = ready_ms.saturating_add(obey_ms).saturating_add(fate.slower_by_ms);
            guest.wish = Some(Wish { at_ms, reason });
        }
        Ok(Start::Goes {
            stage: Stage::Asked,
            ms: within_ms,
        })
    }

    fn start_save(&mut self, vm: &VmId, image: &str, fate: &Fate) -> Result<Start, EffectError> {
        let guest = self.guest(vm)?;
        match guest.state {
            DomainState::Stopped(StopReason::Suspend) if guest.saved_to.as_deref() == Some(image) => {
                Ok(Start::Done(Done::default()))
            }
            DomainState::Running => {
                self.check_image(vm, image)?;
                Ok(Start::Goes {
                    stage: Stage::Suspending { parts: 0 },
                    ms: self.suspend_ms(vm, fate),
                })
            }
            DomainState::Building | DomainState::Paused | DomainState::Stopped(_) => {
                Err(bad_state("its guest does not run"))
            }
        }
    }

    /// Until the guest has suspended, or until it is noticed that it does not.
    pub(super) fn suspend_ms(&mut self, vm: &VmId, fate: &Fate) -> u64 {
        let behaviour = &self.habits.behaviour;
        if fate.guest_ignores {
            return behaviour.silence_ms;
        }
        let boot_left_ms = self.guests.get(vm).map_or(0, |guest| guest.boot_left_ms(self.now_ms));
        let suspend_ms = self.habits.takes(self.habits.behaviour.suspend_ms);
        boot_left_ms
            .saturating_add(suspend_ms)
            .saturating_add(fate.slower_by_ms)
    }

    fn start_send(&mut self, vm: &VmId, migration: &str) -> Result<Start, EffectError> {
        let now_ms = self.now_ms;
        let guest = self.guests.get_mut(vm).ok_or(EffectError::NoDomain)?;
        let stage = match &guest.half {
            None if guest.state == DomainState::Running => {
                guest.half = Some(Half::Sending);
                Stage::Copying {
                    parts: 0,
                    unanswered_since_ms: None,
                }
            }
            Some(Half::Sent {
                migration: sent,
                acknowledged,
                ..
            }) if sent == migration => match acknowledged {
                true => return Ok(Start::Done(Done::default())),
                false => Stage::AllSent { since_ms: now_ms },
            },
            None => return Err(bad_state("its guest does not run")),
            Some(_) => return Err(bad_state("another migration of it is not decided")),
        };
        Ok(Start::Goes { stage, ms: 0 })
    }

    fn start_undo(&mut self, vm: &VmId, fate: &Fate) -> Result<Start, EffectError> {
        let guest = self.guest(vm)?;
        match (&guest.half, guest.state) {
            (Some(Half::Sent { .. }), _) => {
                self.check_disks(&guest.config, true)?;
                let switch_ms = self.habits.behaviour.switch_ms;
                Ok(self.working(switch_ms, fate))
            }
            (Some(Half::Receiving { .. } | Half::Received), _) => Err(bad_state("it comes from another host")),
            (_, DomainState::Stopped(StopReason::Suspend)) => Err(bad_state("it was saved, not sent")),
            // There is nothing to undo any more.
            (Some(Half::Sending) | None, _) => Ok(Start::Done(Done::default())),
        }
    }
}

fn image_of(config: &DomainConfig, name: &str, images: &dyn Images) -> Result<GuestMemory, EffectError> {
    let image = images.read(name).map_err(EffectError::Failed)?;
    let image = image.ok_or(EffectError::NoImage)?;
    match image.vm == config.vm {
        true => Ok(image.memory),
        false => Err(bad_state("the image is another VM's")),
    }
}
