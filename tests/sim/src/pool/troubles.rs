//! How a machine behaves: what its effects fail with, and how often.

use super::disks;
use super::world::World;
use xenith_xen_port::EffectError;
use xenith_xen_sim::machine::{Behaviour, EffectKind, Point, Rule, Trouble};

const KINDS: [EffectKind; 11] = [
    EffectKind::DomainCreate,
    EffectKind::DomainUnpause,
    EffectKind::DomainPause,
    EffectKind::DomainDestroy,
    EffectKind::DomainShutdown,
    EffectKind::DomainSave,
    EffectKind::DomainRestore,
    EffectKind::ImageDelete,
    EffectKind::MigrationReceive,
    EffectKind::MigrationSend,
    EffectKind::MigrationUndo,
];

pub fn behaviour(world: &mut World) -> Behaviour {
    let mut rules = Vec::new();
    let chance = effects_fail_percent(world);
    if world.trouble {
        for kind in KINDS {
            for _ in 0..2 {
                if world.random.percent(chance) {
                    let rule = rule(world, kind);
                    rules.push(rule);
                }
            }
        }
        if world.random.percent(30) {
            rules.push(Rule {
                times: Some(2),
                ..Rule::always(EffectKind::DomainShutdown, Trouble::GuestIgnores)
            });
        }
        if world.random.percent(15) {
            rules.push(Rule {
                times: Some(1),
                ..Rule::always(EffectKind::MigrationReceive, Trouble::AcknowledgementLost)
            });
        }
    }
    Behaviour {
        jitter_percent: 50,
        rules,
        storage: disks::troubles(world),
        ..tempo(world)
    }
}

/// Of the effects of a kind, in one boot of a machine.
pub fn effects_fail_percent(world: &World) -> u64 {
    if world.is_calm { 10 } else { 30 }
}

/// Most machines are quick: more of what is asked comes to its end between two faults.
fn tempo(world: &mut World) -> Behaviour {
    match world.random.percent(35) {
        true => Behaviour::lifelike(),
        false => Behaviour {
            build_ms: 400,
            boot_ms: 1_000,
            agent_ms: 500,
            obey_ms: 800,
            suspend_ms: 200,
            save_ms: 600,
            restore_ms: 600,
            destroy_ms: 150,
            migrate_ms: 1_500,
            // Each is a few steps of the run.
            migrate_parts: 3,
            ..Behaviour::lifelike()
        },
    }
}

fn rule(world: &mut World, kind: EffectKind) -> Rule {
    let random = &mut world.random;
    // Not BadState: that says something of the domain, which must be true.
    let error = match random.below(3) {
        0 => EffectError::NotKnown("a script says so".to_owned()),
        _ => EffectError::Failed("a script says so".to_owned()),
    };
    let trouble = match random.below(4) {
        0 => Trouble::AnswerLost,
        _ => Trouble::Fail {
            at: Point::Percent(random.one_of([0, 30, 60, 100])),
            error,
        },
    };
    let times = random.one_of([1, 1, 2, 5]);
    world.probes.hit(match (times, &trouble) {
        (_, Trouble::AnswerLost) => "answer_will_be_lost",
        (1, _) => "effect_will_fail",
        (_, _) => "effect_will_fail_often",
    });
    Rule {
        skip: world.random.below(4) as u32,
        times: Some(times),
        ..Rule::always(kind, trouble)
    }
}
