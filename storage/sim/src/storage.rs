//! The step function: steps take their time, and change everything at their end or nothing.

use crate::behaviour::{Behaviour, Habits};
use crate::medium::{Disk, Medium};
use std::collections::{BTreeMap, BTreeSet};
use xenith_storage_port::{
    Attachment, Found, SrId, SrNow, StorageEffect, StorageError, StorageFacts, Use, VdiId, VdiNow,
};

/// What became of the step of a ticket.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    pub ticket: u64,
    pub result: Result<Option<Found>, StorageError>,
}

/// What a step is about: at most one is worked at a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Sr(SrId),
    Vdi(VdiId),
    Use(Use),
}

impl Subject {
    fn of(effect: &StorageEffect) -> Subject {
        match effect {
            StorageEffect::SrScan(sr) => Subject::Sr(sr.clone()),
            StorageEffect::VdiCreate { vdi, .. }
            | StorageEffect::VdiResize { vdi, .. }
            | StorageEffect::VdiDestroy(vdi)
            | StorageEffect::VdiClone { to: vdi, .. }
            | StorageEffect::VdiSnapshot { to: vdi, .. }
            | StorageEffect::VdiCopy { to: vdi, .. }
            | StorageEffect::VdiFill { to: vdi, .. } => Subject::Vdi(vdi.clone()),
            StorageEffect::VdiAttach { on, .. }
            | StorageEffect::VdiActivate(on)
            | StorageEffect::VdiDeactivate(on)
            | StorageEffect::VdiDetach(on) => Subject::Use(on.clone()),
        }
    }

    fn location(&self) -> Option<&str> {
        match self {
            Subject::Sr(_) => None,
            Subject::Vdi(vdi) | Subject::Use(Use { vdi, .. }) => Some(&vdi.location),
        }
    }
}

#[derive(Clone, Debug)]
struct Work {
    effect: StorageEffect,
    tickets: BTreeSet<u64>,
    due_ms: u64,
    fails: Option<StorageError>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Held {
    read_only: bool,
    is_active: bool,
}

type Worked = Result<Option<Found>, StorageError>;

/// See the module. The power goes off when the value is dropped: nothing is attached any more.
#[derive(Clone, Debug)]
pub struct Storage {
    sizes: BTreeMap<SrId, i64>,
    habits: Habits,
    now_ms: u64,
    uses: BTreeMap<Use, Held>,
    works: BTreeMap<Subject, Work>,
    ready: Vec<Finished>,
}

impl Storage {
    /// `srs` are the repositories that this machine has.
    pub fn new(srs: &[StorageFacts], behaviour: Behaviour, seed: u64) -> Storage {
        Storage {
            sizes: srs.iter().map(|sr| (sr.sr.clone(), sr.size_bytes)).collect(),
            habits: Habits::new(behaviour, seed),
            now_ms: 0,
            uses: BTreeMap::new(),
            works: BTreeMap::new(),
            ready: Vec::new(),
        }
    }

    /// Begins to work a step; `ticket` is finished once, by a later [`advance`](Storage::advance). One that is worked already is joined;
    /// another one for the same disk and user is refused, but for detaching, which ends what is worked.
    pub fn begin(&mut self, now_ms: u64, ticket: u64, effect: StorageEffect) {
        self.now_ms = self.now_ms.max(now_ms);
        let subject = Subject::of(&effect);
        if let Some(work) = self.works.get_mut(&subject) {
            if work.effect == effect {
                work.tickets.insert(ticket);
                return;
            }
            match &effect {
                StorageEffect::VdiDetach(_) | StorageEffect::VdiDeactivate(_) => {
                    self.finish(&subject, Err(StorageError::Cancelled));
                }
                _ => {
                    let busy = StorageError::BadState("another step of it is being worked".to_owned());
                    return self.ready.push(Finished {
                        ticket,
                        result: Err(busy),
                    });
                }
            }
        }
        let fails = self.habits.fails(&effect, subject.location());
        let due_ms = self.now_ms.saturating_add(self.habits.takes_ms(&effect));
        let work = Work {
            effect,
            tickets: BTreeSet::from([ticket]),
            due_ms,
            fails,
        };
        self.works.insert(subject, work);
    }

    /// Gives up the step of `ticket`, for all that joined it: nothing of it has been done yet.
    pub fn cancel(&mut self, ticket: u64) {
        let work = self.works.iter().find(|(_, work)| work.tickets.contains(&ticket));
        if let Some(subject) = work.map(|(subject, _)| subject.clone()) {
            self.finish(&subject, Err(StorageError::Cancelled));
        }
    }

    /// When something happens next, if nobody asks for anything before.
    pub fn next_due(&self) -> Option<u64> {
        match self.ready.is_empty() {
            true => self.works.values().map(|work| work.due_ms).min(),
            false => Some(self.now_ms),
        }
    }

    /// Every step that has ended up to `now_ms`.
    pub fn advance(&mut self, now_ms: u64, medium: &mut dyn Medium) -> Vec<Finished> {
        self.now_ms = self.now_ms.max(now_ms);
        while let Some((subject, work)) = self.works.iter().min_by_key(|(_, work)| work.due_ms) {
            if work.due_ms > self.now_ms {
                break;
            }
            let (subject, work) = (subject.clone(), work.clone());
            let result = match work.fails {
                Some(error) => Err(error),
                None => self.work(&work.effect, medium),
            };
            self.finish(&subject, result);
        }
        std::mem::take(&mut self.ready)
    }

    pub fn attachments(&self) -> Vec<Attachment> {
        let all = self.uses.iter().map(|(on, held)| Attachment {
            on: on.clone(),
            read_only: held.read_only,
            is_active: held.is_active,
            source: format!("/dev/sm/{}/{}", on.by, on.vdi.location),
        });
        all.collect()
    }

    /// How the disk is held for the user here; nothing, if it is not attached.
    pub fn held(&self, on: &Use) -> Option<Attachment> {
        self.attachments().into_iter().find(|held| held.on == *on)
    }

    /// How it behaves from now on; what is being worked goes on as it began.
    pub fn behave(&mut self, behaviour: Behaviour) {
        self.habits.change(behaviour);
    }

    fn finish(&mut self, subject: &Subject, result: Worked) {
        let Some(work) = self.works.remove(subject) else { return };
        let finished = work.tickets.into_iter().map(|ticket| Finished {
            ticket,
            result: result.clone(),
        });
        self.ready.extend(finished);
    }

    fn work(&mut self, effect: &StorageEffect, medium: &mut dyn Medium) -> Worked {
        let size_bytes = *self
            .sizes
            .get(effect.sr())
            .ok_or_else(|| StorageError::NoSr(effect.sr().clone()))?;
        match effect {
            StorageEffect::SrScan(sr) => scan(sr, size_bytes, medium),
            StorageEffect::VdiCreate { vdi, size_bytes } => self.create(vdi, *size_bytes, medium),
            StorageEffect::VdiClone { from, to } | StorageEffect::VdiSnapshot { from, to } => match from.sr == to.sr {
                true => self.copy(from, to, medium),
                false => Err(StorageError::NotSupported),
            },
            StorageEffect::VdiCopy { from, to } => self.copy(from, to, medium),
            StorageEffect::VdiFill { from, to } => self.fill(from, to, medium),
            StorageEffect::VdiResize { vdi, size_bytes } => self.resize(vdi, *size_bytes, medium),
            StorageEffect::VdiDestroy(vdi) => self.destroy(vdi, medium),
            StorageEffect::VdiAttach { on, read_only } => self.attach(on, *read_only, medium),
            StorageEffect::VdiActivate(on) => self.activate(on, medium),
            StorageEffect::VdiDeactivate(on) => Ok(self.deactivate(on, medium)),
            StorageEffect::VdiDetach(on) => {
                self.deactivate(on, medium);
                self.uses.remove(on);
                Ok(None)
            }
        }
    }

    fn create(&mut self, vdi: &VdiId, size_bytes: i64, medium: &mut dyn Medium) -> Worked {
        if let Some(disk) = medium.read(vdi).map_err(StorageError::Failed)? {
            return match disk.size_bytes == size_bytes {
                true => Ok(told(vdi, &disk)),
                false => Err(StorageError::BadState("another disk is there".to_owned())),
            };
        }
        if size_bytes < 0 {
            return Err(StorageError::BadState("a disk of less than nothing".to_owned()));
        }
        self.make_room(&vdi.sr, size_bytes, medium)?;
        let disk = Disk {
            size_bytes,
            used_bytes: size_bytes,
            content: self.habits.choose(),
        };
        medium.write(vdi, &disk).map_err(StorageError::Failed)?;
        Ok(told(vdi, &disk))
    }

    fn copy(&mut self, from: &VdiId, to: &VdiId, medium: &mut dyn Medium) -> Worked {
        if !self.sizes.contains_key(&from.sr) {
            return Err(StorageError::NoSr(from.sr.clone()));
        }
        if let Some(disk) = medium.read(to).map_err(StorageError::Failed)? {
            return Ok(told(to, &disk));
        }
        let disk = medium.read(from).map_err(StorageError::Failed)?;
        let disk = disk.ok_or_else(|| StorageError::NoVdi(from.clone()))?;
        self.make_room(&to.sr, disk.size_bytes, medium)?;
        medium.write(to, &disk).map_err(StorageError::Failed)?;
        Ok(told(to, &disk))
    }

    fn fill(&mut self, from: &VdiId, to: &VdiId, medium: &mut dyn Medium) -> Worked {
        if !self.sizes.contains_key(&from.sr) {
            return Err(StorageError::NoSr(from.sr.clone()));
        }
        let read = |vdi: &VdiId| {
            let disk = medium.read(vdi).map_err(StorageError::Failed)?;
            disk.ok_or_else(|| StorageError::NoVdi(vdi.clone()))
        };
        let (disk, before) = (read(from)?, read(to)?);
        if before.size_bytes < disk.size_bytes {
            return Err(StorageError::BadState("the disk is too small".to_owned()));
        }
        let is_used = self.uses.iter().any(|(on, held)| on.vdi == *to && held.is_active);
        if is_used || !medium.lock(to, true).map_err(StorageError::Failed)? {
            return Err(StorageError::InUse(to.clone()));
        }
        let filled = Disk {
            content: disk.content,
            ..before
        };
        let written = medium.write(to, &filled).map_err(StorageError::Failed);
        medium.unlock(to);
        written.map(|()| told(to, &filled))
    }

    fn resize(&mut self, vdi: &VdiId, size_bytes: i64, medium: &mut dyn Medium) -> Worked {
        let disk = medium.read(vdi).map_err(StorageError::Failed)?;
        let disk = disk.ok_or_else(|| StorageError::NoVdi(vdi.clone()))?;
        if size_bytes < disk.size_bytes {
            return Err(StorageError::BadState("a disk does not shrink".to_owned()));
        }
        self.make_room(&vdi.sr, size_bytes - disk.size_bytes, medium)?;
        let disk = Disk {
            size_bytes,
            used_bytes: size_bytes,
            ..disk
        };
        medium.write(vdi, &disk).map_err(StorageError::Failed)?;
        Ok(told(vdi, &disk))
    }

    fn destroy(&mut self, vdi: &VdiId, medium: &mut dyn Medium) -> Worked {
        let here = self.uses.keys().any(|on| on.vdi == *vdi);
        if medium.read(vdi).map_err(StorageError::Failed)?.is_none() {
            return Ok(None);
        }
        if here || !medium.lock(vdi, true).map_err(StorageError::Failed)? {
            return Err(StorageError::InUse(vdi.clone()));
        }
        medium.delete(vdi).map_err(StorageError::Failed)?;
        Ok(None)
    }

    fn attach(&mut self, on: &Use, read_only: bool, medium: &mut dyn Medium) -> Worked {
        if let Some(held) = self.uses.get(on) {
            return match held.read_only == read_only {
                true => Ok(None),
                false => Err(StorageError::BadState("it is attached in another mode".to_owned())),
            };
        }
        if medium.read(&on.vdi).map_err(StorageError::Failed)?.is_none() {
            return Err(StorageError::NoVdi(on.vdi.clone()));
        }
        let held = Held {
            read_only,
            is_active: false,
        };
        self.uses.insert(on.clone(), held);
        Ok(None)
    }

    fn activate(&mut self, on: &Use, medium: &mut dyn Medium) -> Worked {
        let held = self.uses.get(on).copied();
        let held = held.ok_or_else(|| StorageError::BadState("it is not attached".to_owned()))?;
        if held.is_active {
            return Ok(None);
        }
        let clash = |(other, theirs): (&Use, &Held)| {
            other.vdi == on.vdi && theirs.is_active && !(theirs.read_only && held.read_only)
        };
        let in_use = self.uses.iter().any(clash);
        if in_use || !medium.lock(&on.vdi, !held.read_only).map_err(StorageError::Failed)? {
            return Err(StorageError::InUse(on.vdi.clone()));
        }
        if let Some(held) = self.uses.get_mut(on) {
            held.is_active = true;
        }
        Ok(None)
    }

    fn deactivate(&mut self, on: &Use, medium: &mut dyn Medium) -> Option<Found> {
        if let Some(held) = self.uses.get_mut(on) {
            held.is_active = false;
        }
        if !self
            .uses
            .iter()
            .any(|(other, held)| other.vdi == on.vdi && held.is_active)
        {
            medium.unlock(&on.vdi);
        }
        None
    }

    fn make_room(&self, sr: &SrId, needed_bytes: i64, medium: &dyn Medium) -> Result<(), StorageError> {
        let size_bytes = self.sizes.get(sr).copied().unwrap_or_default();
        let free_bytes = size_bytes.saturating_sub(used(sr, medium)?);
        match needed_bytes <= free_bytes {
            true => Ok(()),
            false => Err(StorageError::Full {
                needed_bytes,
                free_bytes,
            }),
        }
    }
}

fn used(sr: &SrId, medium: &dyn Medium) -> Result<i64, StorageError> {
    let disks = medium.list(sr).map_err(StorageError::Failed)?;
    Ok(disks
        .iter()
        .fold(0, |sum, (_, disk)| sum.saturating_add(disk.used_bytes)))
}

fn scan(sr: &SrId, size_bytes: i64, medium: &dyn Medium) -> Worked {
    let disks = medium.list(sr).map_err(StorageError::Failed)?;
    let vdis = disks.into_iter().map(|(location, disk)| now(location, &disk)).collect();
    Ok(Some(Found::Sr(SrNow {
        size_bytes,
        used_bytes: used(sr, medium)?,
        vdis,
    })))
}

fn told(vdi: &VdiId, disk: &Disk) -> Option<Found> {
    Some(Found::Vdi(now(vdi.location.clone(), disk)))
}

fn now(location: String, disk: &Disk) -> VdiNow {
    VdiNow {
        location,
        size_bytes: disk.size_bytes,
        used_bytes: disk.used_bytes,
    }
}
