//! What goes wrong, by chance.

use super::coordinator::Proposal;
use super::plant::PoolPlant;
use super::world::World;
use xenith_classes::Args;
use xenith_classes::host::dead;
use xenith_datamodel::Value;
use xenith_xen_port::{DomainState, StopReason};

pub fn fault(world: &mut World) {
    let host = world.random.index(world.hosts.len());
    match world.random.below(100) {
        0..30 => {
            let kept = world.random.index(world.coordinator.in_flight() + 1);
            world.change_coordinator(kept);
        }
        30..50 => restart_daemon(world, host),
        50..60 => power(world, host),
        60..75 => declare_dead(world, host),
        _ => guest_stops(world, host),
    }
}

fn restart_daemon(world: &mut World, host: usize) {
    if world.hosts[host].machine.is_none() {
        return;
    }
    world.probes.hit("daemon_restarted");
    if world.hosts[host].agent.is_some() {
        world.hosts[host].stop_daemon();
    } else {
        let out = world.hosts[host].start_daemon(world.plant == PoolPlant::NoWelcome);
        world.send_out(host, out);
    }
}

fn power(world: &mut World, host: usize) {
    world.say(|| format!("power of host {host}"));
    if world.hosts[host].machine.is_some() {
        world.probes.hit("power_off");
        world.hosts[host].power_off();
    } else {
        world.power_on(host);
    }
}

/// By an operator who knows: only a machine without power is declared dead.
fn declare_dead(world: &mut World, host: usize) {
    if world.hosts[host].machine.is_some() && world.plant != PoolPlant::DeclaredDeadAlive {
        return;
    }
    let head = world.coordinator.head.clone();
    let params = [Value::Ref(world.hosts[host].row.clone())];
    let dead = world.plan(&head, |cx| dead::declare_dead(cx, Args(&params)));
    let (tx, _) = dead.expect("a host can be declared dead");
    world.say(|| format!("host {host} is declared dead"));
    world.probes.hit("declared_dead");
    world.propose(tx, Proposal::Other);
}

fn guest_stops(world: &mut World, host: usize) {
    let now = world.machine_ms();
    let reason = world
        .random
        .one_of([StopReason::Poweroff, StopReason::Reboot, StopReason::Crash]);
    let Some(machine) = world.hosts[host].machine.as_mut() else {
        return;
    };
    let running: Vec<_> = machine
        .domains()
        .into_iter()
        .filter(|domain| domain.state == DomainState::Running)
        .collect();
    let chosen = world.random.index(running.len());
    if let Some(domain) = running.get(chosen)
        && machine.guest_stops(now, &domain.vm, reason)
    {
        world.probes.hit("guest_stops");
    }
}
