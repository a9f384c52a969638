//! Sharing between those who ask: by turns where work is done, by amounts where something is held.
//!
//! Pure but for the oneshot channels that wake who waits. Invariants: sources that wait are served round robin, each one's in the order they
//! came; who may not have more yet does not hold up the others; what is given out is never more than there is.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;
use xenith_wire::Origin;

/// Who asks, as far as it cannot be made up: an address, not what a client says of itself. `None` is the local socket.
pub(crate) type Source = Option<IpAddr>;

/// A machine has a whole /64 of IPv6 to call from.
const SUBNET: u128 = u128::MAX << 64;

pub(crate) fn source(origin: &Origin) -> Source {
    match origin {
        Origin::UnixSocket | Origin::Member { .. } => None,
        Origin::Tcp { peer, .. } => Some(match peer.ip().to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & SUBNET)),
            address @ IpAddr::V4(_) => address,
        }),
    }
}

/// Round robin over the keys that have something waiting; in order within a key.
#[derive(Debug)]
pub(crate) struct FairQueue<K, T> {
    lines: BTreeMap<K, VecDeque<T>>,
    round: VecDeque<K>,
    length: usize,
}

impl<K, T> Default for FairQueue<K, T> {
    fn default() -> FairQueue<K, T> {
        FairQueue {
            lines: BTreeMap::new(),
            round: VecDeque::new(),
            length: 0,
        }
    }
}

impl<K: Ord + Clone, T> FairQueue<K, T> {
    pub(crate) fn push(&mut self, key: K, item: T) {
        let line = self.lines.entry(key.clone()).or_default();
        if line.is_empty() {
            self.round.push_back(key);
        }
        line.push_back(item);
        self.length += 1;
    }

    pub(crate) fn pop(&mut self) -> Option<(K, T)> {
        self.pop_if(|_, _| true)
    }

    /// The first in turn that may; whose first may not is passed over and keeps its place.
    pub(crate) fn pop_if(&mut self, may: impl Fn(&K, &T) -> bool) -> Option<(K, T)> {
        let first_may = |key: &K| {
            let first = self.lines.get(key).and_then(VecDeque::front);
            first.is_some_and(|item| may(key, item))
        };
        let at = self.round.iter().position(first_may)?;
        let key = self.round.remove(at)?;
        let line = self.lines.get_mut(&key)?;
        let item = line.pop_front()?;
        if line.is_empty() {
            self.lines.remove(&key);
        } else {
            self.round.push_back(key.clone());
        }
        self.length -= 1;
        Some((key, item))
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    pub(crate) fn len_of(&self, key: &K) -> usize {
        self.lines.get(key).map_or(0, VecDeque::len)
    }
}

/// An amount of something that is given out in parts. A source that holds some gets more only while it holds no more than what is left
/// for all others: alone it may have half, each of two a third.
#[derive(Clone, Debug)]
pub(crate) struct Amount(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    free: usize,
    held: BTreeMap<Source, usize>,
    waiting: FairQueue<Source, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    units: usize,
    turn: oneshot::Sender<Part>,
}

/// A part of an [`Amount`], given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Part {
    of: Amount,
    source: Source,
    units: usize,
}

/// Too many wait.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Amount {
    pub(crate) fn new(units: usize) -> Amount {
        Amount(Arc::new(Mutex::new(State {
            free: units,
            held: BTreeMap::new(),
            waiting: FairQueue::default(),
        })))
    }

    /// At once, if the source may have it and nobody of its own waits.
    pub(crate) fn try_take(&self, source: Source, units: usize) -> Option<Part> {
        let mut state = self.state();
        (state.waiting.len_of(&source) == 0 && state.may(&source, units)).then(|| self.part(&mut state, source, units))
    }

    /// A place in the line of the source; `most` wait in all, and those of one source no more than there are places left.
    pub(crate) fn line_up(
        &self,
        source: Source,
        units: usize,
        most: usize,
    ) -> Result<oneshot::Receiver<Part>, TooMany> {
        let mut state = self.state();
        if state.waiting.len() + state.waiting.len_of(&source) >= most {
            return Err(TooMany);
        }
        let (turn, waiting) = oneshot::channel();
        state.waiting.push(source, Waiting { units, turn });
        // It may have become free since it was tried.
        let turns = self.serve(&mut state);
        drop(state);
        tell(turns);
        Ok(waiting)
    }

    /// Waits as long as it takes, among as many as come.
    pub(crate) async fn take(&self, source: Source, units: usize) -> Option<Part> {
        match self.try_take(source, units) {
            Some(part) => Some(part),
            None => self.line_up(source, units, usize::MAX).ok()?.await.ok(),
        }
    }

    pub(crate) fn free(&self) -> usize {
        self.state().free
    }

    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    fn part(&self, state: &mut State, source: Source, units: usize) -> Part {
        state.free -= units;
        *state.held.entry(source).or_default() += units;
        Part {
            of: self.clone(),
            source,
            units,
        }
    }

    fn serve(&self, state: &mut State) -> Vec<(oneshot::Sender<Part>, Part)> {
        let mut turns = Vec::new();
        loop {
            let State { free, held, waiting } = &mut *state;
            let next = waiting.pop_if(|source, waiting| {
                // Who went away is taken out wherever it is met.
                waiting.turn.is_closed() || may(*free, held.get(source).copied(), waiting.units)
            });
            let Some((source, Waiting { units, turn })) = next else {
                return turns;
            };
            if !turn.is_closed() {
                turns.push((turn, self.part(state, source, units)));
            }
        }
    }

    fn give_back(&self, source: Source, units: usize) {
        let mut state = self.state();
        state.free += units;
        if let Some(held) = state.held.get_mut(&source) {
            *held -= units.min(*held);
            if *held == 0 {
                state.held.remove(&source);
            }
        }
        let turns = self.serve(&mut state);
        drop(state);
        tell(turns);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn may(&self, source: &Source, units: usize) -> bool {
        may(self.free, self.held.get(source).copied(), units)
    }
}

/// Whether a source that holds so much may have so much more.
fn may(free: usize, held: Option<usize>, units: usize) -> bool {
    match held {
        None => units <= free,
        Some(held) => held + 2 * units <= free,
    }
}

/// Outside the lock: the part of who went away comes back through [`Part::drop`].
fn tell(turns: Vec<(oneshot::Sender<Part>, Part)>) {
    for (turn, part) in turns {
        drop(turn.send(part));
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.of.give_back(self.source, self.units);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Source = None;
    const B: Source = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));

    #[test]
    fn one_line_cannot_keep_another_waiting() {
        let mut queue = FairQueue::default();
        (0..5).for_each(|at| queue.push("many", at));
        queue.push("one", 100);
        queue.push("two", 200);
        queue.push("two", 201);
        let order: Vec<i32> = std::iter::from_fn(|| queue.pop()).map(|(_, item)| item).collect();
        assert_eq!(order, [0, 100, 200, 1, 201, 2, 3, 4]);
        assert_eq!((queue.len(), queue.len_of(&"many")), (0, 0));
    }

    #[test]
    fn who_may_not_is_passed_over_and_keeps_its_place() {
        let mut queue = FairQueue::default();
        queue.push("a", 1);
        queue.push("b", 2);
        assert_eq!(queue.pop_if(|key, _| *key == "b"), Some(("b", 2)));
        assert_eq!(queue.pop_if(|key, _| *key == "b"), None);
        assert_eq!(queue.pop(), Some(("a", 1)));
    }

    #[test]
    fn nobody_takes_what_the_others_need() {
        let amount = Amount::new(100);
        let of = |source, times| -> Vec<Part> { (0..times).map_while(|_| amount.try_take(source, 1)).collect() };
        let greedy = of(A, 1000);
        assert_eq!(greedy.len(), 50);
        let good = of(B, 1000);
        assert_eq!(good.len(), 25, "half of what was left");
        drop(greedy);
        assert_eq!(of(B, 1000).len(), 25, "half of all, with what it holds");
        drop(good);
        assert_eq!(amount.free(), 100);
    }

    #[test]
    fn who_holds_nothing_gets_what_fits() {
        let amount = Amount::new(10);
        let all = amount.try_take(A, 10).unwrap();
        assert!(amount.try_take(B, 1).is_none());
        drop(all);
        assert!(amount.try_take(B, 1).is_some());
    }

    #[tokio::test]
    async fn what_comes_back_goes_round() {
        let amount = Amount::new(1);
        let first = amount.try_take(A, 1).unwrap();
        let mut greedy: Vec<_> = (0..3).map(|_| amount.line_up(A, 1, 10).unwrap()).collect();
        let good = amount.line_up(B, 1, 10).unwrap();
        let gone = amount.line_up(B, 1, 10).unwrap();
        drop(gone);
        drop(first);
        let second = greedy.remove(0).await.unwrap();
        assert!(greedy[0].try_recv().is_err());
        drop(second);
        drop(good.await.unwrap());
        drop(greedy.remove(0).await.unwrap());
        drop(greedy.remove(0).await.unwrap());
        assert_eq!((amount.free(), amount.waiting()), (1, 0));
    }

    #[test]
    fn one_source_cannot_take_every_place_in_the_line() {
        let amount = Amount::new(1);
        let _all = amount.try_take(A, 1).unwrap();
        let mut waiting = Vec::new();
        while let Ok(place) = amount.line_up(A, 1, 10) {
            waiting.push(place);
        }
        assert_eq!(waiting.len(), 5);
        assert!(amount.line_up(B, 1, 10).is_ok());
    }
}
