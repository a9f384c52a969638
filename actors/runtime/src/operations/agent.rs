//! The host's agent: an actor around [`xenith_classes::agent::Agent`], which decides everything. Here deeds are done, in their order.
//!
//! Invariants: what is to be kept is durable before the deeds that come after it are done; while the journal cannot be written this host
//! works nothing new; a machine that has started anew gets an agent anew, and what the old one waited for is not heard any more.

use super::domain::{DomainActor, Work};
use super::journal::{JournalError, JournalFile};
use super::teller::Teller;
use super::{AGAIN, ThisMachine};
use crate::ids::SystemIds;
use actix::{
    Actor, ActorFutureExt as _, Addr, ArbiterHandle, AsyncContext as _, Context, Handler, Message, ResponseFuture,
    WrapFuture as _,
};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::{debug, error, info, warn};
use xenith_classes::Ids as _;
use xenith_classes::agent::{Agent, Deed, Keep, Report, Seen, Signed};
use xenith_datamodel::Ref;
use xenith_pooldb::View;
use xenith_xen_port::{Done, Effect, EffectError, Machine, VmId};

/// Between the end of a look and the next, at least: a host that starts many VMs has a change every few milliseconds, and each look reads
/// all.
const LOOK_PAUSE: Duration = Duration::from_millis(50);
/// The pause is so many times what the look took, if that is longer: a host with thousands of domains has other work, too.
const LOOK_SHARE: u32 = 4;
/// A look at all domains repairs what attention missed.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// A guest's first words say what it can be asked: they do not wait as long.
const FIRST_WORDS_EVERY: Duration = Duration::from_millis(500);
/// What guests say changes the database so often at most (CORRECTNESS C8).
const GUESTS_EVERY: Duration = Duration::from_secs(5);
/// Before what failed (the machine, the disk) is tried again.
const PAUSE: Duration = Duration::from_secs(1);

pub(crate) struct HostAgent {
    agent: Agent,
    /// Counts agents: an effect that an earlier one began is not heard.
    epoch: u64,
    rows: Rows,
    machine: Arc<dyn Machine>,
    domains: BTreeMap<Option<VmId>, Addr<DomainActor>>,
    cancels: BTreeMap<u64, oneshot::Sender<()>>,
    /// Nothing while it is being written.
    journal: Option<JournalFile>,
    /// The last write failed: the file is to be written anew.
    is_broken: bool,
    deeds: Vec<Deed>,
    /// Who waits until the deeds so far are done.
    waiting: Vec<oneshot::Sender<()>>,
    teller: Teller,
    look: Look,
    is_timer_set: bool,
    guests_told: Option<Instant>,
    are_first_words_due: bool,
}

/// What the agent learns without a coordinator.
pub(super) struct Rows {
    /// This host's copy of the rows, and its own among them.
    pub applied: Box<dyn Fn() -> (Arc<View>, Ref) + Send>,
    /// For guests that stop again and again: as exact as the wall's clock.
    pub now_ms: Box<dyn Fn() -> u64 + Send>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Idle,
    /// It looks, or has looked just now.
    Looking,
    /// Something has changed since.
    LookingAndAgain,
}

/// The coordinator speaks. Answered when what it said is kept and begun.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Hear(pub Vec<Signed>);

/// Another coordinator: it has heard nothing yet.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct TellAgain;

impl HostAgent {
    pub fn start(
        this: ThisMachine,
        rows: Rows,
        teller: Teller,
        arbiter: ArbiterHandle,
    ) -> Result<Addr<HostAgent>, JournalError> {
        let (file, journal) = JournalFile::open(&this.journal)?;
        let (agent, deeds) = Agent::restarted(journal, &this.boot_id, &SystemIds.uuid());
        Ok(HostAgent::start_in_arbiter(&arbiter, |_| HostAgent {
            agent,
            epoch: 0,
            rows,
            machine: this.machine,
            domains: BTreeMap::new(),
            cancels: BTreeMap::new(),
            journal: Some(file),
            is_broken: false,
            deeds,
            waiting: Vec::new(),
            teller,
            look: Look::Idle,
            is_timer_set: false,
            guests_told: None,
            are_first_words_due: false,
        }))
    }

    /// The agent, with the time said.
    fn agent(&mut self) -> &mut Agent {
        self.agent.pass_time((self.rows.now_ms)());
        &mut self.agent
    }

    fn do_these(&mut self, deeds: Vec<Deed>, ctx: &mut Context<Self>) {
        self.deeds.extend(deeds);
        self.go_on(ctx);
    }

    /// Keeps what is to be kept of all deeds that wait, then does the others.
    fn go_on(&mut self, ctx: &mut Context<Self>) {
        let Some(journal) = self.journal.take() else { return };
        let deeds = std::mem::take(&mut self.deeds);
        let waiting = std::mem::take(&mut self.waiting);
        let changes: Vec<Keep> = deeds.iter().filter_map(kept).collect();
        if changes.is_empty() && !self.is_broken {
            self.journal = Some(journal);
            return self.do_now(deeds, waiting, ctx);
        }
        // All changes so far are in it, these among them.
        let whole = (self.is_broken || journal.has_grown()).then(|| self.agent.journal().clone());
        let write = move || {
            let mut journal = journal;
            let written = match whole {
                Some(whole) => journal.replace(&whole),
                None => journal.append(changes),
            };
            Ok((journal, written))
        };
        let written = xenith_raft::blocking::run(write);
        ctx.spawn(written.into_actor(self).map(move |result, actor, ctx| match result {
            Ok((journal, written)) => actor.written(journal, written, (deeds, waiting), ctx),
            Err(fault) => {
                error!(%fault, "the writer of the journal ended by a fault; this host works nothing any more")
            }
        }));
    }

    fn written(
        &mut self,
        journal: JournalFile,
        written: io::Result<()>,
        (deeds, waiting): (Vec<Deed>, Vec<oneshot::Sender<()>>),
        ctx: &mut Context<Self>,
    ) {
        match written {
            Ok(()) => {
                self.journal = Some(journal);
                self.is_broken = false;
                self.do_now(deeds, waiting, ctx);
                self.go_on(ctx);
            }
            Err(cause) => {
                error!(%cause, "the journal of this host's work cannot be written; nothing new is worked");
                self.is_broken = true;
                self.deeds.splice(0..0, deeds);
                self.waiting.splice(0..0, waiting);
                ctx.run_later(PAUSE, move |actor, ctx| {
                    actor.journal = Some(journal);
                    actor.go_on(ctx);
                });
            }
        }
    }

    fn do_now(&mut self, deeds: Vec<Deed>, waiting: Vec<oneshot::Sender<()>>, ctx: &mut Context<Self>) {
        for deed in deeds {
            match deed {
                Deed::Keep(_) => {}
                Deed::Work { ticket, effect } => self.work(ticket, effect, ctx),
                Deed::Cancel { ticket } => {
                    if let Some(cancel) = self.cancels.remove(&ticket) {
                        // It may have ended just now.
                        let _ = cancel.send(());
                    }
                }
                Deed::Tell(report) => self.tell(report),
            }
        }
        for waiting in waiting {
            // Who waited may be gone.
            let _ = waiting.send(());
        }
        self.set_timer(ctx);
    }

    fn work(&mut self, ticket: u64, effect: Effect, ctx: &mut Context<Self>) {
        let vm = effect.vm().cloned();
        debug!(?vm, ?effect, "working");
        let (cancel, given_up) = oneshot::channel();
        self.cancels.insert(ticket, cancel);
        let machine = &self.machine;
        let domain = self.domains.entry(vm.clone()).or_insert_with(|| {
            DomainActor {
                machine: Arc::clone(machine),
            }
            .start()
        });
        let epoch = self.epoch;
        let sent = domain.send(Work { effect, given_up }).into_actor(self);
        ctx.spawn(sent.map(move |sent, actor, ctx| {
            if epoch != actor.epoch {
                return;
            }
            let result = sent.unwrap_or_else(|fault| {
                error!(?vm, %fault, "what worked a domain ended by a fault");
                actor.domains.remove(&vm);
                Err(EffectError::NotKnown("the driver ended by a fault".to_owned()))
            });
            actor.worked(ticket, (vm, result), ctx);
        }));
    }

    fn worked(
        &mut self,
        ticket: u64,
        (vm, result): (Option<VmId>, Result<Done, EffectError>),
        ctx: &mut Context<Self>,
    ) {
        self.cancels.remove(&ticket);
        if let Err(cause) = &result {
            info!(?vm, %cause, "an effect was not done");
        }
        let deeds = self.agent().worked(ticket, result);
        let is_idle = vm.as_ref().is_none_or(|vm| !self.agent.is_busy(vm));
        if is_idle {
            self.domains.remove(&vm);
        }
        self.do_these(deeds, ctx);
        // What stopped while it was worked is answered now.
        self.look(ctx);
    }

    /// A full queue: the agent tells again.
    fn tell(&mut self, report: Report) {
        if self.teller.try_send(report).is_err() {
            debug!("a report has to wait");
        }
    }

    /// While something is not answered, or could not be done yet.
    fn set_timer(&mut self, ctx: &mut Context<Self>) {
        let journal = self.agent.journal();
        let is_quiet = self.agent.untold().is_empty() && journal.stopping.is_empty() && !journal.condemned;
        if is_quiet || std::mem::replace(&mut self.is_timer_set, true) {
            return;
        }
        ctx.run_later(AGAIN, |actor, ctx| {
            actor.is_timer_set = false;
            actor.tell_again();
            actor.look(ctx);
        });
    }

    fn tell_again(&mut self) {
        for report in self.agent.untold() {
            self.tell(report);
        }
    }

    /// One look at a time, the first at once.
    fn look(&mut self, ctx: &mut Context<Self>) {
        if self.look != Look::Idle {
            self.look = Look::LookingAndAgain;
            return;
        }
        self.look = Look::Looking;
        let (machine, epoch) = (Arc::clone(&self.machine), self.epoch);
        // The rows first: a domain that they speak of is in the list, or gone.
        let (view, host) = (self.rows.applied)();
        let is_to_empty = self.agent.is_to_empty();
        let begun = Instant::now();
        let seen = async move {
            let domains = machine.domains().await?;
            let attached = match is_to_empty {
                true => Some(machine.attachments().await?),
                false => None,
            };
            Ok::<_, EffectError>((domains, attached))
        };
        ctx.spawn(seen.into_actor(self).map(move |seen, actor, ctx| {
            match seen {
                Ok((domains, attached)) if epoch == actor.epoch => {
                    let seen = Seen {
                        domains: &domains,
                        attached: attached.as_deref(),
                    };
                    actor.look_at(seen, (&view, &host), ctx);
                }
                Ok(_) => {}
                Err(cause) => debug!(%cause, "what is on the machine could not be listed"),
            }
            ctx.run_later(LOOK_PAUSE.max(begun.elapsed() * LOOK_SHARE), Self::has_looked);
        }));
    }

    fn has_looked(&mut self, ctx: &mut Context<Self>) {
        if std::mem::replace(&mut self.look, Look::Idle) == Look::LookingAndAgain {
            self.look(ctx);
        }
    }

    fn look_at(&mut self, seen: Seen<'_>, (view, host): (&View, &Ref), ctx: &mut Context<Self>) {
        self.agent.see(seen.domains);
        self.tell_guests(ctx);
        match self.agent().look(seen, view, host) {
            Ok(deeds) => self.do_these(deeds, ctx),
            Err(error) => warn!(%error, "this host's rows could not be read"),
        }
    }

    /// At once after a time of silence.
    fn tell_guests(&mut self, ctx: &mut Context<Self>) {
        let now = Instant::now();
        let has_first_words = self.agent.has_first_words();
        let pause = if has_first_words {
            FIRST_WORDS_EVERY
        } else {
            GUESTS_EVERY
        };
        let due = self.guests_told.map(|told| told + pause).filter(|due| *due > now);
        if let Some(due) = due {
            if has_first_words && !std::mem::replace(&mut self.are_first_words_due, true) {
                ctx.run_later(due - now, |actor, ctx| {
                    actor.are_first_words_due = false;
                    actor.tell_guests(ctx);
                });
            }
            return;
        }
        if let Some(report) = self.agent.next_guests() {
            self.guests_told = Some(now);
            self.tell(report);
        }
    }

    /// Looks whenever something changes by itself.
    fn watch(&mut self, ctx: &mut Context<Self>) {
        let machine = Arc::clone(&self.machine);
        let attention = async move { machine.attention().await };
        ctx.spawn(attention.into_actor(self).map(|attention, actor, ctx| match attention {
            Ok(_) => {
                actor.look(ctx);
                actor.watch(ctx);
            }
            Err(cause) => {
                warn!(%cause, "the machine cannot be watched");
                ctx.run_later(PAUSE, |actor, ctx| {
                    actor.check_boot(ctx);
                    actor.watch(ctx);
                });
            }
        }));
    }

    /// A machine may have started anew under a daemon that went on.
    fn check_boot(&mut self, ctx: &mut Context<Self>) {
        let machine = Arc::clone(&self.machine);
        let facts = async move { machine.host_facts().await };
        ctx.spawn(facts.into_actor(self).map(|facts, actor, ctx| match facts {
            Ok(facts) => actor.is_in_boot(&facts.boot_id, ctx),
            Err(cause) => debug!(%cause, "the machine's facts could not be read"),
        }));
    }

    fn is_in_boot(&mut self, boot_id: &str, ctx: &mut Context<Self>) {
        if self.agent.journal().machine_boot_id() == boot_id {
            return;
        }
        warn!(boot_id, "the machine has started anew");
        self.epoch += 1;
        self.cancels.clear();
        self.domains.clear();
        let (agent, deeds) = Agent::restarted(self.agent.journal().clone(), boot_id, &SystemIds.uuid());
        self.agent = agent;
        self.do_these(deeds, ctx);
    }
}

fn kept(deed: &Deed) -> Option<Keep> {
    match deed {
        Deed::Keep(change) => Some(change.clone()),
        Deed::Work { .. } | Deed::Cancel { .. } | Deed::Tell(_) => None,
    }
}

impl Actor for HostAgent {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.go_on(ctx);
        self.check_boot(ctx);
        self.watch(ctx);
        self.look(ctx);
        ctx.run_interval(LOOK_EVERY, |actor, ctx| {
            actor.check_boot(ctx);
            actor.look(ctx);
        });
        ctx.run_interval(GUESTS_EVERY, |actor, ctx| actor.tell_guests(ctx));
    }
}

impl Handler<Hear> for HostAgent {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, Hear(said): Hear, ctx: &mut Context<Self>) -> Self::Result {
        let agent = self.agent();
        let deeds = said.into_iter().flat_map(|signed| agent.hear(signed)).collect();
        let (done, wait) = oneshot::channel();
        self.waiting.push(done);
        self.do_these(deeds, ctx);
        Box::pin(async move {
            // Dropped, this agent is gone: what was said comes again.
            drop(wait.await);
        })
    }
}

impl Handler<TellAgain> for HostAgent {
    type Result = ();

    fn handle(&mut self, _: TellAgain, _: &mut Context<Self>) {
        self.tell_again();
    }
}
