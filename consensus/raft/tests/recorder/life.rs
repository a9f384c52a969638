//! A recorded life of a store: what it began with, what was asked of it, what it asked of the system.

use crate::interpose::{Event, Recording};
use crate::model::{Call, Content, History};
use crate::replay::Replay;
use crate::{Run, identity, options};
use rand::Rng;
use std::path::Path;
use std::sync::{Arc, mpsc};
use xenith_raft::store::{Done, DurableLog, FaultHook, IoPoint, OpenOptions, SledLog, StoredVote};

/// A recorded life of a store: what it started from, what it did, what the system was asked to do.
pub struct Life {
    pub start: Replay,
    pub events: Vec<Event>,
    pub history: History,
    /// The event from which on the store must open.
    pub first: usize,
    /// The event at which it was open.
    pub opened: usize,
}

impl Life {
    /// Opens the store in `root` (or makes one, when it `was` nothing before), makes random calls, closes it. What is there must
    /// be one of `was`; from then on it is what it was found to be.
    pub fn live(root: &Path, start: Replay, was: Vec<Content>, run: &mut Run) -> Result<Self, String> {
        let made = was.is_empty();
        let recording = Recording::start(root, run.sabotage, run.busy);
        let store = root.join("store");
        let options = recorded_options(&recording);
        let opened = match made {
            true => SledLog::create(&store, &identity(), options),
            false => SledLog::open(&store, options),
        };
        let opened = opened
            .map_err(|error| error.to_string())
            .and_then(|log| Content::of(&log).map(|found| (log, found)));
        let (log, found) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                recording.stop();
                return Err(format!("the store does not open: {error}"));
            }
        };
        let known = made || was.contains(&found);
        let mut history = History { steps: was };
        history.steps.push(found);
        recording.note(Event::Accepted(history.count()));
        recording.note(Event::Acknowledged(history.count()));
        let worked = work(&log, &mut history, run, &recording);
        let shown = Content::of(&log)?;
        drop(log);
        let (events, _) = recording.stop();
        worked?;
        if !known {
            return Err("the opened store is none of those it can be".to_owned());
        }
        if shown != *history.now() {
            return Err("the open log shows something else than was written".to_owned());
        }
        // Before a store is made there is nothing to lose; before it is opened again there is.
        let opened = events.iter().position(|event| matches!(event, Event::Accepted(_)));
        let opened = opened.unwrap_or(0);
        let first = if made { opened } else { 0 };
        Ok(Self {
            start,
            events,
            history,
            first,
            opened,
        })
    }

    /// What was asked of the system before the store was open.
    pub fn opening(&self) -> impl Iterator<Item = &Event> {
        self.events[..self.opened].iter()
    }

    /// Positions after which the power may go: each sync.
    pub fn syncs(&self) -> Vec<usize> {
        let is_sync = |at: &usize| matches!(self.events[*at], Event::Sync { .. });
        (self.first..self.events.len()).filter(is_sync).collect()
    }

    /// The replay up to and with `at`.
    pub fn until(&self, at: usize) -> Replay {
        let mut replay = self.start.clone();
        self.events[..=at].iter().for_each(|event| replay.apply(event));
        replay
    }

    /// Acknowledged and accepted steps at the next sync after `at`: the image at `at` stands until then.
    pub fn bounds(&self, at: usize) -> (usize, usize) {
        let next = self
            .events
            .iter()
            .skip(at + 1)
            .position(|e| matches!(e, Event::Sync { .. }));
        self.bounds_before(next.map_or(self.events.len(), |next| at + 1 + next))
    }

    /// Acknowledged and accepted steps before the event `end`.
    pub fn bounds_before(&self, end: usize) -> (usize, usize) {
        let accepted = |event: &Event| match event {
            Event::Accepted(step) => Some(*step),
            _ => None,
        };
        let acknowledged = |event: &Event| match event {
            Event::Acknowledged(step) => Some(*step),
            _ => None,
        };
        let before = &self.events[..end];
        let found = self.events.iter().find_map(accepted).unwrap_or(0);
        (
            before.iter().rev().find_map(acknowledged).unwrap_or(0),
            before.iter().rev().find_map(accepted).unwrap_or(found),
        )
    }
}

/// Random calls, in bursts.
fn work(log: &SledLog, history: &mut History, run: &mut Run, recording: &Recording) -> Result<(), String> {
    let (sender, receiver) = mpsc::channel();
    let mut waiting = 0_usize;
    for n in 1..=run.calls {
        let call = history.now().next_call(&mut run.random);
        history.push(&call);
        let step = history.count();
        recording.note(Event::Accepted(step));
        let (noted, sender) = (recording.again(), sender.clone());
        let done = Box::new(move |result: Result<(), _>| {
            if result.is_ok() {
                noted.note(Event::Acknowledged(step));
            }
            sender.send(result).ok();
        });
        make(log, call, done);
        waiting += 1;
        if run.random.random_bool(0.6) || n == run.calls {
            for _ in 0..std::mem::take(&mut waiting) {
                receiver.recv().unwrap().map_err(|error| error.to_string())?;
            }
        }
    }
    Ok(())
}

pub fn make(log: &SledLog, call: Call, done: Done) {
    match call {
        Call::Append(entries) => log.append(entries, done),
        Call::Vote(bytes) => log.save_vote(StoredVote { bytes }, done),
        Call::Truncate(index) => log.truncate_since(index, done),
        Call::Purge(pos) => log.purge_through(pos, done),
    }
}

/// The same, and the recording hears when the log's folder is to keep its names.
fn recorded_options(recording: &Recording) -> OpenOptions {
    let noted = recording.again();
    let faults: FaultHook = Arc::new(move |point| {
        if point == IoPoint::KeepNames {
            let path = "/store/log".to_owned();
            noted.note(Event::KeepNames { path });
        }
        Ok(())
    });
    OpenOptions {
        faults: Some(faults),
        ..options()
    }
}
