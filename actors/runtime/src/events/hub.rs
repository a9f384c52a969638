//! Who waits for what: a change wakes the calls that want it and no others.
//!
//! One task ([`follow`]) looks at each new view once. Invariants: a call that was entered before a view was told here is woken if
//! the view has a change that it may want; a call that is not woken costs nothing.

use crate::node::Node;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use xenith_classes::event::{Subscription, is_told};
use xenith_datamodel::{ClassId, Ref};
use xenith_pooldb::{EventToken, Touched, View};

/// A call that names more objects is entered by their classes: the index must not grow with the length of requests.
const MOST_OBJECTS: usize = 64;

/// See the module.
#[derive(Default)]
pub(crate) struct Hub {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The newest view that was told.
    view: Arc<View>,
    /// The log has ended: nobody is woken any more.
    ended: bool,
    next: u64,
    everything: Places,
    classes: BTreeMap<ClassId, Places>,
    objects: BTreeMap<(ClassId, Ref), Places>,
}

type Places = BTreeMap<u64, Arc<Place>>;

#[derive(Default)]
struct Place {
    wake: Notify,
    /// When it was first woken since it looked: the token before that.
    quiet_until: Mutex<Option<EventToken>>,
}

/// What a call is woken by.
#[derive(Default)]
struct Interest {
    everything: bool,
    classes: BTreeSet<ClassId>,
    objects: BTreeSet<(ClassId, Ref)>,
}

/// A call's entry in the index; it goes on drop.
pub(crate) struct Entry {
    hub: Arc<Hub>,
    number: u64,
    interest: Interest,
    place: Arc<Place>,
}

impl Hub {
    /// `row`: the session whose end wakes too.
    pub(crate) fn enter(self: &Arc<Hub>, wanted: &Subscription, row: &(ClassId, Ref)) -> Entry {
        self.enter_for(Interest::new(wanted, row))
    }

    /// Woken by changes of any row of these classes, internal ones too.
    pub(crate) fn enter_classes(self: &Arc<Hub>, classes: &[ClassId]) -> Entry {
        self.enter_for(Interest {
            classes: classes.iter().copied().collect(),
            ..Interest::default()
        })
    }

    pub(crate) fn enter_object(self: &Arc<Hub>, class: ClassId, object: &Ref) -> Entry {
        self.enter_for(Interest {
            objects: BTreeSet::from([(class, object.clone())]),
            ..Interest::default()
        })
    }

    fn enter_for(self: &Arc<Hub>, interest: Interest) -> Entry {
        let place = Arc::<Place>::default();
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        if interest.everything {
            state.everything.insert(number, Arc::clone(&place));
        }
        for class in &interest.classes {
            state
                .classes
                .entry(*class)
                .or_default()
                .insert(number, Arc::clone(&place));
        }
        for object in &interest.objects {
            let places = state.objects.entry(object.clone()).or_default();
            places.insert(number, Arc::clone(&place));
        }
        if state.ended {
            place.wake.notify_one();
        }
        drop(state);
        Entry {
            hub: Arc::clone(self),
            number,
            interest,
            place,
        }
    }

    /// A newer view: wakes who may want what is new in it. Gives what is.
    fn tell(&self, view: Arc<View>) -> Touched {
        let before = self.state().view.token();
        let touched = view.touched_since(before);
        let classes: BTreeSet<ClassId> = touched
            .rows
            .iter()
            .map(|(class, _)| *class)
            .chain(touched.forgotten.iter().copied())
            .collect();
        let mut woken = Vec::new();
        let mut state = self.state();
        state.view = view;
        if classes.iter().any(|class| is_told(*class)) {
            mark(&state.everything, before, &mut woken);
        }
        for places in classes.iter().filter_map(|class| state.classes.get(class)) {
            mark(places, before, &mut woken);
        }
        for places in touched.rows.iter().filter_map(|row| state.objects.get(row)) {
            mark(places, before, &mut woken);
        }
        for class in &touched.forgotten {
            let of_class = state.objects.range((*class, Ref::new(""))..);
            for (_, places) in of_class.take_while(|((of, _), _)| of == class) {
                mark(places, before, &mut woken);
            }
        }
        drop(state);
        wake(&woken);
        touched
    }

    fn end(&self) {
        let mut woken = Vec::new();
        let mut state = self.state();
        state.ended = true;
        let before = state.view.token();
        let indexed = state.classes.values().chain(state.objects.values());
        for places in indexed.chain([&state.everything]) {
            mark(places, before, &mut woken);
        }
        drop(state);
        wake(&woken);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Together with the new view, under the lock: who looks from now on knows how far back.
fn mark(places: &Places, before: EventToken, woken: &mut Vec<Arc<Place>>) {
    for place in places.values() {
        let mut quiet_until = place.quiet_until.lock().unwrap_or_else(PoisonError::into_inner);
        quiet_until.get_or_insert(before);
        woken.push(Arc::clone(place));
    }
}

/// Without the lock: a woken call looks at once.
fn wake(woken: &[Arc<Place>]) {
    for place in woken {
        place.wake.notify_one();
    }
}

/// What there is to look at.
pub(crate) struct Look {
    pub view: Arc<View>,
    /// Up to here nothing happened that the call wants, since it was entered or looked before.
    pub quiet_until: EventToken,
    /// The log has ended.
    pub ended: bool,
}

impl Entry {
    /// Until something happened that the call may want. It may have been looked at already.
    pub(crate) async fn woken(&self) {
        self.place.wake.notified().await;
    }

    pub(crate) fn look(&self) -> Look {
        let state = self.hub.state();
        let mut quiet_until = self.place.quiet_until.lock().unwrap_or_else(PoisonError::into_inner);
        Look {
            view: Arc::clone(&state.view),
            quiet_until: quiet_until.take().unwrap_or_else(|| state.view.token()),
            ended: state.ended,
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut state = self.hub.state();
        state.everything.remove(&self.number);
        for class in &self.interest.classes {
            leave(&mut state.classes, class, self.number);
        }
        for object in &self.interest.objects {
            leave(&mut state.objects, object, self.number);
        }
    }
}

fn leave<K: Ord>(index: &mut BTreeMap<K, Places>, key: &K, number: u64) {
    if let Some(places) = index.get_mut(key) {
        places.remove(&number);
        if places.is_empty() {
            index.remove(key);
        }
    }
}

impl Interest {
    fn new(wanted: &Subscription, row: &(ClassId, Ref)) -> Interest {
        let mut classes: BTreeSet<ClassId> = BTreeSet::new();
        let mut objects = BTreeSet::from([row.clone()]);
        if !wanted.is_everything() {
            classes.extend(wanted.classes());
            if wanted.objects().len() > MOST_OBJECTS {
                classes.extend(wanted.objects().map(|(class, _)| *class));
            } else {
                objects.extend(wanted.objects().cloned());
            }
            // Whose objects are never told wakes nobody.
            classes.retain(|class| is_told(*class));
        }
        Interest {
            everything: wanted.is_everything(),
            classes,
            objects,
        }
    }
}

/// Tells the hub each new view, and drops the encoded forms of what changed. Runs until the log ends.
pub(crate) async fn follow(node: Arc<Node>) {
    let mut shown = node.log.watch_applied();
    loop {
        let view = shown.borrow_and_update().clone();
        let touched = node.hub.tell(Arc::clone(&view));
        node.fragments.forget(&touched.rows);
        node.limits.follow(&view, &touched);
        if shown.changed().await.is_err() {
            return node.hub.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;
    use xenith_pooldb::Transaction;

    fn class(name: &str) -> ClassId {
        xenith_datamodel::class(name).unwrap()
    }

    fn applied(view: &View, change: impl FnOnce(&mut Transaction)) -> View {
        let mut tx = Transaction::new(1);
        change(&mut tx);
        view.apply(&tx).unwrap().0
    }

    fn made(view: &View, name: &str, row: &str) -> View {
        applied(view, |tx| tx.create(class(name), &Ref::new(row), vec![]))
    }

    struct Waiter(Entry);

    impl Waiter {
        fn of(hub: &Arc<Hub>, words: &[&str]) -> Waiter {
            let row = (class("session"), Ref::new("s"));
            Waiter(hub.enter(&Subscription::parse(words), &row))
        }

        fn is_woken(&self) -> bool {
            self.0.woken().now_or_never().is_some()
        }
    }

    #[test]
    fn a_change_wakes_who_wants_it_and_nobody_else() {
        let hub = Arc::new(Hub::default());
        let words: [&[&str]; 6] = [&["*"], &["vm"], &["VM/a"], &["vm/b"], &["task"], &["session"]];
        let waiters = words.map(|words| Waiter::of(&hub, words));
        let woken = || waiters.iter().map(Waiter::is_woken).collect::<Vec<_>>();
        let view = made(&View::default(), "VM", "a");
        hub.tell(Arc::new(view.clone()));
        assert_eq!(woken(), [true, true, true, false, false, false]);
        let view = made(&view, "session", "other");
        hub.tell(Arc::new(view.clone()));
        assert_eq!(woken(), [false; 6], "sessions of others are told to nobody");
        let came_and_went = applied(&made(&view, "session", "s"), |tx| {
            tx.destroy(class("session"), &Ref::new("s"));
        });
        hub.tell(Arc::new(came_and_went));
        assert_eq!(woken(), [true; 6], "the session of all of them");
    }

    #[test]
    fn a_call_that_was_not_woken_need_not_look_back() {
        let hub = Arc::new(Hub::default());
        let waiter = Waiter::of(&hub, &["task"]);
        let first = made(&View::default(), "VM", "a");
        hub.tell(Arc::new(first.clone()));
        let second = made(&first, "task", "t");
        hub.tell(Arc::new(second.clone()));
        hub.tell(Arc::new(made(&second, "task", "u")));
        assert!(waiter.is_woken());
        assert_eq!(waiter.0.look().quiet_until, first.token());
        let look = waiter.0.look();
        assert_eq!(look.quiet_until, look.view.token());
    }

    #[test]
    fn nothing_is_left_of_a_call_that_ended() {
        let hub = Arc::new(Hub::default());
        let many: Vec<String> = (0..=MOST_OBJECTS).map(|i| format!("vm/{i}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let waiters = [
            Waiter::of(&hub, &["*"]),
            Waiter::of(&hub, &["vm", "task/t"]),
            Waiter::of(&hub, &many),
        ];
        assert_eq!(hub.state().objects.len(), 2);
        hub.tell(Arc::new(made(&View::default(), "VM", "7")));
        assert!(waiters[2].is_woken());
        drop(waiters);
        let state = hub.state();
        assert!(state.everything.is_empty() && state.classes.is_empty() && state.objects.is_empty());
    }

    #[test]
    fn the_end_of_the_log_wakes_all() {
        let hub = Arc::new(Hub::default());
        let before = Waiter::of(&hub, &["vm"]);
        hub.end();
        let after = Waiter::of(&hub, &["vm"]);
        assert!(before.is_woken() && after.is_woken() && after.0.look().ended);
    }
}
