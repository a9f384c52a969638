//! Effects going on, to their ends; and what guests do by themselves.

use super::*;

impl Machine {
    pub(super) fn proceed(&mut self, subject: &Subject, images: &mut dyn Images) {
        let Some(work) = self.works.get(subject) else { return };
        if work.fails_at_ms.is_some_and(|at| at <= self.now_ms) {
            let error = work.fate.error();
            return self.break_off(subject, error);
        }
        match work.stage {
            Stage::Begun => self.start(subject, images),
            Stage::Working => {
                let effect = work.effect.clone();
                let result = self.work_is_over(&effect, images);
                self.finish(subject, result);
            }
            Stage::Asked => self.break_off(subject, EffectError::GuestDidNotAnswer),
            Stage::Suspending { .. } if work.fate.guest_ignores => {
                self.break_off(subject, EffectError::GuestDidNotAnswer)
            }
            Stage::Suspending { parts } => self.guest_has_suspended(subject, parts),
            Stage::Saving => self.save(subject, images),
            Stage::Copying { .. } => self.copy_on(subject),
            Stage::AllSent { .. } => self.send_all_again(subject),
        }
    }

    /// The change itself of what only takes time.
    fn work_is_over(&mut self, effect: &Effect, images: &mut dyn Images) -> Result<Done, EffectError> {
        let now_ms = self.now_ms;
        if let Effect::ImageDelete(image) = effect {
            return images
                .delete(image)
                .map(|()| Done::default())
                .map_err(EffectError::Failed);
        }
        let vm = effect.vm().ok_or(EffectError::NoDomain)?;
        let guest = self.guests.get_mut(vm).ok_or(EffectError::NoDomain)?;
        let domid = guest.domid;
        match effect {
            Effect::DomainCreate(_) | Effect::DomainRestore { .. } => {
                guest.state = DomainState::Paused;
                return Ok(Done::built(domid));
            }
            Effect::MigrationReceive { .. } => return Ok(Done::built(domid)),
            Effect::DomainUnpause(_) | Effect::MigrationUndo(_) => {
                guest.half = None;
                guest.run(now_ms);
            }
            // It may have stopped since.
            Effect::DomainPause(_) if guest.state == DomainState::Running => guest.halt(now_ms, DomainState::Paused),
            Effect::DomainPause(_) => return Err(EffectError::BadState("it has stopped".to_owned())),
            Effect::DomainDestroy(_) => drop(self.guests.remove(vm)),
            // These have stages of their own.
            Effect::DomainShutdown { .. }
            | Effect::DomainSave { .. }
            | Effect::MigrationSend { .. }
            | Effect::ImageDelete(_)
            | Effect::Storage(_) => return Err(EffectError::Failed("the step has no such end".to_owned())),
        }
        Ok(Done::default())
    }

    fn guest_has_suspended(&mut self, subject: &Subject, parts: u32) {
        let save_ms = self.habits.takes(self.habits.behaviour.save_ms);
        let now_ms = self.now_ms;
        let Some(work) = self.works.get_mut(subject) else {
            return;
        };
        let Some(guest) = work.effect.vm().and_then(|vm| self.guests.get_mut(vm)) else {
            return self.finish(subject, Err(EffectError::NoDomain));
        };
        guest.halt(now_ms, DomainState::Stopped(StopReason::Suspend));
        if matches!(work.effect, Effect::DomainSave { .. }) {
            work.stage = Stage::Saving;
            work.due_ms = now_ms.saturating_add(save_ms);
        } else {
            self.all_is_sent(subject, parts);
        }
    }

    fn save(&mut self, subject: &Subject, images: &mut dyn Images) {
        let Some(Effect::DomainSave { vm, image }) = self.works.get(subject).map(|work| work.effect.clone()) else {
            return;
        };
        let Some(guest) = self.guests.get_mut(&vm) else {
            return self.finish(subject, Err(EffectError::NoDomain));
        };
        let memory = guest.memory.clone();
        match images.write(&image, &Image { vm, memory }) {
            Ok(()) => {
                guest.saved_to = Some(image);
                self.finish(subject, Ok(Done::default()));
            }
            Err(cause) => self.break_off(subject, EffectError::Failed(cause)),
        }
    }

    pub(super) fn finish(&mut self, subject: &Subject, result: Result<Done, EffectError>) {
        let Some(work) = self.works.remove(subject) else { return };
        let result = match result {
            Ok(_) if work.fate.answer_lost => Err(EffectError::NotKnown("the answer was lost".to_owned())),
            result => result,
        };
        let finished = work.tickets.into_iter().map(|ticket| Happening::Finished {
            ticket,
            result: result.clone(),
        });
        self.ready.extend(finished);
    }

    /// Ends an effect before its end. Nothing of it is left, except of a migration whose last piece has gone.
    pub(super) fn break_off(&mut self, subject: &Subject, error: EffectError) {
        let Some(work) = self.works.get(subject) else { return };
        let (effect, stage) = (work.effect.clone(), work.stage.clone());
        self.finish(subject, Err(error));
        let Some(vm) = effect.vm() else { return };
        let now_ms = self.now_ms;
        match (&effect, stage) {
            (_, Stage::Begun | Stage::AllSent { .. }) => {}
            (Effect::DomainCreate(_) | Effect::DomainRestore { .. } | Effect::MigrationReceive { .. }, _) => {
                self.guests.remove(vm);
            }
            (Effect::DomainSave { .. }, Stage::Saving) => {
                if let Some(guest) = self.guests.get_mut(vm) {
                    guest.run(now_ms);
                }
            }
            (Effect::MigrationSend { migration, to, .. }, _) => {
                if let Some(guest) = self.guests.get_mut(vm) {
                    guest.half = None;
                }
                self.send(to, vm, migration, ParcelBody::GivenUp);
            }
            (Effect::DomainShutdown { .. }, _) => {
                if let Some(guest) = self.guests.get_mut(vm) {
                    guest.wish = None;
                }
            }
            (
                Effect::DomainSave { .. }
                | Effect::DomainUnpause(_)
                | Effect::DomainPause(_)
                | Effect::DomainDestroy(_)
                | Effect::MigrationUndo(_)
                | Effect::ImageDelete(_)
                | Effect::Storage(_),
                _,
            ) => {}
        }
    }

    pub(super) fn guest_does(&mut self, vm: &VmId, event: GuestEvent) {
        let Some(guest) = self.guests.get_mut(vm) else { return };
        match event {
            GuestEvent::AgentSpeaks => guest.speak(),
            GuestEvent::Stops(reason) => {
                guest.halt(self.now_ms, DomainState::Stopped(reason));
                guest.wish = None;
                guest.memory.stops_at_ms = None;
                self.end_what_waited_for_the_guest(vm);
            }
        }
        self.ready.push(Happening::Attention(vm.clone()));
    }

    fn end_what_waited_for_the_guest(&mut self, vm: &VmId) {
        let subject = Subject::Vm(vm.clone());
        let Some(work) = self.works.get(&subject) else { return };
        match (&work.effect, &work.stage) {
            (_, Stage::Begun) => {}
            (Effect::DomainShutdown { .. }, _) => self.finish(&subject, Ok(Done::default())),
            (Effect::DomainSave { .. } | Effect::MigrationSend { .. }, _) => {
                self.break_off(&subject, EffectError::BadState("its guest has stopped".to_owned()));
            }
            (
                Effect::DomainCreate(_)
                | Effect::DomainUnpause(_)
                | Effect::DomainPause(_)
                | Effect::DomainDestroy(_)
                | Effect::DomainRestore { .. }
                | Effect::MigrationReceive { .. }
                | Effect::MigrationUndo(_)
                | Effect::ImageDelete(_)
                | Effect::Storage(_),
                _,
            ) => {}
        }
    }
}
