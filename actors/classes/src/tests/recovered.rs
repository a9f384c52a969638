//! Orders that a daemon works once more after it has started again.

use crate::agent::{Agent, Deed, Fence, Journal, Keep, Report, Said, Signed};
use crate::operation::Order;
use xenith_datamodel::Ref;
use xenith_xen_port::{Done, Effect, EffectError, StopReason, VmId};

const BOOT: &str = "boot-1";

fn vm() -> VmId {
    VmId("vm".to_owned())
}

fn order(effects: &[Effect], cancel: bool) -> Signed {
    let order = Order {
        created: 10,
        operation: Ref::new("task"),
        sequence: 1,
        effects: effects.to_vec(),
        cancel,
    };
    Signed {
        fence: Fence { term: 1, index: 1 },
        as_of: 10,
        said: Said::Order(order),
    }
}

/// A daemon that was ended while it worked the order.
fn ended_while_working(effects: &[Effect]) -> Journal {
    let mut journal = Journal::default();
    journal.apply(&Keep::Booted(BOOT.to_owned()));
    journal.apply(&Keep::Welcome(1));
    let (mut agent, _) = Agent::restarted(journal, BOOT, "journal");
    agent.hear(order(effects, false));
    agent.journal().clone()
}

fn ticket_of(deeds: &[Deed]) -> u64 {
    let ticket = deeds.iter().find_map(|deed| match deed {
        Deed::Work { ticket, .. } => Some(*ticket),
        Deed::Keep(_) | Deed::Cancel { .. } | Deed::Tell(_) => None,
    });
    ticket.unwrap()
}

/// The memory may be on the disk already, and the domain suspended: "given up before the first effect" would be a lie (seed 57).
#[test]
fn what_may_have_been_done_is_not_given_up_but_worked_to_its_end() {
    let save = Effect::DomainSave {
        vm: vm(),
        image: "image".to_owned(),
    };
    let effects = [Effect::DomainPause(vm()), save];
    let (mut agent, _) = Agent::restarted(ended_while_working(&effects), BOOT, "journal");
    let deeds = agent.hear(order(&effects, true));
    assert!(
        !deeds
            .iter()
            .any(|deed| matches!(deed, Deed::Cancel { .. } | Deed::Tell(_))),
        "{deeds:?}"
    );
    let deeds = agent.worked(ticket_of(&deeds), Ok(Done::default()));
    let deeds = agent.worked(ticket_of(&deeds), Ok(Done::default()));
    let told = deeds
        .iter()
        .any(|deed| matches!(deed, Deed::Tell(Report::Outcome { outcome: Ok(_), .. })));
    assert!(told, "{deeds:?}");
}

/// A guest may take twenty minutes to stop: whoever wants to stop it by force does not wait for that.
#[test]
fn a_guest_that_is_waited_for_can_be_given_up() {
    let effects = [Effect::DomainShutdown {
        vm: vm(),
        reason: StopReason::Poweroff,
        within_ms: 1,
    }];
    let (mut agent, _) = Agent::restarted(ended_while_working(&effects), BOOT, "journal");
    let deeds = agent.hear(order(&effects, true));
    assert!(
        deeds.iter().any(|deed| matches!(deed, Deed::Cancel { .. })),
        "{deeds:?}"
    );
    let deeds = agent.worked(ticket_of(&deeds), Err(EffectError::Cancelled));
    let told = deeds
        .iter()
        .any(|deed| matches!(deed, Deed::Tell(Report::Outcome { outcome: Err(_), .. })));
    assert!(told, "{deeds:?}");
}
