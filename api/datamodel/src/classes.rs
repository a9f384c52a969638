//! The tables, one file a class.

use crate::class::{Class, Relation};

pub static CLASSES: &[&Class] = &[];
pub static INTERNAL_CLASSES: &[&Class] = &[];
pub static RELATIONS: &[Relation] = &[];
