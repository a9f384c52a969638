//! What a daemon meets: domains' lives, other machines, broken connections, machines that lose their power or stand still.

use super::pool::*;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use xenith_xen_port::DomainState::{Paused, Running, Stopped};
use xenith_xen_port::{Domain, Effect, EffectError, HostFactsPort, Hypervisor, StopReason};
use xenith_xen_sim::SimulatedHost;
use xenith_xen_sim::facts::machine_facts;
use xenith_xen_sim::machine::{Behaviour, EffectKind, Point, Rule, Trouble};

fn boot_id(domain: &Domain) -> String {
    let features = &domain.guest.as_ref().unwrap().features;
    features.iter().find(|(key, _)| key == "boot-id").unwrap().1.clone()
}

fn has_spoken(domain: Option<&Domain>) -> bool {
    domain.is_some_and(|domain| domain.guest.is_some())
}

#[tokio::test]
async fn a_daemon_reads_its_machine_and_notices_when_it_is_gone() {
    let mut pool = Pool::start(3, &Behaviour::instant()).await;
    let (host, facts) = (pool.host(3), machine_facts(3, "127.0.0.3", 0));
    assert_eq!(host.host_facts().await.unwrap(), facts);
    work(&host, create()).await.unwrap();
    let free = host.host_facts().await.unwrap().memory_free_bytes;
    assert_eq!(free, facts.memory_free_bytes - guest(VM).memory_bytes());
    pool.power_off(3).await;
    assert!(host.host_facts().await.is_err());
    assert!(host.domains().await.is_err());
    assert!(host.attention().await.is_err());
    assert!(matches!(work(&host, create()).await, Err(EffectError::NotKnown(_))));
    pool.power_on(3).await;
    assert_eq!(host.host_facts().await.unwrap(), facts, "nothing outlives the power");
}

#[tokio::test]
async fn a_domain_lives_and_dies() {
    let pool = Pool::start(1, &Behaviour::instant()).await;
    let host = pool.host(1);
    running(&host).await;
    let shutdown = Effect::DomainShutdown {
        vm: vm(),
        reason: StopReason::Reboot,
        within_ms: 60_000,
    };
    work(&host, shutdown).await.unwrap();
    assert_eq!(domain(&host).await.unwrap().state, Stopped(StopReason::Reboot));
    work(&host, Effect::DomainDestroy(vm())).await.unwrap();
    assert_eq!(domain(&host).await, None);
}

#[tokio::test]
async fn a_saved_domain_is_restored_on_another_machine() {
    let pool = Pool::start(2, &Behaviour::instant()).await;
    let (one, two) = (pool.host(1), pool.host(2));
    running(&one).await;
    let boot = boot_id(&domain(&one).await.unwrap());
    let image = "suspend image".to_owned();
    let save = Effect::DomainSave {
        vm: vm(),
        image: image.clone(),
    };
    work(&one, save).await.unwrap();
    work(&one, Effect::DomainDestroy(vm())).await.unwrap();
    let restore = Effect::DomainRestore {
        config: Box::new(guest(VM)),
        image: image.clone(),
    };
    work(&two, restore.clone()).await.unwrap();
    work(&two, Effect::DomainUnpause(vm())).await.unwrap();
    until(&two, has_spoken).await;
    assert_eq!(boot_id(&domain(&two).await.unwrap()), boot);
    work(&two, Effect::ImageDelete(image)).await.unwrap();
    assert_eq!(work(&one, restore).await, Err(EffectError::NoImage));
}

#[tokio::test]
async fn a_domain_moves_to_another_machine_by_address_and_back_by_path() {
    let pool = Pool::start(2, &Behaviour::instant()).await;
    let (one, two) = (pool.host(1), pool.host(2));
    running(&one).await;
    let boot = boot_id(&domain(&one).await.unwrap());
    let back = pool.socket(1).display().to_string();
    for (from, to, address) in [(&one, &two, address(2)), (&two, &one, back)] {
        work(to, receive()).await.unwrap();
        work(from, send(&address)).await.unwrap();
        let (here, there) = (domain(from).await.unwrap(), domain(to).await.unwrap());
        assert_eq!((here.state, here.migrating), (Stopped(StopReason::Suspend), true));
        assert_eq!((there.state, there.migrating), (Paused, true));
        work(to, Effect::DomainUnpause(vm())).await.unwrap();
        work(from, Effect::DomainDestroy(vm())).await.unwrap();
        until(to, has_spoken).await;
        assert_eq!(boot_id(&domain(to).await.unwrap()), boot);
    }
}

#[tokio::test]
async fn a_migration_to_a_machine_without_power_fails_and_the_guest_runs_on() {
    let behaviour = Behaviour {
        silence_ms: 300,
        resend_ms: 20,
        ..Behaviour::instant()
    };
    let mut pool = Pool::start(2, &behaviour).await;
    let host = pool.host(1);
    running(&host).await;
    pool.power_off(2).await;
    for to in [&address(2), "127.0.0.9"] {
        assert_eq!(work(&host, send(to)).await, Err(EffectError::PeerLost));
        let domain = domain(&host).await.unwrap();
        assert_eq!((domain.state, domain.migrating), (Running, false));
    }
}

#[tokio::test]
async fn a_script_breaks_a_migration_and_loses_its_acknowledgement() {
    let pool = Pool::start(2, &Behaviour::instant()).await;
    let (one, two) = (pool.host(1), pool.host(2));
    running(&one).await;
    let breaks = Trouble::Fail {
        at: Point::Percent(60),
        error: EffectError::PeerLost,
    };
    let script = |rule: Rule| Behaviour {
        silence_ms: 200,
        resend_ms: 20,
        rules: vec![rule],
        ..Behaviour::instant()
    };
    one.behave(script(Rule::always(EffectKind::MigrationSend, breaks)))
        .await
        .unwrap();
    work(&two, receive()).await.unwrap();
    assert_eq!(work(&one, send(&address(2))).await, Err(EffectError::PeerLost));
    until(&two, |domain| domain.is_none()).await;
    one.behave(script(Rule::always(
        EffectKind::MigrationSend,
        Trouble::Slow { by_ms: 1 },
    )))
    .await
    .unwrap();
    let lost = Rule::always(EffectKind::MigrationReceive, Trouble::AcknowledgementLost);
    two.behave(script(lost)).await.unwrap();
    work(&two, receive()).await.unwrap();
    assert!(matches!(
        work(&one, send(&address(2))).await,
        Err(EffectError::NotKnown(_))
    ));
    assert_eq!(domain(&one).await.unwrap().state, Stopped(StopReason::Suspend));
    assert_eq!(domain(&two).await.unwrap().state, Paused);
    work(&two, Effect::DomainDestroy(vm())).await.unwrap();
    work(&one, Effect::MigrationUndo(vm())).await.unwrap();
    assert_eq!(domain(&one).await.unwrap().state, Running);
}

/// A daemon dies in the middle of a step. Its successor finds the domain half built, asks again, and gets the same domain.
#[tokio::test]
async fn a_broken_connection_ends_no_effect() {
    let slow = Behaviour {
        build_ms: 300,
        ..Behaviour::instant()
    };
    let pool = Pool::start(1, &slow).await;
    let question = serde_json::json!({ "work": create() });
    let (read, mut write) = UnixStream::connect(pool.socket(1)).await.unwrap().into_split();
    write.write_all(format!("{question}\n").as_bytes()).await.unwrap();
    let mut lines = BufReader::new(read).lines();
    assert_eq!(lines.next_line().await.unwrap().unwrap(), "\"working\"");
    drop((lines, write));
    let host = pool.host(1);
    let domid = domain(&host).await.unwrap().domid;
    assert_eq!(work(&host, create()).await.unwrap().domid, Some(domid));
    assert_eq!(domain(&host).await.unwrap().state, Paused);
}

#[tokio::test]
async fn a_daemon_that_comes_back_hears_of_every_domain() {
    let pool = Pool::start(1, &Behaviour::instant()).await;
    running(&pool.host(1)).await;
    let host = pool.host(1);
    let first = tokio::time::timeout(HANGS, host.attention()).await;
    assert_eq!(first.expect("nothing is told").unwrap().0, vm());
    host.guest_stops(vm(), StopReason::Crash).await.unwrap();
    until(&host, |domain| {
        domain.is_some_and(|domain| domain.state == Stopped(StopReason::Crash))
    })
    .await;
    assert!(
        host.guest_stops(vm(), StopReason::Crash).await.is_err(),
        "it does not run"
    );
}

#[tokio::test]
async fn an_effect_is_given_up_over_the_socket() {
    let pool = Pool::start(1, &Behaviour::instant()).await;
    let host = pool.host(1);
    running(&host).await;
    let ignores = Rule::always(EffectKind::DomainShutdown, Trouble::GuestIgnores);
    let script = Behaviour {
        rules: vec![ignores],
        ..Behaviour::instant()
    };
    host.behave(script).await.unwrap();
    let shutdown = Effect::DomainShutdown {
        vm: vm(),
        reason: StopReason::Poweroff,
        within_ms: 3_600_000,
    };
    let given_up = host
        .work(shutdown, Box::pin(tokio::time::sleep(Duration::from_millis(50))))
        .await;
    assert_eq!(given_up, Err(EffectError::Cancelled));
    assert_eq!(domain(&host).await.unwrap().state, Running);
}

/// Many effects at once wait for their places instead of failing.
#[tokio::test]
async fn a_storm_of_effects_is_worked() {
    let pool = Pool::start(1, &Behaviour::instant()).await;
    let host = std::sync::Arc::new(pool.host(1));
    let mut storm = tokio::task::JoinSet::new();
    for number in 0..500 {
        let host = host.clone();
        storm.spawn(async move {
            let mut config = guest(&format!("11111111-0000-4000-8000-{number:012}"));
            (config.memory_target_bytes, config.memory_overhead_bytes) = (1 << 20, 0);
            work(&*host, Effect::DomainCreate(Box::new(config))).await.unwrap();
        });
    }
    while let Some(done) = storm.join_next().await {
        done.unwrap();
    }
    assert_eq!(host.domains().await.unwrap().len(), 500);
}

#[tokio::test]
async fn nonsense_is_refused_and_the_connection_goes_on() {
    let pool = Pool::start(1, &Behaviour::instant()).await;
    let (read, mut write) = UnixStream::connect(pool.socket(1)).await.unwrap().into_split();
    let mut lines = BufReader::new(read).lines();
    write
        .write_all(b"nonsense\n\"cancel\"\n\"host_facts\"\n")
        .await
        .unwrap();
    assert!(lines.next_line().await.unwrap().unwrap().contains("refused"));
    assert!(lines.next_line().await.unwrap().unwrap().contains("refused"));
    assert!(lines.next_line().await.unwrap().unwrap().contains("host-1"));
}

/// A machine that takes connections and says nothing: errors come in bounded time.
#[tokio::test(start_paused = true)]
async fn a_machine_that_stands_still_is_taken_for_dead() {
    let dir = tempfile::tempdir().unwrap();
    let _listener = UnixListener::bind(dir.path().join("machine.sock")).unwrap();
    let host = SimulatedHost::new(dir.path().join("machine.sock"));
    let (facts, domains, done, attention) = tokio::join!(
        host.host_facts(),
        host.domains(),
        work(&host, create()),
        host.attention()
    );
    assert!(facts.is_err() && domains.is_err() && attention.is_err());
    assert!(matches!(done, Err(EffectError::NotKnown(_))));
}
