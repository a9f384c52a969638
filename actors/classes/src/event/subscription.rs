//! What a client wants to hear of.

use std::collections::BTreeSet;
use xenith_datamodel::{ClassId, Ref};

/// `*`, `class` or `class/ref`, the class in any case. Seen on the wire: what names no class matches nothing and is no
/// error (semantics.md §11).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscription {
    everything: bool,
    classes: BTreeSet<ClassId>,
    objects: BTreeSet<(ClassId, Ref)>,
}

impl Subscription {
    pub fn parse<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> Subscription {
        let mut all = Subscription::default();
        for word in words {
            let word = word.as_ref();
            match word.split_once('/') {
                None if word == "*" => all.everything = true,
                None => all.classes.extend(xenith_datamodel::class_any_case(word)),
                Some((_, "")) => (),
                Some((_, object)) if object.contains('/') => (),
                Some((class, object)) => {
                    all.objects
                        .extend(xenith_datamodel::class_any_case(class).map(|class| (class, Ref::new(object))));
                }
            }
        }
        all
    }

    /// Wants what the other one wants, too.
    pub fn add(&mut self, other: Subscription) {
        self.everything |= other.everything;
        self.classes.extend(other.classes);
        self.objects.extend(other.objects);
    }

    /// Takes back what was subscribed in the same words.
    pub fn remove(&mut self, other: &Subscription) {
        self.everything &= !other.everything;
        self.classes.retain(|class| !other.classes.contains(class));
        self.objects.retain(|object| !other.objects.contains(object));
    }

    /// True if events of some object of the class may be wanted.
    pub fn wants_some_of(&self, class: ClassId) -> bool {
        let some = self.everything || self.classes.contains(&class) || self.objects.iter().any(|(of, _)| *of == class);
        some && is_told(class)
    }

    /// True if objects of every class are wanted.
    pub fn is_everything(&self) -> bool {
        self.everything
    }

    /// Classes of which all objects are wanted.
    pub fn classes(&self) -> impl Iterator<Item = ClassId> + '_ {
        self.classes.iter().copied()
    }

    /// Objects that are wanted by themselves.
    pub fn objects(&self) -> impl ExactSizeIterator<Item = &(ClassId, Ref)> + '_ {
        self.objects.iter()
    }

    /// True if events of this object are wanted, and may be told at all.
    pub fn wants(&self, class: ClassId, object: &Ref) -> bool {
        if !is_told(class) {
            return false;
        }
        self.everything
            || self.classes.contains(&class)
            || (!self.objects.is_empty() && self.objects.contains(&(class, object.clone())))
    }
}

/// Whether objects of the class have events at all.
pub fn is_told(class: ClassId) -> bool {
    let class = class.class();
    class.events && !class.internal
}
