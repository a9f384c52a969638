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
    world.probes.hit("fault");
    match world.random.below(100) {
        0..22 => change_coordinator(world),
        22..35 => restart_daemon(world, host),
        35..45 => end_daemon_soon(world, host),
        45..53 => power(world, host),
        53..70 => declare_dead(world, host),
        70..72 => declare_dead_alive(world, host),
        72..79 => cut(world, host),
        79..82 => lose_journal(world, host),
        _ => guest_stops(world, host),
    }
}

pub fn change_coordinator(world: &mut World) {
    let kept = world.random.index(world.coordinator.in_flight() + 1);
    world.change_coordinator(kept);
}

fn restart_daemon(world: &mut World, host: usize) {
    if world.hosts[host].machine.is_none() {
        return;
    }
    world.probes.hit("daemon_restarted");
    if world.hosts[host].agent.is_some() {
        world.hosts[host].stop_daemon();
    } else {
        let now_ms = world.machine_ms();
        let out = world.hosts[host].start_daemon(now_ms, world.plant == PoolPlant::NoWelcome);
        world.send_out(host, out);
    }
}

/// Trouble does not last: one host that is off, cut off or without its daemon is put right.
pub fn mend(world: &mut World) {
    let is_bad = |world: &World, at: usize| {
        let host = &world.hosts[at];
        host.machine.is_none() || host.agent.is_none() || world.cut[at]
    };
    let bad: Vec<usize> = (0..world.hosts.len()).filter(|at| is_bad(world, *at)).collect();
    let Some(host) = bad.get(world.random.index(bad.len())).copied() else {
        return world.pass_on();
    };
    world.cut[host] = false;
    match world.hosts[host].machine.is_some() {
        true if world.hosts[host].agent.is_none() => restart_daemon(world, host),
        true => {}
        false => power(world, host),
    }
}

/// Between two deeds, whichever they are.
fn end_daemon_soon(world: &mut World, host: usize) {
    world.probes.hit("daemon_ends_between_deeds");
    world.hosts[host].ends_in = Some(world.random.index(7));
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
    if world.hosts[host].machine.is_none() {
        world.probes.hit("declared_dead");
        declare(world, host);
    }
}

/// By one who does not.
fn declare_dead_alive(world: &mut World, host: usize) {
    if world.hosts[host].machine.is_some() {
        world.probes.hit("declared_dead_alive");
        declare(world, host);
    }
}

pub fn declare(world: &mut World, host: usize) {
    let head = world.coordinator.head.clone();
    let params = [Value::Ref(world.hosts[host].row.clone())];
    let dead = world.plan(&head, |cx| dead::declare_dead(cx, Args(&params)));
    let (tx, _) = dead.expect("a host can be declared dead");
    world.say(|| format!("host {host} is declared dead"));
    world.propose(tx, Proposal::Other);
}

/// The host and the coordinator do not hear each other, until this comes again.
fn cut(world: &mut World, host: usize) {
    world.cut[host] = !world.cut[host];
    let is_cut = world.cut[host];
    world.say(|| format!("host {host} is cut off: {is_cut}"));
    world.probes.hit("host_cut_off");
}

pub fn lose_journal(world: &mut World, host: usize) {
    world.say(|| format!("host {host} loses its journal"));
    world.probes.hit("journal_lost");
    world.hosts[host].stop_daemon();
    world.hosts[host].journal = xenith_classes::agent::Journal::default();
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
