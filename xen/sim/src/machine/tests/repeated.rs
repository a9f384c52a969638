//! Effects asked again, joined, overridden and cancelled.

use super::*;
use xenith_xen_port::DomainState::{Paused, Running, Stopped};

#[test]
fn an_effect_that_is_done_changes_nothing_when_asked_again() {
    let mut world = World::new(2, &Behaviour::lifelike());
    let steps = [
        create("a"),
        Effect::DomainUnpause(vm("a")),
        Effect::DomainPause(vm("a")),
        Effect::DomainUnpause(vm("a")),
        save("a"),
        Effect::DomainDestroy(vm("a")),
        restore("a"),
        Effect::DomainUnpause(vm("a")),
        shutdown("a", 60_000),
        Effect::DomainDestroy(vm("a")),
        Effect::ImageDelete("image of a".to_owned()),
    ];
    for step in steps {
        let once = world.work(0, step.clone()).unwrap();
        world.pass(60_000);
        let before = (world.machines[0].domains(), world.images.clone(), world.now_ms);
        assert_eq!(world.work(0, step.clone()), Ok(once), "{step:?}");
        if !matches!(step, Effect::ImageDelete(_)) {
            assert_eq!(
                (world.machines[0].domains(), world.images.clone(), world.now_ms),
                before,
                "{step:?}"
            );
        }
    }
}

#[test]
fn the_second_asker_joins_what_runs() {
    let mut world = World::new(1, &Behaviour::lifelike());
    let first = world.begin(0, create("a"));
    world.pass(100);
    let second = world.begin(0, create("a"));
    world.pass(60_000);
    assert_eq!(world.finished[&first], Ok(Done::built(1)));
    assert_eq!(world.finished[&second], Ok(Done::built(1)));
}

#[test]
fn another_effect_of_a_busy_domain_is_refused() {
    let mut world = World::new(1, &Behaviour::lifelike());
    let creating = world.begin(0, create("a"));
    world.pass(100);
    let unpause = world.work(0, Effect::DomainUnpause(vm("a")));
    assert!(matches!(unpause, Err(EffectError::BadState(_))), "{unpause:?}");
    world.pass(60_000);
    assert!(world.finished[&creating].is_ok());
    let mut other = config("a");
    other.vcpus_max = 2;
    let refused = world.work(0, Effect::DomainCreate(other));
    assert!(matches!(refused, Err(EffectError::BadState(_))), "{refused:?}");
}

#[test]
fn a_destroy_ends_what_is_worked() {
    let mut world = World::running(1, &Behaviour::lifelike(), "a");
    let asked = world.begin(0, shutdown("a", 600_000));
    world.pass(1);
    world.work(0, Effect::DomainDestroy(vm("a"))).unwrap();
    assert_eq!(world.finished[&asked], Err(EffectError::Cancelled));
    assert_eq!(world.domain(0, "a"), None);
    assert_eq!(world.work(0, shutdown("a", 1)), Err(EffectError::NoDomain));
}

#[test]
fn what_is_cancelled_leaves_nothing() {
    let mut world = World::new(1, &Behaviour::lifelike());
    let ticket = world.begin(0, create("a"));
    world.pass(100);
    world.machines[0].cancel(world.now_ms, ticket);
    world.pass(0);
    assert_eq!(world.finished[&ticket], Err(EffectError::Cancelled));
    assert_eq!((world.domain(0, "a"), world.machines[0].free_bytes()), (None, 8 * GIB));

    let mut world = World::running(1, &Behaviour::lifelike(), "a");
    for effect in [save("a"), shutdown("a", 60_000)] {
        let ticket = world.begin(0, effect);
        world.pass(700);
        world.machines[0].cancel(world.now_ms, ticket);
        world.pass(60_000);
        assert_eq!(world.finished[&ticket], Err(EffectError::Cancelled));
        assert_eq!((world.state(0, "a"), world.images.len()), (Some(Running), 0));
    }
}

#[test]
fn what_is_nearly_over_is_not_cancelled() {
    let mut world = World::new(1, &Behaviour::lifelike());
    world.work(0, create("a")).unwrap();
    let ticket = world.begin(0, Effect::DomainUnpause(vm("a")));
    world.pass(1);
    world.machines[0].cancel(world.now_ms, ticket);
    world.pass(1_000);
    assert_eq!(world.finished[&ticket], Ok(Done::default()));
    world.machines[0].cancel(world.now_ms, ticket);
    assert_eq!(world.state(0, "a"), Some(Running));
}

#[test]
fn a_stopped_domain_is_in_the_way() {
    let mut world = World::running(1, &Behaviour::instant(), "a");
    world.work(0, shutdown("a", 1_000)).unwrap();
    assert_eq!(world.state(0, "a"), Some(Stopped(StopReason::Poweroff)));
    for effect in [create("a"), restore("a"), receive("a"), Effect::DomainUnpause(vm("a"))] {
        let refused = world.work(0, effect);
        assert!(matches!(refused, Err(EffectError::BadState(_))), "{refused:?}");
    }
    assert_ne!(world.state(0, "a"), Some(Paused));
}
