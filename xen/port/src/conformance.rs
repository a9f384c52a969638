//! What every driver behind [`Hypervisor`] must do, run by each driver's own tests.
//!
//! Owns: one room-sized check a promise of the port. Knows no clock: it waits for [`Hypervisor::attention`], and who runs it sets a
//! time limit that fits the driver (minutes, for real guests).

use crate::domain::DomainState::{Building, Paused, Running, Stopped};
use crate::{Cancel, Domain, DomainConfig, DomainState, Done, Effect, EffectError, Hypervisor, StopReason, VmId};
use std::pin::pin;
use std::task::Poll;

/// Where a driver is tried.
pub trait Lab: Sync {
    type Host: Hypervisor;

    /// A host; the same, or another, at each call.
    fn host(&self) -> Self::Host;

    /// A small guest with an agent, that boots, suspends and shuts down when asked. `vm` is a uuid.
    fn guest(&self, vm: &str) -> DomainConfig;

    /// The name of an image on a storage that is there.
    fn image(&self, name: &str) -> String;

    /// Another host, and its address for `MigrationSend` from [`host`](Lab::host); without one migration is not tried.
    fn peer(&self) -> Option<(Self::Host, String)>;
}

/// What a driver does not do as it should.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Broken(String);

type Check = Result<(), Broken>;

const VM: &str = "5a1c0de0-0000-4000-8000-000000000001";
const OTHER_VM: &str = "5a1c0de0-0000-4000-8000-000000000002";

/// All checks, one after the other; each leaves nothing behind when it passes.
pub async fn conformance(lab: &impl Lab) -> Check {
    from_create_to_destroy(lab).await?;
    what_cannot_be_done_is_refused(lab).await?;
    memory_is_not_overcommitted(lab).await?;
    asked_twice_at_once_it_is_done_once(lab).await?;
    a_saved_domain_is_restored(lab).await?;
    what_is_given_up_is_done_or_not(lab).await?;
    if let Some((peer, address)) = lab.peer() {
        a_migration_can_be_undone(lab, &peer, &address).await?;
        a_migration_can_be_completed(lab, &peer, &address).await?;
    }
    Ok(())
}

async fn from_create_to_destroy(lab: &impl Lab) -> Check {
    let (host, vm) = (lab.host(), VmId(VM.to_owned()));
    let create = Effect::DomainCreate(Box::new(lab.guest(VM)));
    let domid = twice(&host, create.clone()).await?.domid;
    let domain = domain(&host, VM).await?;
    ensure("a new domain is paused", domain.state == Paused && !domain.migrating)?;
    ensure("a domain has the id that was told", Some(domain.domid) == domid)?;
    ensure("nobody speaks in a paused domain", domain.guest.is_none())?;
    ensure("a domain has memory", domain.memory_bytes > 0)?;
    twice(&host, Effect::DomainUnpause(vm.clone())).await?;
    until_the_agent_speaks(&host).await?;
    twice(&host, Effect::DomainPause(vm.clone())).await?;
    ensure_state(&host, Some(Paused)).await?;
    twice(&host, Effect::DomainUnpause(vm.clone())).await?;
    twice(&host, shutdown(StopReason::Poweroff)).await?;
    ensure_state(&host, Some(Stopped(StopReason::Poweroff))).await?;
    ensure_bad_state(
        "unpause of a stopped domain",
        work(&host, Effect::DomainUnpause(vm.clone())).await,
    )?;
    ensure_bad_state("create beside a stopped domain", work(&host, create.clone()).await)?;
    twice(&host, Effect::DomainDestroy(vm.clone())).await?;
    ensure_state(&host, None).await?;
    let again = twice(&host, create).await?.domid;
    ensure("domain ids are not used again", again > domid)?;
    twice(&host, Effect::DomainDestroy(vm)).await?;
    Ok(())
}

async fn what_cannot_be_done_is_refused(lab: &impl Lab) -> Check {
    let (host, vm) = (lab.host(), VmId(VM.to_owned()));
    let image = lab.image("conformance-missing");
    for effect in [
        Effect::DomainUnpause(vm.clone()),
        Effect::DomainPause(vm.clone()),
        Effect::MigrationUndo(vm.clone()),
        shutdown(StopReason::Poweroff),
        save(&image),
    ] {
        let result = work(&host, effect.clone()).await;
        ensure_eq(
            &format!("{effect:?} without a domain"),
            &result,
            &Err(EffectError::NoDomain),
        )?;
    }
    twice(&host, Effect::ImageDelete(image.clone())).await?;
    let missing = work(&host, restore(lab, &image)).await;
    ensure_eq("restore from nothing", &missing, &Err(EffectError::NoImage))?;
    twice(&host, Effect::DomainCreate(Box::new(lab.guest(VM)))).await?;
    let mut other = lab.guest(VM);
    other.vcpus_max += 1;
    ensure_bad_state(
        "another domain of one VM",
        work(&host, Effect::DomainCreate(Box::new(other))).await,
    )?;
    ensure_bad_state(
        "shutdown of a paused domain",
        work(&host, shutdown(StopReason::Reboot)).await,
    )?;
    ensure_bad_state("save of a paused domain", work(&host, save(&image)).await)?;
    ensure_state(&host, Some(Paused)).await?;
    twice(&host, Effect::DomainDestroy(vm)).await?;
    Ok(())
}

async fn memory_is_not_overcommitted(lab: &impl Lab) -> Check {
    let host = lab.host();
    let mut config = lab.guest(VM);
    config.memory_target_bytes = i64::MAX / 4;
    config.memory_max_bytes = i64::MAX / 4;
    let result = work(&host, Effect::DomainCreate(Box::new(config))).await;
    let refused = matches!(result, Err(EffectError::NotEnoughMemory { .. }));
    ensure(
        &format!("too large a domain is NotEnoughMemory, not {result:?}"),
        refused,
    )?;
    ensure_state(&host, None).await
}

async fn asked_twice_at_once_it_is_done_once(lab: &impl Lab) -> Check {
    let (host, vm) = (lab.host(), VmId(VM.to_owned()));
    let create = Effect::DomainCreate(Box::new(lab.guest(VM)));
    let (one, two) = both(work(&host, create.clone()), work(&host, create)).await;
    let first = one
        .or_else(|_| two.clone())
        .map_err(|error| Broken(format!("neither of two creates: {error}")))?;
    let second = matches!(&two, Ok(done) if *done == first) || matches!(two, Err(EffectError::BadState(_)));
    ensure(
        &format!("a second create at once joins or is BadState, not {two:?}"),
        second,
    )?;
    let other = VmId(OTHER_VM.to_owned());
    let create = Effect::DomainCreate(Box::new(lab.guest(OTHER_VM)));
    let (unpaused, created) = both(work(&host, Effect::DomainUnpause(vm.clone())), work(&host, create)).await;
    ensure(
        &format!("two VMs at once: {unpaused:?}, {created:?}"),
        unpaused.is_ok() && created.is_ok(),
    )?;
    let (one, two) = both(
        work(&host, Effect::DomainDestroy(vm)),
        work(&host, Effect::DomainDestroy(other)),
    )
    .await;
    ensure(
        &format!("two destroys at once: {one:?}, {two:?}"),
        one.is_ok() && two.is_ok(),
    )?;
    ensure(
        "nothing is left",
        domains(&host)
            .await?
            .iter()
            .all(|domain| domain.vm.0 != VM && domain.vm.0 != OTHER_VM),
    )
}

async fn a_saved_domain_is_restored(lab: &impl Lab) -> Check {
    let (host, vm) = (lab.host(), VmId(VM.to_owned()));
    let image = lab.image("conformance");
    start(lab, &host).await?;
    twice(&host, save(&image)).await?;
    ensure_state(&host, Some(Stopped(StopReason::Suspend))).await?;
    ensure_bad_state(
        "undo of what was not sent",
        work(&host, Effect::MigrationUndo(vm.clone())).await,
    )?;
    twice(&host, Effect::DomainDestroy(vm.clone())).await?;
    let restored = twice(&host, restore(lab, &image)).await?;
    let domain = domain(&host, VM).await?;
    ensure("a restored domain is paused", domain.state == Paused)?;
    ensure(
        "a restored domain has the id that was told",
        Some(domain.domid) == restored.domid,
    )?;
    twice(&host, Effect::DomainUnpause(vm.clone())).await?;
    until_the_agent_speaks(&host).await?;
    twice(&host, Effect::ImageDelete(image.clone())).await?;
    twice(&host, Effect::DomainDestroy(vm)).await?;
    let missing = work(&host, restore(lab, &image)).await;
    ensure_eq("restore from a deleted image", &missing, &Err(EffectError::NoImage))
}

async fn what_is_given_up_is_done_or_not(lab: &impl Lab) -> Check {
    let (host, vm) = (lab.host(), VmId(VM.to_owned()));
    let image = lab.image("conformance");
    let create = Effect::DomainCreate(Box::new(lab.guest(VM)));
    let left = given_up(&host, create).await?;
    ensure(
        "a create that was given up is whole or nothing",
        left.is_none_or(|(done, state)| done && state == Paused),
    )?;
    twice(&host, Effect::DomainDestroy(vm.clone())).await?;
    start(lab, &host).await?;
    let left = given_up(&host, save(&image)).await?;
    let whole = left.is_some_and(|(done, state)| state == if done { Stopped(StopReason::Suspend) } else { Running });
    ensure("a save that was given up is done, or the guest runs", whole)?;
    twice(&host, Effect::DomainDestroy(vm.clone())).await?;
    twice(&host, Effect::ImageDelete(image)).await?;
    start(lab, &host).await?;
    let left = given_up(&host, shutdown(StopReason::Reboot)).await?;
    let whole = left.is_some_and(|(done, state)| state == if done { Stopped(StopReason::Reboot) } else { Running });
    ensure("a shutdown that was given up is done, or the guest runs", whole)?;
    twice(&host, Effect::DomainDestroy(vm)).await?;
    Ok(())
}

/// Whether the effect was done although it was given up at once, and the domain's state then.
async fn given_up(host: &impl Hypervisor, effect: Effect) -> Result<Option<(bool, DomainState)>, Broken> {
    let result = host.work(effect.clone(), Box::pin(std::future::ready(()))).await;
    let known = matches!(result, Ok(_) | Err(EffectError::Cancelled));
    ensure(
        &format!("{effect:?} given up is done or Cancelled, not {result:?}"),
        known,
    )?;
    Ok(state(host).await?.map(|state| (result.is_ok(), state)))
}

async fn a_migration_can_be_undone<L: Lab>(lab: &L, peer: &L::Host, address: &str) -> Check {
    let (host, vm) = (lab.host(), VmId(VM.to_owned()));
    start(lab, &host).await?;
    sent(lab, &host, peer, address, "conformance-1").await?;
    twice(peer, Effect::DomainDestroy(vm.clone())).await?;
    twice(&host, Effect::MigrationUndo(vm.clone())).await?;
    let domain = domain(&host, VM).await?;
    ensure("undone, it runs on", domain.state == Running && !domain.migrating)?;
    twice(&host, Effect::DomainDestroy(vm)).await?;
    Ok(())
}

async fn a_migration_can_be_completed<L: Lab>(lab: &L, peer: &L::Host, address: &str) -> Check {
    let (host, vm) = (lab.host(), VmId(VM.to_owned()));
    start(lab, &host).await?;
    sent(lab, &host, peer, address, "conformance-2").await?;
    ensure_bad_state(
        "unpause of what was sent",
        work(&host, Effect::DomainUnpause(vm.clone())).await,
    )?;
    twice(peer, Effect::DomainUnpause(vm.clone())).await?;
    twice(&host, Effect::DomainDestroy(vm.clone())).await?;
    until_the_agent_speaks(peer).await?;
    let domain = domain(peer, VM).await?;
    ensure("there it runs", domain.state == Running && !domain.migrating)?;
    twice(peer, Effect::DomainDestroy(vm)).await?;
    Ok(())
}

/// Up to where it must be decided.
async fn sent<L: Lab>(lab: &L, host: &L::Host, peer: &L::Host, to: &str, migration: &str) -> Check {
    let vm = VmId(VM.to_owned());
    let receive = Effect::MigrationReceive {
        config: Box::new(lab.guest(VM)),
        migration: migration.to_owned(),
    };
    twice(peer, receive).await?;
    let there = domain(peer, VM).await?;
    ensure(
        "what is received is being built",
        there.state == Building && there.migrating,
    )?;
    ensure_bad_state(
        "unpause of half a domain",
        work(peer, Effect::DomainUnpause(vm.clone())).await,
    )?;
    let send = Effect::MigrationSend {
        vm: vm.clone(),
        migration: migration.to_owned(),
        to: to.to_owned(),
    };
    twice(host, send).await?;
    let (here, there) = (domain(host, VM).await?, domain(peer, VM).await?);
    ensure(
        "sent, it is suspended here",
        here.state == Stopped(StopReason::Suspend) && here.migrating,
    )?;
    ensure("sent, it is paused there", there.state == Paused && there.migrating)
}

fn shutdown(reason: StopReason) -> Effect {
    Effect::DomainShutdown {
        vm: VmId(VM.to_owned()),
        reason,
        within_ms: 600_000,
    }
}

fn save(image: &str) -> Effect {
    Effect::DomainSave {
        vm: VmId(VM.to_owned()),
        image: image.to_owned(),
    }
}

fn restore(lab: &impl Lab, image: &str) -> Effect {
    Effect::DomainRestore {
        config: Box::new(lab.guest(VM)),
        image: image.to_owned(),
    }
}

async fn start(lab: &impl Lab, host: &impl Hypervisor) -> Check {
    twice(host, Effect::DomainCreate(Box::new(lab.guest(VM)))).await?;
    twice(host, Effect::DomainUnpause(VmId(VM.to_owned()))).await?;
    until_the_agent_speaks(host).await
}

async fn until_the_agent_speaks(host: &impl Hypervisor) -> Check {
    while domain(host, VM).await?.guest.is_none() {
        let attention = host.attention().await;
        attention.map_err(|error| Broken(format!("while the agent is waited for: {error}")))?;
    }
    Ok(())
}

async fn work(host: &impl Hypervisor, effect: Effect) -> Result<Done, EffectError> {
    let never: Cancel = Box::pin(std::future::pending());
    host.work(effect, never).await
}

/// Works the effect, and once more: that changes nothing.
async fn twice(host: &impl Hypervisor, effect: Effect) -> Result<Done, Broken> {
    let mut done = Vec::new();
    for time in ["", " again"] {
        let result = work(host, effect.clone()).await;
        done.push(result.map_err(|error| Broken(format!("{effect:?}{time}: {error}")))?);
    }
    ensure_eq(&format!("{effect:?} again"), &done[1], &done[0])?;
    Ok(done.remove(0))
}

async fn domains(host: &impl Hypervisor) -> Result<Vec<Domain>, Broken> {
    let domains = host.domains().await;
    domains.map_err(|error| Broken(format!("the list of domains: {error}")))
}

async fn domain(host: &impl Hypervisor, vm: &str) -> Result<Domain, Broken> {
    let domain = domains(host).await?.into_iter().find(|domain| domain.vm.0 == vm);
    domain.ok_or_else(|| Broken("the domain is not listed".to_owned()))
}

async fn state(host: &impl Hypervisor) -> Result<Option<DomainState>, Broken> {
    let domain = domains(host).await?.into_iter().find(|domain| domain.vm.0 == VM);
    Ok(domain.map(|domain| domain.state))
}

async fn ensure_state(host: &impl Hypervisor, expected: Option<DomainState>) -> Check {
    ensure_eq("the domain's state", &state(host).await?, &expected)
}

fn ensure_bad_state(what: &str, result: Result<Done, EffectError>) -> Check {
    let bad_state = matches!(result, Err(EffectError::BadState(_)));
    ensure(&format!("{what} is BadState, not {result:?}"), bad_state)
}

fn ensure_eq<T: PartialEq + std::fmt::Debug>(what: &str, is: &T, should: &T) -> Check {
    ensure(&format!("{what} is {is:?}, should be {should:?}"), is == should)
}

fn ensure(what: &str, holds: bool) -> Check {
    if holds { Ok(()) } else { Err(Broken(what.to_owned())) }
}

/// Both at once, on one task.
async fn both<A: Future, B: Future>(one: A, two: B) -> (A::Output, B::Output) {
    let (mut one, mut two) = (pin!(one), pin!(two));
    let (mut first, mut second) = (None, None);
    std::future::poll_fn(move |context| {
        if first.is_none()
            && let Poll::Ready(output) = one.as_mut().poll(context)
        {
            first = Some(output);
        }
        if second.is_none()
            && let Poll::Ready(output) = two.as_mut().poll(context)
        {
            second = Some(output);
        }
        match (first.take(), second.take()) {
            (Some(one), Some(two)) => Poll::Ready((one, two)),
            (one, two) => {
                (first, second) = (one, two);
                Poll::Pending
            }
        }
    })
    .await
}
