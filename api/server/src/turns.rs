//! Who is worked for next on a worker, when more is asked for than it can do: everybody in turn, however much they ask.
//!
//! A worker is one thread. Without turns it serves what came first, so a client with many connections has nearly all of it. A turn is a piece
//! of work without a pause: taking a call apart, making its reply, or the next chunk of a long one.
//! Invariants: sources that wait are served round robin; a wait holds a few words of memory, and there is one for a connection at most;
//! between two rounds the worker looks at its sockets, so who comes lines up soon.

use crate::fair::{FairQueue, Source};
use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Turns are given for so long between two looks at the sockets.
const ROUND: Duration = Duration::from_micros(200);

#[derive(Default)]
struct Turns {
    waiting: FairQueue<Source, oneshot::Sender<()>>,
    /// A task gives turns: whoever comes must line up.
    is_giving: bool,
    round_ends: Option<Instant>,
}

thread_local! {
    // A worker is a thread, and actix-web makes an application for each of its sockets: this is what they share.
    static TURNS: RefCell<Turns> = RefCell::default();
}

impl Turns {
    /// To the next who still waits; false when nobody does.
    fn give_one(&mut self) -> bool {
        while let Some((_, turn)) = self.waiting.pop() {
            if turn.send(()).is_ok() {
                return true;
            }
        }
        false
    }
}

/// `None`: it is this one's turn now.
fn line_up(source: Source) -> Option<oneshot::Receiver<()>> {
    TURNS.with_borrow_mut(|turns| {
        if !turns.is_giving {
            turns.is_giving = true;
            actix_web::rt::spawn(give());
            return None;
        }
        let (turn, waiting) = oneshot::channel();
        turns.waiting.push(source, turn);
        Some(waiting)
    })
}

async fn give() {
    loop {
        // Comes back when the worker has nothing else to do that is ready, and has looked at its sockets.
        tokio::task::yield_now().await;
        let anybody = TURNS.with_borrow_mut(|turns| {
            turns.round_ends = Some(Instant::now() + ROUND);
            turns.is_giving = turns.give_one();
            turns.is_giving
        });
        if !anybody {
            return;
        }
    }
}

/// Somebody's turn, until it is dropped.
pub(crate) struct Turn(());

impl Drop for Turn {
    fn drop(&mut self) {
        TURNS.with_borrow_mut(|turns| {
            if turns.is_giving && turns.round_ends.is_some_and(|end| Instant::now() < end) {
                turns.give_one();
            }
        });
    }
}

/// Waits for a turn, which must end before the next await.
pub(crate) async fn turn(source: Source) -> Turn {
    if let Some(waiting) = line_up(source) {
        // The sender is dropped only with the worker.
        let _ = waiting.await;
    }
    Turn(())
}

/// Does work in turns: whenever it was woken it waits for the next.
pub(crate) struct InTurn<F> {
    source: Source,
    waiting: Option<oneshot::Receiver<()>>,
    work: F,
}

pub(crate) fn in_turn<F: Future + Unpin>(source: Source, work: F) -> InTurn<F> {
    InTurn {
        source,
        waiting: None,
        work,
    }
}

impl<F: Future + Unpin> Future for InTurn<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        if self.waiting.is_none() {
            self.waiting = line_up(self.source);
        }
        if let Some(waiting) = &mut self.waiting {
            // As in [`turn`].
            let _ = ready!(Pin::new(waiting).poll(cx));
            self.waiting = None;
        }
        let _turn = Turn(());
        Pin::new(&mut self.work).poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;
    use std::rc::Rc;

    /// What was done, in order, by pieces of work of some sources that all come at once.
    async fn order(work: &[(&'static str, Source, usize)]) -> Vec<&'static str> {
        let done = Rc::new(RefCell::new(Vec::new()));
        let mut tasks = Vec::new();
        for (name, source, count) in work {
            for _ in 0..*count {
                let (done, name) = (Rc::clone(&done), *name);
                let work = Box::pin(async move { done.borrow_mut().push(name) });
                tasks.push(actix_web::rt::spawn(in_turn(*source, work)));
            }
        }
        for task in tasks {
            task.await.unwrap();
        }
        done.take()
    }

    #[actix_web::test]
    async fn who_has_many_connections_keeps_nobody_waiting() {
        let good = Some(IpAddr::from([192, 0, 2, 1]));
        let order = order(&[("greedy", None, 200), ("good", good, 3)]).await;
        assert_eq!(order.len(), 203);
        let last = order.iter().rposition(|name| *name == "good").unwrap();
        // One came before there was a line.
        assert!(last <= 6, "{order:?}");
    }

    #[actix_web::test]
    async fn who_went_away_takes_no_turn() {
        let first = turn(None).await;
        let gone: Vec<_> = (0..10).map(|_| line_up(None).unwrap()).collect();
        let stays = line_up(None).unwrap();
        drop(gone);
        drop(first);
        stays.await.unwrap();
        drop(Turn(()));
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        assert!(!TURNS.with_borrow(|turns| turns.is_giving));
    }
}
