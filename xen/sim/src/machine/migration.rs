//! A domain's way from one machine to another, in parcels that may be lost, doubled or late.
//!
//! ```text
//!  source                                        destination
//!  MigrationSend   ── Memory 0 ───────────────▶  room made by MigrationReceive
//!                  ◀─────────────── Has 1 piece  …
//!  suspends        ── Rest ───────────────────▶  whole: paused
//!  done            ◀────────────────── HasAll
//! ```
//! Invariant: once `Rest` has gone, no parcel makes the source run again. Whether it does is decided by who asks for `MigrationUndo`
//! here or `DomainUnpause` there.

use super::*;

/// What machines send each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parcel {
    pub vm: VmId,
    pub migration: String,
    pub body: ParcelBody,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ParcelBody {
    /// To the destination: one piece; the first is 0.
    Memory { part: u32 },
    /// To the destination, after `parts` pieces: what the guest is now that it does not run any more.
    Rest { parts: u32, memory: GuestMemory },
    /// To the destination: nothing more will come. Means nothing when all has come.
    GivenUp,
    /// To the source: so many pieces are here.
    Has { parts: u32 },
    /// To the source: all of it is here.
    HasAll,
    /// To the source: this is not expected here.
    Refused,
}

impl Machine {
    /// A parcel from the machine at `from`.
    pub fn deliver(&mut self, now_ms: u64, from: &str, parcel: Parcel) {
        self.pass_time(now_ms);
        let Parcel { vm, migration, body } = parcel;
        match body {
            ParcelBody::Memory { .. } | ParcelBody::Rest { .. } | ParcelBody::GivenUp => {
                if let Some(reply) = self.receive(&vm, &migration, body) {
                    self.send(from, &vm, &migration, reply);
                }
            }
            ParcelBody::Has { parts } => self.copied(&vm, &migration, parts),
            ParcelBody::HasAll => self.acknowledged(&vm, &migration),
            ParcelBody::Refused => self.refused(&vm, &migration),
        }
    }

    pub(super) fn send(&mut self, to: &str, vm: &VmId, migration: &str, body: ParcelBody) {
        let parcel = Parcel {
            vm: vm.clone(),
            migration: migration.to_owned(),
            body,
        };
        self.ready.push(Happening::Send {
            to: to.to_owned(),
            parcel,
        });
    }

    /// The destination's part.
    fn receive(&mut self, vm: &VmId, migration: &str, body: ParcelBody) -> Option<ParcelBody> {
        let guest = self.guests.get_mut(vm);
        let expects =
            |guest: &&mut Guest| matches!(&guest.origin, Origin::Received { migration: own } if own == migration);
        let Some(guest) = guest.filter(expects) else {
            return (body != ParcelBody::GivenUp).then_some(ParcelBody::Refused);
        };
        // Until there is room nothing is taken; it will be sent again.
        let work = self.works.get(&Subject::Vm(vm.clone()));
        if work.is_some_and(|work| matches!(work.effect, Effect::MigrationReceive { .. })) {
            return None;
        }
        match (body, &mut guest.half) {
            (ParcelBody::Memory { part }, Some(Half::Receiving { parts })) => {
                if part > *parts {
                    return Some(ParcelBody::Refused);
                }
                if part == *parts {
                    *parts = parts.saturating_add(1);
                }
                Some(ParcelBody::Has { parts: *parts })
            }
            (ParcelBody::Rest { parts, memory }, Some(Half::Receiving { parts: here })) => {
                if parts != *here {
                    return Some(ParcelBody::Refused);
                }
                guest.memory = self.habits.resumed_memory(memory);
                guest.half = Some(Half::Received);
                guest.state = DomainState::Paused;
                self.ready.push(Happening::Attention(vm.clone()));
                (!guest.acknowledgement_lost).then_some(ParcelBody::HasAll)
            }
            // Again: the acknowledgement was lost.
            (ParcelBody::Rest { .. }, _) => (!guest.acknowledgement_lost).then_some(ParcelBody::HasAll),
            (ParcelBody::GivenUp, Some(Half::Receiving { .. })) => {
                self.guests.remove(vm);
                self.ready.push(Happening::Attention(vm.clone()));
                None
            }
            // Late; or what only a source hears.
            (
                ParcelBody::Memory { .. }
                | ParcelBody::GivenUp
                | ParcelBody::Has { .. }
                | ParcelBody::HasAll
                | ParcelBody::Refused,
                _,
            ) => None,
        }
    }

    /// The next piece, or the same once more, or the end of copying.
    pub(super) fn copy_on(&mut self, subject: &Subject) {
        let Some(work) = self.works.get(subject) else { return };
        let (effect, fate) = (work.effect.clone(), work.fate.clone());
        let Stage::Copying {
            parts,
            unanswered_since_ms,
        } = work.stage
        else {
            return;
        };
        let Effect::MigrationSend { vm, migration, to } = effect else {
            return;
        };
        let behaviour = &self.habits.behaviour;
        let all = behaviour.migrate_parts.max(1);
        if let Some(since_ms) = unanswered_since_ms
            && self.now_ms.saturating_sub(since_ms) >= behaviour.silence_ms
        {
            return self.break_off(subject, EffectError::PeerLost);
        }
        if unanswered_since_ms.is_none() && breaks(&fate, parts, all) {
            return self.break_off(subject, fate.error());
        }
        if parts >= all {
            let suspend_ms = self.suspend_ms(&vm, &fate);
            return self.set_stage(subject, Stage::Suspending { parts }, suspend_ms);
        }
        let resend_ms = behaviour.resend_ms.max(1);
        self.send(&to, &vm, &migration, ParcelBody::Memory { part: parts });
        let stage = Stage::Copying {
            parts,
            unanswered_since_ms: Some(unanswered_since_ms.unwrap_or(self.now_ms)),
        };
        self.set_stage(subject, stage, resend_ms);
    }

    fn set_stage(&mut self, subject: &Subject, stage: Stage, ms: u64) {
        let due_ms = self.now_ms.saturating_add(ms);
        if let Some(work) = self.works.get_mut(subject) {
            work.stage = stage;
            work.due_ms = due_ms;
        }
    }

    /// The guest has suspended here: from now on only a decision makes it run again.
    pub(super) fn all_is_sent(&mut self, subject: &Subject, parts: u32) {
        let Some(work) = self.works.get(subject) else { return };
        let fails = work.fate.fails.is_some();
        let Effect::MigrationSend { vm, migration, .. } = work.effect.clone() else {
            return;
        };
        let Some(guest) = self.guests.get_mut(&vm) else { return };
        guest.half = Some(Half::Sent {
            migration,
            parts,
            acknowledged: false,
        });
        let since_ms = self.now_ms;
        self.set_stage(subject, Stage::AllSent { since_ms }, 0);
        self.send_all_again(subject);
        if fails {
            self.finish(subject, Err(not_known()));
        }
    }

    pub(super) fn send_all_again(&mut self, subject: &Subject) {
        let Some(work) = self.works.get(subject) else { return };
        let (Effect::MigrationSend { vm, migration, to }, Stage::AllSent { since_ms }) =
            (work.effect.clone(), work.stage.clone())
        else {
            return;
        };
        let behaviour = &self.habits.behaviour;
        if since_ms < self.now_ms && self.now_ms.saturating_sub(since_ms) >= behaviour.silence_ms {
            return self.finish(subject, Err(not_known()));
        }
        let resend_ms = behaviour.resend_ms.max(1);
        let Some(guest) = self.guests.get(&vm) else { return };
        let Some(Half::Sent { parts, .. }) = guest.half else {
            return;
        };
        let memory = guest.memory.clone();
        self.send(&to, &vm, &migration, ParcelBody::Rest { parts, memory });
        self.set_stage(subject, Stage::AllSent { since_ms }, resend_ms);
    }

    /// The work that sends `vm` by this migration, while it does.
    fn sending(&self, vm: &VmId, migration: &str) -> Option<(Subject, Stage)> {
        let subject = Subject::Vm(vm.clone());
        let work = self.works.get(&subject)?;
        match &work.effect {
            Effect::MigrationSend { migration: own, .. } if own == migration => Some((subject, work.stage.clone())),
            _ => None,
        }
    }

    fn copied(&mut self, vm: &VmId, migration: &str, have: u32) {
        let Some((
            subject,
            Stage::Copying {
                parts,
                unanswered_since_ms,
            },
        )) = self.sending(vm, migration)
        else {
            return;
        };
        if unanswered_since_ms.is_none() || have != parts.saturating_add(1) {
            return;
        }
        let slower_by_ms = self.works.get(&subject).map_or(0, |work| work.fate.slower_by_ms);
        let behaviour = &self.habits.behaviour;
        let copy_ms = behaviour.migrate_ms.saturating_add(slower_by_ms);
        let pause_ms = copy_ms / u64::from(behaviour.migrate_parts.max(1));
        let pause_ms = self.habits.takes(pause_ms);
        let stage = Stage::Copying {
            parts: have,
            unanswered_since_ms: None,
        };
        self.set_stage(&subject, stage, pause_ms);
    }

    fn acknowledged(&mut self, vm: &VmId, migration: &str) {
        let Some(guest) = self.guests.get_mut(vm) else { return };
        if let Some(Half::Sent {
            migration: own,
            acknowledged,
            ..
        }) = &mut guest.half
            && own == migration
        {
            *acknowledged = true;
        }
        if let Some((subject, Stage::AllSent { .. })) = self.sending(vm, migration) {
            self.finish(&subject, Ok(Done::default()));
        }
    }

    fn refused(&mut self, vm: &VmId, migration: &str) {
        match self.sending(vm, migration) {
            Some((subject, Stage::AllSent { .. })) => self.finish(&subject, Err(not_known())),
            Some((subject, _)) => self.break_off(&subject, EffectError::PeerLost),
            None => {}
        }
    }
}

/// Whether the script breaks the migration now that so many pieces are over.
fn breaks(fate: &Fate, parts: u32, all: u32) -> bool {
    let Some((Point::Percent(percent), _)) = fate.fails else {
        return false;
    };
    percent < 100 && u64::from(parts) * 100 >= u64::from(percent) * u64::from(all)
}

fn not_known() -> EffectError {
    EffectError::NotKnown("the other host has not said whether all of the domain is there".to_owned())
}
