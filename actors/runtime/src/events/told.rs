//! Answers of event.from, made and encoded once for all who wait for the same since the same state.

use crate::fragments::{Fragments, Record};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use xenith_classes::event::{self, Answer, Event, Subscription, format_token};
use xenith_datamodel::Value;
use xenith_pooldb::{EventToken, View};
use xenith_wire::Piece;
use xenith_wire::piece::{Encoded, Form, Shared, encode};

/// Answers kept for the newest view. Watchers that wait at all wait for few different things.
const MOST_ANSWERS: usize = 16;
/// Longer answers are seldom the same for two, and would hold much memory.
const MOST_EVENTS: usize = 64;

/// The answers to the newest view.
#[derive(Default)]
pub(crate) struct Answers {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    of: EventToken,
    answers: Vec<(EventToken, Arc<Subscription>, Option<Arc<Told>>)>,
}

/// An answer with its encoded forms, once somebody needed them.
#[derive(Debug)]
struct Told {
    answer: Answer,
    view: Arc<View>,
    fragments: Arc<Fragments>,
    xml: OnceLock<Encoded>,
    json: OnceLock<Encoded>,
}

impl Answers {
    /// What to answer, if anything wanted happened since. A view older than the token has nothing to tell.
    pub(crate) fn answer(
        &self,
        fragments: &Arc<Fragments>,
        view: &Arc<View>,
        since: EventToken,
        wanted: &Arc<Subscription>,
    ) -> Option<Piece> {
        if !view.token().covers(since) {
            return None;
        }
        if let Some(known) = self.known(view.token(), since, wanted) {
            return known.map(|told| Piece::Shared(told));
        }
        let answer = event::answer(view, since, wanted);
        if answer.as_ref().is_some_and(|answer| answer.events.len() > MOST_EVENTS) {
            return answer.map(|answer| piece(fragments, view, &answer));
        }
        let told = answer.map(|answer| {
            Arc::new(Told {
                answer,
                view: Arc::clone(view),
                fragments: Arc::clone(fragments),
                xml: OnceLock::new(),
                json: OnceLock::new(),
            })
        });
        self.keep(view.token(), (since, Arc::clone(wanted), told.clone()));
        told.map(|told| Piece::Shared(told))
    }

    fn known(&self, of: EventToken, since: EventToken, wanted: &Subscription) -> Option<Option<Arc<Told>>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.of != of {
            return None;
        }
        let same = kept
            .answers
            .iter()
            .find(|(from, words, _)| *from == since && **words == *wanted);
        same.map(|(_, _, told)| told.clone())
    }

    fn keep(&self, of: EventToken, answer: (EventToken, Arc<Subscription>, Option<Arc<Told>>)) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.of != of {
            if !of.covers(kept.of) {
                return;
            }
            kept.answers.clear();
            kept.of = of;
        }
        if kept.answers.len() < MOST_ANSWERS {
            kept.answers.push(answer);
        }
    }
}

impl Shared for Told {
    fn value(&self) -> Value {
        self.answer.value(&self.view)
    }

    fn encoded(&self, form: Form) -> Encoded {
        let slot = match form {
            Form::Xml => &self.xml,
            Form::Json => &self.json,
        };
        if let Some(encoded) = slot.get() {
            return Arc::clone(encoded);
        }
        // Not inside the slot's own initialisation: nobody waits while another one encodes.
        let encoded = Encoded::from(encode(form, &piece(&self.fragments, &self.view, &self.answer)));
        Arc::clone(slot.get_or_init(|| encoded))
    }
}

/// The answer with its records shared.
pub(super) fn piece(fragments: &Arc<Fragments>, view: &Arc<View>, answer: &Answer) -> Piece {
    let events = answer.events.iter();
    let events = events.map(|event| event_piece(fragments, view, event, event::NO_TIME));
    Piece::Record(vec![
        ("events", Piece::Set(events.collect())),
        ("valid_ref_counts", Piece::Value(answer.counts.clone())),
        ("token", Piece::Value(Value::from(format_token(answer.token)))),
    ])
}

pub(super) fn event_piece(fragments: &Arc<Fragments>, view: &Arc<View>, event: &Event, timestamp: &str) -> Piece {
    let head = event.head(timestamp).map(|(name, value)| (name, Piece::Value(value)));
    let mut fields = Vec::with_capacity(head.len() + 1);
    fields.extend(head);
    if event.has_snapshot() {
        let record = Record::piece(fragments, view, event.class, event.object.clone());
        fields.push(("snapshot", record));
    }
    Piece::Record(fields)
}
