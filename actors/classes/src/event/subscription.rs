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

    /// True if events of this object are wanted, and may be told at all.
    pub fn wants(&self, class: ClassId, object: &Ref) -> bool {
        let desc = class.class();
        if !desc.events || desc.internal {
            return false;
        }
        self.everything
            || self.classes.contains(&class)
            || (!self.objects.is_empty() && self.objects.contains(&(class, object.clone())))
    }
}
