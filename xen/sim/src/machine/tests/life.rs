//! A domain's life, in lifelike time.

use super::*;
use xenith_xen_port::DomainState::{Paused, Stopped};

#[test]
fn from_create_to_destroy() {
    let mut world = World::new(1, &Behaviour::lifelike());
    let ticket = world.begin(0, create("a"));
    world.pass(1);
    let building = world.domain(0, "a").unwrap();
    assert_eq!((building.state, building.migrating), (DomainState::Building, false));
    assert_eq!(world.machines[0].free_bytes(), 8 * GIB - building.memory_bytes);
    world.pass(10_000);
    assert_eq!(world.finished[&ticket], Ok(Done::built(1)));
    assert_eq!(world.state(0, "a"), Some(Paused));
    world.work(0, Effect::DomainUnpause(vm("a"))).unwrap();
    assert_eq!(world.domain(0, "a").unwrap().guest, None);
    world.pass(60_000);
    assert!(world.attention.remove(&vm("a")), "the agent's word is a change");
    let guest = world.domain(0, "a").unwrap().guest.unwrap();
    assert!(
        guest
            .features
            .contains(&("feature-shutdown".to_owned(), "1".to_owned()))
    );
    world.work(0, shutdown("a", 60_000)).unwrap();
    assert_eq!(world.state(0, "a"), Some(Stopped(StopReason::Poweroff)));
    world.work(0, Effect::DomainDestroy(vm("a"))).unwrap();
    assert_eq!(world.domain(0, "a"), None);
    assert_eq!(world.machines[0].free_bytes(), 8 * GIB);
    assert_eq!(
        world.work(0, create("a")),
        Ok(Done::built(2)),
        "domain ids are not used again"
    );
}

#[test]
fn a_paused_guest_s_time_stands_still() {
    let mut world = World::new(1, &Behaviour::lifelike());
    world.work(0, create("a")).unwrap();
    world.pass(60_000);
    assert_eq!(world.domain(0, "a").unwrap().guest, None, "it has not run yet");
    world.work(0, Effect::DomainUnpause(vm("a"))).unwrap();
    world.work(0, Effect::DomainPause(vm("a"))).unwrap();
    world.pass(60_000);
    assert_eq!(world.domain(0, "a").unwrap().guest, None);
    assert_eq!(
        world.work(0, shutdown("a", 1)).unwrap_err(),
        EffectError::BadState("its guest does not run".to_owned())
    );
}

#[test]
fn memory_is_not_promised_twice() {
    let mut world = World::new(1, &Behaviour::instant());
    for name in ["a", "b", "c", "d", "e", "f", "g"] {
        world.work(0, create(name)).unwrap();
    }
    let needed_bytes = config("h").memory_bytes();
    let free_bytes = 8 * GIB - 7 * needed_bytes;
    let refused = EffectError::NotEnoughMemory {
        needed_bytes,
        free_bytes,
    };
    assert_eq!(world.work(0, create("h")), Err(refused));
    world.work(0, Effect::DomainDestroy(vm("a"))).unwrap();
    world.work(0, create("h")).unwrap();
}

#[test]
fn a_saved_guest_goes_on_elsewhere_where_it_was() {
    let mut world = World::running(2, &Behaviour::lifelike(), "a");
    let boot = boot_id(&world.domain(0, "a").unwrap());
    world.work(0, save("a")).unwrap();
    assert_eq!(world.state(0, "a"), Some(Stopped(StopReason::Suspend)));
    world.work(0, Effect::DomainDestroy(vm("a"))).unwrap();
    world.work(1, restore("a")).unwrap();
    assert_eq!(world.state(1, "a"), Some(Paused));
    world.work(1, Effect::DomainUnpause(vm("a"))).unwrap();
    world.pass(60_000);
    assert_eq!(boot_id(&world.domain(1, "a").unwrap()), boot);
    let delete = Effect::ImageDelete("image of a".to_owned());
    world.work(0, delete.clone()).unwrap();
    assert!(world.images.is_empty());
    world.work(0, delete).unwrap();
    assert_eq!(world.work(0, restore("a")), Err(EffectError::NoImage));
}

#[test]
fn a_guest_that_stops_by_itself_stays_and_is_told_of() {
    for reason in [StopReason::Poweroff, StopReason::Reboot, StopReason::Crash] {
        let mut world = World::running(1, &Behaviour::lifelike(), "a");
        world.attention.clear();
        assert!(world.machines[0].guest_stops(world.now_ms, &vm("a"), reason));
        world.pass(0);
        assert_eq!(world.state(0, "a"), Some(Stopped(reason)));
        assert!(world.attention.contains(&vm("a")));
        assert!(
            !world.machines[0].guest_stops(world.now_ms, &vm("a"), reason),
            "it does not run"
        );
    }
}

#[test]
fn a_pool_with_one_seed_does_the_same_again() {
    let run = || {
        let mut world = World::running(2, &Behaviour::lifelike(), "a");
        world.work(1, receive("a")).unwrap();
        world.work(0, send("a", 1)).unwrap();
        (world.now_ms, world.machines[1].domains())
    };
    assert_eq!(run(), run());
}
