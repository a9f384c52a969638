//! The working half of one VM on its host: a fault of its driver ends this actor alone.

use actix::{Actor, Context, Handler, Message, ResponseFuture};
use std::sync::Arc;
use tokio::sync::oneshot;
use xenith_xen_port::{Done, Effect, EffectError, Machine};

pub(super) struct DomainActor {
    pub machine: Arc<dyn Machine>,
}

impl Actor for DomainActor {
    type Context = Context<Self>;
}

/// One effect at a time: the host's agent sees to that.
#[derive(Message)]
#[rtype(result = "Result<Done, EffectError>")]
pub(super) struct Work {
    pub effect: Effect,
    /// Fires when the effect should be given up.
    pub given_up: oneshot::Receiver<()>,
}

impl Handler<Work> for DomainActor {
    type Result = ResponseFuture<Result<Done, EffectError>>;

    fn handle(&mut self, Work { effect, given_up }: Work, _: &mut Context<Self>) -> Self::Result {
        let machine = Arc::clone(&self.machine);
        Box::pin(async move {
            let cancel = async {
                if given_up.await.is_err() {
                    // Nobody is left who could give it up.
                    std::future::pending::<()>().await;
                }
            };
            machine.work(effect, Box::pin(cancel)).await
        })
    }
}
