//! A toy class, and all that the macros make of it.

use crate::macros::words::*;
use crate::{Column, Enumeration, FieldType, Text, Value, classes};
use expect_test::expect_file;

enumeration! {
    /// What a toy can do.
    ToyTrick "toy_trick" {
        RollOver "roll-over",
        /// Needs batteries.
        V8bit "8bit",
    }
}

class! {
    /// A thing
    /// to play with.
    vm "Toy", Prototyped "rio" { events: false, writer: at(VmAdmin) }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// What it can do.
        TRICKS tricks [map [string] [enum ToyTrick]] = map(&[(text("a"), text("8bit"))]), ReadWrite, Removed "ely" { persist: false };
    }

    messages {
        /// Play with it.
        play(self [ref "Toy"], times [int] = int(1)) -> [set [option [ref "Toy"]]], VmOperator + cert, Deprecated "miami" { errors: &["TOO_BUSY"], is_async: false };
    }
}

#[test]
fn descriptor() {
    expect_file!["toy.expect"].assert_debug_eq(&DESCRIPTOR);
}

#[test]
fn tokens() {
    let field = |field| Column { class: CLASS, field };
    assert_eq!(CLASS, classes::vm::CLASS);
    let uuid: crate::Field<Text> = UUID;
    let tricks: crate::Field<Value> = TRICKS;
    assert_eq!((uuid.column, tricks.column), (field(0), field(1)));
}

#[test]
fn enumeration() {
    let Enumeration { name, doc, values } = ToyTrick::ENUMERATION;
    assert_eq!(
        (name, doc, values),
        ("toy_trick", "What a toy can do.", &["roll-over", "8bit"][..])
    );
    assert_eq!(ToyTrick::ALL, [ToyTrick::RollOver, ToyTrick::V8bit]);
    assert_eq!(ToyTrick::from_text("Roll-Over"), Some(ToyTrick::RollOver));
    assert_eq!(ToyTrick::from_text("roll_over"), None);
    assert_eq!(ToyTrick::V8bit.to_string(), "8bit");
    for trick in ToyTrick::ALL {
        assert_eq!(ToyTrick::from_value(&Value::from(*trick)), Some(*trick));
    }
    assert_eq!(ToyTrick::from_value(&Value::Int(0)), None);
}
