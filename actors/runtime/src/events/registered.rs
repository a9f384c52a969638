//! The old interface: `event.register`, `event.next`, `event.unregister` (semantics.md §11).
//!
//! There is no queue: a registration is a subscription and the token up to which its session was told, so a client that never comes
//! back costs no more than that. Events of one object merge as in event.from. EVENTS_LOST says that deletions were forgotten since.
//! Registrations are this host's memory; after a change of coordinator the client hears SESSION_NOT_REGISTERED and registers again.

use super::request::words;
use super::told::event_piece;
use super::{is_coordinator, lost, newer, session_row};
use crate::node::Node;
use crate::role::no_coordinator;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use xenith_classes::event::{Event, Subscription, events};
use xenith_datamodel::{ApiError, ClassId, Ref, Value};
use xenith_pooldb::{EventToken, View};
use xenith_wire::Piece;

/// After this long without events a session that follows the pool is told that the pool changed: clients notice dead connections by it.
const HEARTBEAT: Duration = Duration::from_secs(60);

/// Registrations by the session's row.
#[derive(Default)]
pub(crate) struct Registered {
    sessions: Mutex<BTreeMap<Ref, Registration>>,
}

#[derive(Clone, Default)]
struct Registration {
    wanted: Subscription,
    /// Everything up to here was told.
    told: EventToken,
    /// Calls that wait look at the registration anew.
    changed: Arc<Notify>,
}

impl Registered {
    fn get(&self, row: &Ref) -> Option<Registration> {
        self.sessions().get(row).cloned()
    }

    fn add(&self, view: &View, (class, row): &(ClassId, Ref), wanted: Subscription) {
        let mut sessions = self.sessions();
        sessions.retain(|row, _| view.contains(*class, row));
        let registration = sessions.entry(row.clone()).or_insert_with(|| Registration {
            told: view.token(),
            ..Registration::default()
        });
        registration.wanted.add(wanted);
        registration.changed.notify_waiters();
    }

    fn take(&self, row: &Ref, unwanted: &Subscription) {
        if let Some(registration) = self.sessions().get_mut(row) {
            registration.wanted.remove(unwanted);
            registration.changed.notify_waiters();
        }
    }

    fn told(&self, row: &Ref, token: EventToken) {
        if let Some(registration) = self.sessions().get_mut(row) {
            registration.told = registration.told.newest(token);
        }
    }

    fn sessions(&self) -> MutexGuard<'_, BTreeMap<Ref, Registration>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Node {
    /// What is subscribed twice is told once. Of a class that is added later, changes since the last `event.next` are told too.
    pub(crate) async fn event_register(&self, session: &Ref, params: &[Value]) -> Result<(), ApiError> {
        let (view, row) = self.registrant(session).await?;
        self.registered.add(&view, &row, subscription(params));
        Ok(())
    }

    pub(crate) async fn event_unregister(&self, session: &Ref, params: &[Value]) -> Result<(), ApiError> {
        let (_, row) = self.registrant(session).await?;
        self.registered.take(&row.1, &subscription(params));
        Ok(())
    }

    async fn registrant(&self, session: &Ref) -> Result<(Arc<View>, (ClassId, Ref)), ApiError> {
        let view = self.linearizable().await?;
        let caller = self.sessions.check(&view, session)?;
        self.touches.note(&view, &caller, &*self.clock);
        Ok((view, session_row(&caller)?))
    }

    /// Waits without end for something that the session registered for.
    pub(crate) async fn event_next(&self, session: &Ref) -> Result<Piece, ApiError> {
        let mut role = self.log.watch_role();
        let began_as_coordinator = is_coordinator(&role.borrow_and_update());
        let (mut view, row) = self.registrant(session).await?;
        let _place = self.waiters.enter()?;
        let heartbeat = Instant::now() + HEARTBEAT;
        loop {
            let registered = || self.registered.get(&row.1).ok_or_else(|| not_registered(&row.1));
            let changes = registered()?.changed;
            // Made before the registration is read, so that no change of it falls between.
            let changed = changes.notified();
            let registration = registered()?;
            let entry = self.hub.enter(&registration.wanted, &row);
            view = newer(view, self.shown());
            if !view.contains(row.0, &row.1) {
                return Err(ApiError::session_invalid(session));
            }
            if let Some(told) = self.next_of(&view, &registration) {
                self.registered.told(&row.1, view.token());
                return told;
            }
            tokio::select! {
                biased;
                // As event.from: at once, with nothing.
                _lost = lost(&mut role, began_as_coordinator) => return Ok(Piece::Set(Vec::new())),
                _beat = tokio::time::sleep_until(heartbeat), if follows_pool(&registration.wanted) => {
                    return Ok(self.pool_changed(&view));
                }
                () = changed => {}
                () = entry.woken() => {}
            }
            let look = entry.look();
            if look.ended {
                return Err(no_coordinator());
            }
            // Nothing wanted happened before: the next look need not go back so far.
            self.registered.told(&row.1, look.quiet_until);
        }
    }

    fn next_of(&self, view: &Arc<View>, registration: &Registration) -> Option<Result<Piece, ApiError>> {
        let (told, wanted) = (registration.told, &registration.wanted);
        if !view.token().covers(told) {
            return None;
        }
        if view.forgotten_since(told).any(|class| wanted.wants_some_of(class)) {
            return Some(Err(ApiError::plain("EVENTS_LOST")));
        }
        let events = events(view, told, wanted);
        (!events.is_empty()).then(|| Ok(self.next_piece(view, &events)))
    }

    fn next_piece(&self, view: &Arc<View>, events: &[Event]) -> Piece {
        let now = timestamp(view.pool_time_ms());
        let events = events.iter();
        Piece::Set(
            events
                .map(|event| event_piece(&self.fragments, view, event, &now))
                .collect(),
        )
    }

    fn pool_changed(&self, view: &Arc<View>) -> Piece {
        let Some(class) = xenith_datamodel::class("pool") else {
            return Piece::Set(Vec::new());
        };
        let pools: Vec<Event> = view
            .refs(class)
            .map(|object| Event {
                id: view.generation(),
                operation: "mod",
                class,
                object: object.clone(),
            })
            .collect();
        self.next_piece(view, &pools)
    }
}

fn subscription(params: &[Value]) -> Subscription {
    Subscription::parse(params.first().map(words).unwrap_or_default())
}

fn follows_pool(wanted: &Subscription) -> bool {
    xenith_datamodel::class("pool").is_some_and(|class| wanted.wants_some_of(class))
}

/// Seconds since 1970 with a fraction, as text.
fn timestamp(ms: i64) -> String {
    format!("{}.{:03}", ms.div_euclid(1000), ms.rem_euclid(1000))
}

/// xapi names the session by a hash of it; the row's name is one.
fn not_registered(row: &Ref) -> ApiError {
    let hash = row.as_str().trim_start_matches("OpaqueRef:").replace('-', "");
    ApiError::new("SESSION_NOT_REGISTERED", [format!("trackid={hash}")])
}
