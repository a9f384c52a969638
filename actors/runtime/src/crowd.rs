//! How many changes of one source are under way at a time. A change waits behind all that were proposed before it, and a read until what was
//! committed is applied, so a client with hundreds of changes would make everybody wait; while it is alone, that is what makes it fast.
//!
//! Invariants: a source that others wait beside has no more than [`BESIDE_OTHERS`] under way; what waits is served in order, and always has
//! something of its own under way before it, whose end serves it.

use crate::penalty::Source;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Of one source while others ask too. So many are committed in a few milliseconds.
const BESIDE_OTHERS: usize = 32;
/// Who asked for anything within so long counts among the others.
const RECENT: Duration = Duration::from_secs(1);
/// Sources that are told apart; when there are more, the new ones share one entry.
const MOST_SOURCES: usize = 1024;

/// Cloning gives another handle of the same crowd.
#[derive(Clone, Default)]
pub(crate) struct Crowd(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    members: BTreeMap<Source, Member>,
    /// When those that are gone were last taken out.
    swept: Option<Instant>,
}

struct Member {
    under_way: usize,
    waiting: VecDeque<oneshot::Sender<Place>>,
    /// When it last asked for anything.
    last: Instant,
}

/// A change that is under way, until it is dropped.
pub(crate) struct Place {
    crowd: Crowd,
    source: Source,
}

impl State {
    /// The source's entry, which is [`Source::Other`]'s when there are too many.
    fn seen(&mut self, source: Source, now: Instant) -> Source {
        if self
            .swept
            .is_none_or(|swept| now.saturating_duration_since(swept) >= RECENT)
        {
            self.swept = Some(now);
            self.members.retain(|_, member| member.is_there(now));
        }
        let source = match self.members.contains_key(&source) || self.members.len() < MOST_SOURCES {
            true => source,
            false => Source::Other,
        };
        let member = self.members.entry(source).or_insert_with(|| Member {
            under_way: 0,
            waiting: VecDeque::new(),
            last: now,
        });
        member.last = now;
        source
    }

    fn is_beside_others(&self, source: Source, now: Instant) -> bool {
        let mut others = self.members.iter().filter(|(other, _)| **other != source);
        others.any(|(_, member)| member.is_there(now))
    }
}

impl Member {
    fn is_there(&self, now: Instant) -> bool {
        self.under_way > 0 || now.saturating_duration_since(self.last) < RECENT
    }
}

impl Crowd {
    /// The source asks for something, if only to read.
    pub(crate) fn note(&self, source: Source) {
        self.state().seen(source, Instant::now());
    }

    pub(crate) async fn enter(&self, source: Source) -> Option<Place> {
        match self.arrive(source, Instant::now()) {
            Ok(place) => Some(place),
            // An error only says that the crowd is gone.
            Err(waiting) => waiting.await.ok(),
        }
    }

    fn arrive(&self, source: Source, now: Instant) -> Result<Place, oneshot::Receiver<Place>> {
        let mut state = self.state();
        let source = state.seen(source, now);
        let is_beside = state.is_beside_others(source, now);
        let (turn, waiting) = oneshot::channel();
        let Some(member) = state.members.get_mut(&source) else {
            return Err(waiting);
        };
        if member.under_way < BESIDE_OTHERS || (!is_beside && member.waiting.is_empty()) {
            member.under_way += 1;
            return Ok(self.place(source));
        }
        member.waiting.push_back(turn);
        Err(waiting)
    }

    fn place(&self, source: Source) -> Place {
        Place {
            crowd: self.clone(),
            source,
        }
    }

    fn leave(&self, source: Source, now: Instant) {
        let mut state = self.state();
        let is_beside = state.is_beside_others(source, now);
        let Some(member) = state.members.get_mut(&source) else {
            return;
        };
        member.under_way = member.under_way.saturating_sub(1);
        let mut served = Vec::new();
        while !is_beside || member.under_way < BESIDE_OTHERS {
            let Some(turn) = member.waiting.pop_front() else { break };
            if !turn.is_closed() {
                member.under_way += 1;
                served.push(turn);
            }
        }
        drop(state);
        // Outside the lock: who went away in between leaves at once.
        for turn in served {
            drop(turn.send(self.place(source)));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.crowd.leave(self.source, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    const GREEDY: Source = Source::Other;

    fn good() -> Source {
        Source::Address(IpAddr::from([192, 0, 2, 1]))
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_alone_has_no_bound_and_who_is_not_has() {
        let (crowd, now) = (Crowd::default(), Instant::now());
        let mut many: Vec<Place> = (0..500).map_while(|_| crowd.arrive(GREEDY, now).ok()).collect();
        assert_eq!(many.len(), 500);
        // A reader counts.
        crowd.note(good());
        let mut waiting: Vec<_> = (0..40).map(|_| crowd.arrive(GREEDY, now).err().unwrap()).collect();
        // Its own have to end before more of it begin.
        many.truncate(BESIDE_OTHERS);
        assert!(waiting[0].try_recv().is_err());
        many.pop();
        let served = waiting.iter_mut().filter_map(|waiting| waiting.try_recv().ok());
        let served: Vec<Place> = served.collect();
        assert_eq!(served.len(), 1);
        // The other has gone: at the next end all go on.
        tokio::time::advance(RECENT).await;
        many.pop();
        let served: Vec<Place> = waiting
            .iter_mut()
            .filter_map(|waiting| waiting.try_recv().ok())
            .collect();
        assert_eq!(served.len(), 39);
    }

    #[tokio::test(start_paused = true)]
    async fn who_went_away_is_passed_over() {
        let (crowd, now) = (Crowd::default(), Instant::now());
        crowd.note(good());
        let mut places: Vec<Place> = (0..BESIDE_OTHERS)
            .map(|_| crowd.arrive(GREEDY, now).ok().unwrap())
            .collect();
        drop(crowd.arrive(GREEDY, now).err().unwrap());
        let mut stays = crowd.arrive(GREEDY, now).err().unwrap();
        places.pop();
        assert!(stays.try_recv().is_ok());
        drop(places);
        tokio::time::advance(RECENT).await;
        crowd.note(good());
        assert_eq!(crowd.state().members.len(), 1, "who is gone is forgotten");
    }
}
