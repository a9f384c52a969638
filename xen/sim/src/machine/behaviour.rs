//! How a machine and its guests behave: durations, and scripted trouble. Data, so a test sends it to a running machine.

use super::guest::GuestMemory;
use serde::{Deserialize, Serialize};
use xenith_xen_port::{Effect, EffectError, StopReason};

/// Times are in milliseconds of the machine's time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// To build a domain, or to make room for one that comes from another host.
    pub build_ms: u64,
    /// From the first run to a guest that does what it is asked.
    pub boot_ms: u64,
    /// From there, and from every resume, to the guest agent's first word.
    pub agent_ms: u64,
    /// To pause, unpause, or resume a domain that was sent.
    pub switch_ms: u64,
    /// From the wish to a guest that has stopped.
    pub obey_ms: u64,
    /// From the wish to a guest that has suspended.
    pub suspend_ms: u64,
    /// To write a suspended guest's memory.
    pub save_ms: u64,
    /// To build a domain from an image.
    pub restore_ms: u64,
    pub destroy_ms: u64,
    /// The part of a migration in which the guest still runs.
    pub migrate_ms: u64,
    /// The memory goes over in so many pieces, one after the other.
    pub migrate_parts: u32,
    /// A piece that is not acknowledged is sent again after this time.
    pub resend_ms: u64,
    /// How long the other machine, or a guest that should suspend, may say nothing.
    pub silence_ms: u64,
    /// Every duration is longer by up to this share of itself.
    pub jitter_percent: u8,
    pub rules: Vec<Rule>,
    /// Of the machine's disks.
    pub storage: xenith_storage_sim::Behaviour,
}

impl Behaviour {
    /// For tests: nothing takes time.
    pub fn instant() -> Behaviour {
        Behaviour {
            build_ms: 0,
            boot_ms: 0,
            agent_ms: 0,
            switch_ms: 0,
            obey_ms: 0,
            suspend_ms: 0,
            save_ms: 0,
            restore_ms: 0,
            destroy_ms: 0,
            migrate_ms: 0,
            migrate_parts: 5,
            resend_ms: 250,
            silence_ms: 5_000,
            jitter_percent: 0,
            rules: Vec::new(),
            storage: xenith_storage_sim::Behaviour::default(),
        }
    }

    /// For people who watch: seconds, as on a small real host.
    pub fn lifelike() -> Behaviour {
        Behaviour {
            build_ms: 1_500,
            boot_ms: 6_000,
            agent_ms: 2_000,
            switch_ms: 100,
            obey_ms: 3_000,
            suspend_ms: 500,
            save_ms: 2_000,
            restore_ms: 2_500,
            destroy_ms: 400,
            migrate_ms: 5_000,
            migrate_parts: 20,
            jitter_percent: 30,
            storage: xenith_storage_sim::Behaviour::lifelike(),
            ..Behaviour::instant()
        }
    }
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour::instant()
    }
}

/// Trouble for the effects it fits. Looked up when an effect begins; an effect that joins a running one is not counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Any, if nothing is given.
    #[serde(default)]
    pub effect: Option<EffectKind>,
    /// A VM's uuid or name_label; any, if nothing is given.
    #[serde(default)]
    pub vm: Option<String>,
    /// The first so many that fit are let through.
    #[serde(default)]
    pub skip: u32,
    /// How many are hit after that; all, if nothing is given.
    #[serde(default)]
    pub times: Option<u32>,
    pub then: Trouble,
}

impl Rule {
    pub fn always(effect: EffectKind, then: Trouble) -> Rule {
        Rule {
            effect: Some(effect),
            vm: None,
            skip: 0,
            times: None,
            then,
        }
    }

    fn fits(&self, kind: EffectKind, names: &[&str]) -> bool {
        self.effect.is_none_or(|wanted| wanted == kind)
            && self.vm.as_deref().is_none_or(|wanted| names.contains(&wanted))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Trouble {
    Fail {
        at: Point,
        error: EffectError,
    },
    Slow {
        by_ms: u64,
    },
    /// The guest does not do what this effect asks it.
    GuestIgnores,
    /// Of the guest that this `domain_create` starts: it has no agent.
    NoAgent,
    /// Of the guest that this `domain_create` starts: it stops by itself when it has run for so long.
    GuestStops {
        after_ms: u64,
        reason: StopReason,
    },
    /// The effect is done, but whoever asked for it is told that it is not known.
    AnswerLost,
    /// Of `migration_receive`: "all of it has arrived" never gets back.
    AcknowledgementLost,
}

/// Where in an effect it fails. At 0 nothing has been done yet. A migration fails at 100 when all was sent, and that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Point {
    Percent(u8),
    /// Of building a domain: the domain itself, its memory, then each disk, each NIC; the first is 0.
    Step(u32),
}

/// An [`Effect`] without what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    DomainCreate,
    DomainUnpause,
    DomainPause,
    DomainShutdown,
    DomainDestroy,
    DomainSave,
    DomainRestore,
    MigrationReceive,
    MigrationSend,
    MigrationUndo,
    ImageDelete,
    /// Storage has rules of its own.
    Storage,
}

impl EffectKind {
    pub fn of(effect: &Effect) -> EffectKind {
        match effect {
            Effect::DomainCreate(_) => EffectKind::DomainCreate,
            Effect::DomainUnpause(_) => EffectKind::DomainUnpause,
            Effect::DomainPause(_) => EffectKind::DomainPause,
            Effect::DomainShutdown { .. } => EffectKind::DomainShutdown,
            Effect::DomainDestroy(_) => EffectKind::DomainDestroy,
            Effect::DomainSave { .. } => EffectKind::DomainSave,
            Effect::DomainRestore { .. } => EffectKind::DomainRestore,
            Effect::MigrationReceive { .. } => EffectKind::MigrationReceive,
            Effect::MigrationSend { .. } => EffectKind::MigrationSend,
            Effect::MigrationUndo(_) => EffectKind::MigrationUndo,
            Effect::ImageDelete(_) => EffectKind::ImageDelete,
            Effect::Storage(_) => EffectKind::Storage,
        }
    }
}

/// The trouble that one effect meets: the first rule of each sort counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Fate {
    pub fails: Option<(Point, EffectError)>,
    pub slower_by_ms: u64,
    pub guest_ignores: bool,
    pub no_agent: bool,
    pub guest_stops: Option<(u64, StopReason)>,
    pub acknowledgement_lost: bool,
    pub answer_lost: bool,
}

impl Fate {
    /// How much of `total_ms` is done when it fails.
    pub fn fails_after(&self, effect: &Effect, total_ms: u64) -> Option<u64> {
        let (point, _) = self.fails.as_ref()?;
        Some(match point {
            Point::Percent(percent) => share(total_ms, u64::from(*percent), 100),
            Point::Step(step) => share(total_ms, u64::from(*step), steps(effect)),
        })
    }

    pub fn error(&self) -> EffectError {
        let lost = || EffectError::Failed("scripted".to_owned());
        self.fails.as_ref().map_or_else(lost, |(_, error)| error.clone())
    }
}

fn share(total_ms: u64, part: u64, of: u64) -> u64 {
    total_ms.saturating_mul(part.min(of)) / of.max(1)
}

/// The steps of building a domain, as `Point::Step` counts them.
fn steps(effect: &Effect) -> u64 {
    match effect {
        Effect::DomainCreate(config)
        | Effect::DomainRestore { config, .. }
        | Effect::MigrationReceive { config, .. } => (2 + config.disks.len() + config.nics.len()) as u64,
        Effect::DomainUnpause(_)
        | Effect::DomainPause(_)
        | Effect::DomainShutdown { .. }
        | Effect::DomainDestroy(_)
        | Effect::DomainSave { .. }
        | Effect::MigrationSend { .. }
        | Effect::MigrationUndo(_)
        | Effect::ImageDelete(_)
        | Effect::Storage(_) => 1,
    }
}

/// The behaviour in force, how often each rule has fitted, and the made-up numbers.
#[derive(Clone, Debug)]
pub(super) struct Habits {
    pub behaviour: Behaviour,
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

    pub fn fate(&mut self, kind: EffectKind, names: &[&str]) -> Fate {
        let mut fate = Fate::default();
        for (rule, fitted) in self.behaviour.rules.iter().zip(&mut self.fitted) {
            if !rule.fits(kind, names) {
                continue;
            }
            *fitted = fitted.saturating_add(1);
            let last = rule.times.map_or(u32::MAX, |times| rule.skip.saturating_add(times));
            if (rule.skip.saturating_add(1)..=last).contains(fitted) {
                fate.meet(&rule.then);
            }
        }
        fate
    }

    /// A duration, with its jitter.
    pub fn takes(&mut self, ms: u64) -> u64 {
        let most = share(ms, u64::from(self.behaviour.jitter_percent), 100);
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

    /// The memory of a guest that has not run yet.
    pub fn fresh_memory(&mut self, fate: &Fate) -> GuestMemory {
        let booted_at_ms = self.takes(self.behaviour.boot_ms);
        let agent_ms = self.takes(self.behaviour.agent_ms);
        GuestMemory {
            boot_id: self.choose(),
            ran_ms: 0,
            booted_at_ms,
            agent_at_ms: (!fate.no_agent).then(|| booted_at_ms.saturating_add(agent_ms)),
            stops_at_ms: fate.guest_stops,
        }
    }

    /// The same memory, about to run again after a suspend: the agent has to speak once more.
    pub fn resumed_memory(&mut self, memory: GuestMemory) -> GuestMemory {
        let agent_ms = self.takes(self.behaviour.agent_ms);
        let speaks = memory.ran_ms.max(memory.booted_at_ms).saturating_add(agent_ms);
        GuestMemory {
            agent_at_ms: memory.agent_at_ms.map(|_| speaks),
            ..memory
        }
    }
}

impl Fate {
    fn meet(&mut self, trouble: &Trouble) {
        match trouble {
            Trouble::Fail { at, error } => {
                self.fails.get_or_insert((*at, error.clone()));
            }
            Trouble::Slow { by_ms } => self.slower_by_ms = self.slower_by_ms.max(*by_ms),
            Trouble::GuestIgnores => self.guest_ignores = true,
            Trouble::NoAgent => self.no_agent = true,
            Trouble::GuestStops { after_ms, reason } => {
                self.guest_stops.get_or_insert((*after_ms, *reason));
            }
            Trouble::AnswerLost => self.answer_lost = true,
            Trouble::AcknowledgementLost => self.acknowledgement_lost = true,
        }
    }
}
