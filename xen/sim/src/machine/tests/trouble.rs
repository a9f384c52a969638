//! What the scripts do.

use super::*;
use xenith_xen_port::DomainState::{Running, Stopped};

fn with(rules: Vec<Rule>) -> Behaviour {
    Behaviour {
        rules,
        ..Behaviour::lifelike()
    }
}

fn failed() -> EffectError {
    EffectError::Failed("no such bridge".to_owned())
}

#[test]
fn a_create_that_fails_at_a_step_leaves_nothing() {
    for step in 0..4 {
        let then = Trouble::Fail {
            at: Point::Step(step),
            error: failed(),
        };
        let rule = Rule {
            vm: Some("label of b".to_owned()),
            times: Some(1),
            ..Rule::always(EffectKind::DomainCreate, then)
        };
        let mut world = World::new(1, &with(vec![rule]));
        world.work(0, create("a")).unwrap();
        assert_eq!(world.work(0, create("b")), Err(failed()));
        assert_eq!(world.domain(0, "b"), None);
        assert_eq!(world.machines[0].free_bytes(), 8 * GIB - config("a").memory_bytes());
        world.work(0, create("b")).unwrap();
    }
}

#[test]
fn the_third_effect_fails() {
    let rule = Rule {
        effect: None,
        vm: None,
        skip: 2,
        times: Some(1),
        then: Trouble::Fail {
            at: Point::Percent(0),
            error: failed(),
        },
    };
    let mut world = World::new(1, &with(vec![rule]));
    let results = ["a", "b", "c", "d"].map(|name| world.work(0, create(name)).is_ok());
    assert_eq!(results, [true, true, false, true]);
}

#[test]
fn a_guest_that_never_shuts_down_runs_on() {
    let rule = Rule::always(EffectKind::DomainShutdown, Trouble::GuestIgnores);
    let mut world = World::running(1, &with(vec![rule]), "a");
    let began = world.now_ms;
    assert_eq!(
        world.work(0, shutdown("a", 90_000)),
        Err(EffectError::GuestDidNotAnswer)
    );
    assert_eq!(world.now_ms - began, 90_000);
    assert_eq!(world.state(0, "a"), Some(Running));
    world.machines[0].behave(Behaviour::instant());
    world.work(0, shutdown("a", 90_000)).unwrap();
}

#[test]
fn a_guest_that_does_not_suspend_runs_on() {
    let rule = Rule::always(EffectKind::DomainSave, Trouble::GuestIgnores);
    let mut world = World::running(1, &with(vec![rule]), "a");
    assert_eq!(world.work(0, save("a")), Err(EffectError::GuestDidNotAnswer));
    assert_eq!((world.state(0, "a"), world.images.len()), (Some(Running), 0));
}

#[test]
fn slow_effects_take_longer() {
    let slow = Rule::always(EffectKind::DomainCreate, Trouble::Slow { by_ms: 70_000 });
    let mut world = World::new(1, &with(vec![slow]));
    world.work(0, create("a")).unwrap();
    assert!(world.now_ms > 70_000);
}

#[test]
fn a_guest_without_an_agent_says_nothing() {
    let silent = Rule::always(EffectKind::DomainCreate, Trouble::NoAgent);
    let world = World::running(1, &with(vec![silent]), "a");
    assert_eq!(world.domain(0, "a").unwrap().guest, None);
}

#[test]
fn a_guest_reboots_by_itself_and_ends_a_save() {
    let then = Trouble::GuestStops {
        after_ms: 100_000,
        reason: StopReason::Reboot,
    };
    let slow = Rule::always(EffectKind::DomainSave, Trouble::Slow { by_ms: 500_000 });
    let rules = vec![Rule::always(EffectKind::DomainCreate, then), slow];
    let mut world = World::running(1, &with(rules), "a");
    let refused = world.work(0, save("a"));
    assert!(matches!(refused, Err(EffectError::BadState(_))), "{refused:?}");
    assert_eq!(world.state(0, "a"), Some(Stopped(StopReason::Reboot)));
    world.work(0, shutdown("a", 1)).unwrap();
}

#[test]
fn an_image_that_cannot_be_written_lets_the_guest_go_on() {
    struct Full;
    impl Images for Full {
        fn read(&self, _: &str) -> Result<Option<Image>, String> {
            Err("unreadable".to_owned())
        }
        fn write(&mut self, _: &str, _: &Image) -> Result<(), String> {
            Err("full".to_owned())
        }
        fn delete(&mut self, _: &str) -> Result<(), String> {
            Err("read-only".to_owned())
        }
    }
    let mut machine = World::running(1, &Behaviour::instant(), "a").machines.remove(0);
    let mut fail = |effect: Effect| {
        machine.begin(100_000, 900, effect);
        let happenings = machine.advance(100_000, &mut Full);
        let state = machine.domains().first().map(|domain| domain.state);
        (happenings.first().cloned(), state)
    };
    for (effect, cause) in [
        (save("a"), "full"),
        (Effect::ImageDelete("i".to_owned()), "read-only"),
        (restore("b"), "unreadable"),
    ] {
        let finished = Happening::Finished {
            ticket: 900,
            result: Err(EffectError::Failed(cause.to_owned())),
        };
        assert_eq!(fail(effect), (Some(finished), Some(Running)));
    }
}

#[test]
fn scripts_are_data() {
    let text = r#"{"boot_ms": 5, "rules": [
        {"effect": "migration_send", "vm": "web", "then": {"fail": {"at": {"percent": 60}, "error": "peer_lost"}}},
        {"skip": 1, "times": 2, "then": "guest_ignores"}]}"#;
    let behaviour: Behaviour = serde_json::from_str(text).unwrap();
    assert_eq!(
        (behaviour.boot_ms, behaviour.migrate_parts, behaviour.rules.len()),
        (5, 5, 2)
    );
    assert!(serde_json::from_str::<Behaviour>(r#"{"boot_seconds": 5}"#).is_err());
}
