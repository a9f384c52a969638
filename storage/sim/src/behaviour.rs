//! How storage behaves: durations, and scripted trouble. Data, so a test sends it to a running machine.

use serde::{Deserialize, Serialize};
use xenith_storage_port::{StorageEffect, StorageError};

/// Times are in milliseconds of the machine's time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// To make, clone, snapshot, resize or destroy a disk, and to scan.
    pub change_ms: u64,
    pub copy_ms: u64,
    /// To attach, activate, deactivate or detach.
    pub attach_ms: u64,
    /// Every duration is longer by up to this share of itself.
    pub jitter_percent: u8,
    pub rules: Vec<Rule>,
}

impl Behaviour {
    /// For people who watch.
    pub fn lifelike() -> Behaviour {
        Behaviour {
            change_ms: 800,
            copy_ms: 6_000,
            attach_ms: 150,
            jitter_percent: 30,
            rules: Vec::new(),
        }
    }
}

/// A failure for the steps it fits. Looked up when a step begins; one that joins a running one is not counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Any, if nothing is given.
    #[serde(default)]
    pub step: Option<Kind>,
    /// The location of the disk; any, if nothing is given.
    #[serde(default)]
    pub location: Option<String>,
    /// The first so many that fit are let through.
    #[serde(default)]
    pub skip: u32,
    /// How many fail after that; all, if nothing is given.
    #[serde(default)]
    pub times: Option<u32>,
    pub error: StorageError,
}

/// A [`StorageEffect`] without what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    SrScan,
    VdiCreate,
    VdiClone,
    VdiSnapshot,
    VdiCopy,
    VdiFill,
    VdiResize,
    VdiDestroy,
    VdiAttach,
    VdiActivate,
    VdiDeactivate,
    VdiDetach,
}

impl Kind {
    pub fn of(effect: &StorageEffect) -> Kind {
        match effect {
            StorageEffect::SrScan(_) => Kind::SrScan,
            StorageEffect::VdiCreate { .. } => Kind::VdiCreate,
            StorageEffect::VdiClone { .. } => Kind::VdiClone,
            StorageEffect::VdiSnapshot { .. } => Kind::VdiSnapshot,
            StorageEffect::VdiCopy { .. } => Kind::VdiCopy,
            StorageEffect::VdiFill { .. } => Kind::VdiFill,
            StorageEffect::VdiResize { .. } => Kind::VdiResize,
            StorageEffect::VdiDestroy(_) => Kind::VdiDestroy,
            StorageEffect::VdiAttach { .. } => Kind::VdiAttach,
            StorageEffect::VdiActivate(_) => Kind::VdiActivate,
            StorageEffect::VdiDeactivate(_) => Kind::VdiDeactivate,
            StorageEffect::VdiDetach(_) => Kind::VdiDetach,
        }
    }
}

/// The behaviour in force, how often each rule has fitted, and the made-up numbers.
#[derive(Clone, Debug)]
pub(crate) struct Habits {
    behaviour: Behaviour,
    fitted: Vec<u32>,
    chooser: u64,
}

impl Habits {
    pub fn new(behaviour: Behaviour, seed: u64) -> Habits {
        Habits {
            fitted: vec![0; behaviour.rules.len()],
            behaviour,
            chooser: seed,
        }
    }

    /// Rules start to count anew.
    pub fn change(&mut self, behaviour: Behaviour) {
        self.fitted = vec![0; behaviour.rules.len()];
        self.behaviour = behaviour;
    }

    /// The error that this step is to meet.
    pub fn fails(&mut self, effect: &StorageEffect, location: Option<&str>) -> Option<StorageError> {
        let kind = Kind::of(effect);
        let mut fails = None;
        for (rule, fitted) in self.behaviour.rules.iter().zip(&mut self.fitted) {
            let fits = rule.step.is_none_or(|step| step == kind)
                && rule.location.as_deref().is_none_or(|wanted| location == Some(wanted));
            if !fits {
                continue;
            }
            *fitted = fitted.saturating_add(1);
            let last = rule.times.map_or(u32::MAX, |times| rule.skip.saturating_add(times));
            if (rule.skip.saturating_add(1)..=last).contains(fitted) {
                fails.get_or_insert(rule.error.clone());
            }
        }
        fails
    }

    pub fn takes_ms(&mut self, effect: &StorageEffect) -> u64 {
        let behaviour = &self.behaviour;
        let ms = match Kind::of(effect) {
            Kind::SrScan
            | Kind::VdiCreate
            | Kind::VdiClone
            | Kind::VdiSnapshot
            | Kind::VdiResize
            | Kind::VdiDestroy => behaviour.change_ms,
            Kind::VdiCopy | Kind::VdiFill => behaviour.copy_ms,
            Kind::VdiAttach | Kind::VdiActivate | Kind::VdiDeactivate | Kind::VdiDetach => behaviour.attach_ms,
        };
        let most = ms.saturating_mul(u64::from(behaviour.jitter_percent.min(100))) / 100;
        match most {
            0 => ms,
            most => ms.saturating_add(self.choose() % (most + 1)),
        }
    }

    /// The next made-up number: splitmix64.
    pub fn choose(&mut self) -> u64 {
        self.chooser = self.chooser.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.chooser;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
